"""A real player: FFmpeg reads the live playlist for the whole time."""

import subprocess
import threading
import time


class Player(threading.Thread):
    """Without low latency, one connection for each request. It must still be there at the end."""

    def __init__(self, url, log):
        super().__init__(daemon=True)
        self.played_seconds = 0.0
        self.began = time.monotonic()
        self.log = open(log, "w")
        self.process = subprocess.Popen(
            ["ffmpeg", "-nostdin", "-v", "warning", "-nostats", "-progress", "-", "-rw_timeout", "8000000",
             "-http_persistent", "0", "-live_start_index", "-3", "-i", url, "-map", "0:v:0", "-map", "0:a:0",
             "-c", "copy", "-f", "null", "-"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.start()

    def run(self):
        for line in self.process.stdout:
            name, _, value = line.partition("=")
            if name == "out_time_us" and value.strip().isdigit():
                self.played_seconds = int(value) / 1e6

    def has_ended(self):
        return self.process.poll() is not None

    def finish(self):
        self.process.terminate()
        self.process.wait()
        self.join()
        self.log.close()
