"""Sluice as a process, its streams, and the encoders that publish on them."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import urllib.request

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
#: SLUICE names another build of the server.
SERVER = pathlib.Path(os.environ.get("SLUICE", REPOSITORY / ".build/release/sluice"))
TOKEN = "browser-test-token-0123456789"
VIEWER_TOKEN = "browser-test-viewer-0123456789"


def wait_until(fact, seconds, what):
    """Asks until `fact()` is true and returns what it said; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        answer = fact()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.1)


class Sluice:
    """A server on free ports, with pages and data of its own."""

    def __init__(self, with_players=True, environment=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-browser-"))
        web = self.folder / "web"
        ignored = () if with_players else ("vendor",)
        shutil.copytree(REPOSITORY / "web", web, ignore=shutil.ignore_patterns(*ignored))
        self.output = open(self.folder / "output", "w+")
        self.log = open(self.folder / "log", "w+")
        self.environment = os.environ | {
            "RTMP_PORT": "0", "HTTP_PORT": "0", "BIND_ADDRESS": "127.0.0.1", "LOG_LEVEL": "debug",
            "ENCODER": "libx264", "X264_PRESET": "superfast", "LADDER": "480p:1200,360p:700,240p:400",
            "DATA_DIR": str(self.folder / "data"), "WEB_DIR": str(web), "ADMIN_TOKEN": TOKEN,
            "VIEWER_TOKEN": VIEWER_TOKEN,
        } | (environment or {})
        self.process = None
        self.start()

    def start(self):
        self.output.truncate(0)
        self.process = subprocess.Popen(
            [SERVER], cwd=self.folder, env=self.environment,
            stdout=self.output, stderr=self.log)
        watch = wait_until(lambda: self._printed("Watch"), 15, "Sluice says where to watch")
        self.address = watch.split("/?")[0]
        # A later start takes the same ports: pages that are open come back to it.
        rtmp = self._printed("Publish").split("/")[2]
        self.environment["HTTP_PORT"] = self.address.rsplit(":", 1)[1]
        self.environment["RTMP_PORT"] = rtmp.rsplit(":", 1)[1]

    def _printed(self, name):
        text = (self.folder / "output").read_text().replace("\0", "")
        return next((line.split()[1] for line in text.splitlines() if line.split()[:1] == [name]), None)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        self.process.terminate()
        self.process.wait(15)
        self.output.close()
        self.log.close()
        shutil.rmtree(self.folder)

    def ask(self, path, method="GET", body=None):
        request = urllib.request.Request(
            self.address + path, method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def read(self, path):
        """A page as text, as somebody without a token gets it."""
        with urllib.request.urlopen(self.address + path, timeout=20) as answer:
            return answer.read().decode()

    def make_stream(self, title):
        return Stream(self, self.ask("/streams", "POST", {"title": title}))


class Stream:
    def __init__(self, server, document):
        self.server = server
        self.id = document["id"]
        self.ingest_url = document["ingest_url"]

    @property
    def state(self):
        return self.server.ask(f"/streams/{self.id}")["state"]

    def publish(self, *options, seconds_ahead=6, **picture):
        """Starts an encoder; returns when there are `seconds_ahead` seconds of broadcast to watch."""
        encoder = Encoder(self.ingest_url, options, **picture)
        wait_until(lambda: self.state == "active", 10, "the stream is active")
        time.sleep(seconds_ahead)
        return encoder


class Encoder:
    """FFmpeg with its test picture, a clock and a tone: 480p30, a keyframe every 2 s."""

    FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono-Bold.ttf"

    def __init__(self, url, options=(), size="854x480"):
        clock = (
            f"drawtext=fontfile={self.FONT}:text='%{{localtime\\:%H\\\\\\:%M\\\\\\:%S}}':fontsize=h/10:fontcolor=white"
            ":box=1:boxcolor=black@0.6:boxborderw=8:x=(w-tw)/2:y=h-th-h/12")
        self.process = subprocess.Popen(
            ["ffmpeg", "-nostdin", "-v", "error", "-re", "-f", "lavfi", "-i", f"testsrc2=size={size}:rate=30",
             "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-vf", clock, "-c:v", "libx264",
             "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p", "-g", "60", "-b:v", "1000k",
             "-c:a", "aac", "-b:a", "96k", *options, "-f", "flv", url],
            stderr=subprocess.DEVNULL)

    def kill(self):
        """As when the machine dies: no goodbye in RTMP."""
        self.process.kill()
        self.process.wait()

    def finish(self):
        """As when the user presses Stop: FFmpeg says goodbye."""
        self.process.terminate()
        self.process.wait(10)
