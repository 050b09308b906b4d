"""An encoder that publishes a clip over and over, and goes to the next ingest when its connection ends."""

import subprocess
import threading


class Publisher(threading.Thread):
    """FFmpeg in real time, without encoding, as an encoder behind a balancer: it comes back to another ingest."""

    #: How long an encoder waits before it comes back.
    RETURN_SECONDS = 0.3

    def __init__(self, clip, ports, key):
        super().__init__(daemon=True)
        self.clip = clip
        self.urls = [f"rtmp://127.0.0.1:{port}/live/{key}" for port in ports]
        #: Which of the ingests it is at.
        self.place = 0
        self.connections = 0
        self.process = None
        #: The pictures that the connection that ended last took.
        self.pictures = 0
        self.must_stop = threading.Event()
        self.start()

    def run(self):
        while not self.must_stop.is_set():
            self.connections += 1
            self.process = subprocess.Popen(
                ["ffmpeg", "-nostdin", "-v", "error", "-nostats", "-progress", "-", "-re", "-stream_loop", "-1",
                 "-i", self.clip, "-c", "copy", "-f", "flv", "-flvflags", "no_duration_filesize",
                 self.urls[self.place]],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            for line in self.process.stdout:
                name, _, value = line.partition("=")
                if name == "frame":
                    self.pictures = int(value)
            self.process.wait()
            if self.must_stop.wait(self.RETURN_SECONDS):
                return
            self.place = (self.place + 1) % len(self.urls)

    def finish(self):
        """As when the user presses Stop: FFmpeg says goodbye."""
        self.must_stop.set()
        self.process.terminate()
        self.join(10)
        if self.is_alive():
            self.process.kill()
            self.join()
