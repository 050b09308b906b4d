"""The processes of `scripts/cluster.sh`, where they listen, and what is done to them."""

import json
import os
import pathlib
import subprocess
import time
import urllib.request

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


def wait_until(fact, seconds, what):
    """Asks until `fact()` is true and returns what it said; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (answer := fact()):
        if time.monotonic() > deadline:
            raise RuntimeError(f"not within {seconds} s: {what}")
        time.sleep(0.1)
    return answer


class Cluster:
    """Two of each service, from `up` to `down`."""

    def __init__(self, environment):
        self.folder = pathlib.Path(os.environ.get("CLUSTER_DIR", REPOSITORY / ".build-chaos"))
        self.port = int(os.environ.get("CLUSTER_PORT", "22000"))
        self.environment = os.environ | environment | {
            "CLUSTER_DIR": str(self.folder), "CLUSTER_PORT": str(self.port),
            "CLUSTER_S3_ENDPOINT": f"http://127.0.0.1:{self.s3_proxy_port}"}

    @property
    def s3_port(self):
        return self.port + 4

    @property
    def s3_proxy_port(self):
        return self.port + 50

    @property
    def player_port(self):
        return self.port + 51

    def rtmp_ports(self):
        return [self.port + 11, self.port + 12]

    def deliveries(self):
        return [f"127.0.0.1:{self.port + 21}", f"127.0.0.1:{self.port + 22}"]

    def apis(self):
        return [f"127.0.0.1:{self.port + 31}", f"127.0.0.1:{self.port + 32}"]

    def run(self, *words):
        """What `cluster.sh` prints. Its children must not keep a pipe of ours open, so it writes into a file."""
        output = self.folder.with_suffix(".output")
        with open(output, "w") as file:
            code = subprocess.call([REPOSITORY / "scripts/cluster.sh", *words], env=self.environment,
                                   stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT)
        text = output.read_text()
        output.unlink()
        if code != 0:
            raise RuntimeError(f"cluster.sh {' '.join(words)}: {text.strip()}")
        return text

    def up(self):
        self.run("up")
        self.token = (self.folder / "token").read_text().strip()

    def down(self):
        self.run("down")

    def start(self, name):
        self.run("start", name)

    def stop(self, name):
        self.run("stop", name)

    def kill(self, name):
        self.run("kill", name)

    def signal(self, name, signal):
        self.run("signal", name, signal)

    def processor_seconds(self, name):
        pid = (self.folder / f"{name}.pid").read_text().strip()
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def busiest(self, service):
        """Of the two, the one that works on the stream: it is the one that uses the processor."""
        names = [f"{service}-1", f"{service}-2"]
        before = [self.processor_seconds(name) for name in names]
        time.sleep(2)
        used = [self.processor_seconds(name) - was for name, was in zip(names, before)]
        return names[used.index(max(used))]

    def make_stream(self, title):
        request = urllib.request.Request(
            f"http://{self.apis()[0]}/streams", method="POST", data=json.dumps({"title": title}).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            document = json.load(answer)
        return document["id"], document["stream_key"]
