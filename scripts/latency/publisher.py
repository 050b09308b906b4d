"""`sluice-bench publish` as a process: which picture left when."""

import bisect
import subprocess
import threading


class Publisher(threading.Thread):
    """Publishes a clip in real time until stopped."""

    SECONDS_MAX = 3600

    def __init__(self, tool, clip, pictures, url):
        super().__init__(daemon=True)
        self.pictures = pictures
        self.process = subprocess.Popen(
            [tool, "publish", clip, url, str(self.SECONDS_MAX)], stdout=subprocess.PIPE, text=True)
        #: When each picture left, by its number since the beginning, in seconds since the Unix epoch.
        self.sent = []
        self.start()

    def run(self):
        for line in self.process.stdout:
            number, _, microseconds = map(int, line.split())
            assert number == len(self.sent)
            self.sent.append(microseconds / 1e6)

    def age(self, code, at):
        """How long before `at` the newest picture left that has this code; `None` when there is none."""
        newest = bisect.bisect_right(self.sent, at) - 1
        number = newest - (newest - code) % self.pictures
        return at - self.sent[number] if number >= 0 else None

    def stop(self):
        if self.process.poll() is not None:
            raise RuntimeError("the publisher has ended by itself")
        self.process.terminate()
        self.process.wait()
        self.join()
