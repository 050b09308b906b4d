"""A live broadcast on the cluster, with everything around it that a run needs."""

import contextlib
import re
import time
import urllib.request

from balancer import Balancer
from cluster import Cluster, wait_until
from ledger import Ledger
from publisher import Publisher
from s3proxy import S3Proxy
from viewer import Viewer

#: How long a broadcast takes until it has begun.
BEGINNING_SECONDS = 5
#: How long a cluster may need until everything is as it was before a fault.
STEADY_SECONDS = 40


class Stage(contextlib.ExitStack):
    """Ends what it started when it is left, unless the cluster is to be kept for a look at it."""

    def __init__(self, clip, environment, keeps_cluster=False):
        super().__init__()
        self.clip = clip
        self.cluster = Cluster(environment)
        self.keeps_cluster = keeps_cluster
        self.ledger = Ledger()
        self.viewers = []
        #: Where in the ledger's list the broadcast begins that is on air.
        self.beginning = 0

    def __enter__(self):
        try:
            self.build()
        except BaseException:
            self.close()
            raise
        return self

    def build(self):
        cluster = self.cluster
        self.s3 = S3Proxy(cluster.s3_proxy_port, cluster.s3_port)
        self.callback(self.s3.shutdown)
        if not self.keeps_cluster:
            self.callback(cluster.down)
        cluster.up()
        self.balancer = Balancer(cluster.player_port, cluster.deliveries())
        self.callback(self.balancer.shutdown)
        self.stream, key = cluster.make_stream("Chaos")
        self.folder = f"/hls/{self.stream}"
        self.publisher = Publisher(self.clip, cluster.rtmp_ports(), key)
        self.callback(self.publisher.finish)

    def get(self, path):
        """As a player that knows the balancer; `None` when there is no answer yet."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.cluster.player_port}{path}", timeout=20) as answer:
                return answer.read().decode()
        except OSError:
            return None

    def renditions(self):
        master = self.get(f"{self.folder}/master.m3u8")
        return list(dict.fromkeys(re.findall(r"^(?:.*URI=\")?([^/\"#]+)/playlist\.m3u8", master or "", re.MULTILINE)))

    def watch(self, count):
        """One viewer for each rendition, when there are as many as expected."""
        wait_until(lambda: len(self.renditions()) == count, 30, f"{count} renditions")
        wait_until(lambda: "EXT-X-PART:" in (self.get(f"{self.folder}/{self.renditions()[0]}/playlist.m3u8") or ""),
                   30, "parts")
        for rendition in self.renditions():
            viewer = Viewer(self.cluster.deliveries(), self.folder, rendition, self.ledger)
            self.callback(viewer.must_stop.set)
            viewer.start()
            self.viewers.append(viewer)

    def watched(self):
        return [viewer.rendition for viewer in self.viewers]

    def wait_until_steady(self, seconds=STEADY_SECONDS):
        """Whether all viewers have come to the live edge and go on there."""
        deadline = time.monotonic() + seconds
        steady_since = None
        while time.monotonic() < deadline:
            now = time.monotonic()
            if any(viewer.seconds_still() > 1 for viewer in self.viewers):
                steady_since = None
            elif steady_since is None:
                steady_since = now
            elif now - steady_since > 2:
                return True
            time.sleep(0.1)
        return False

    def begin_anew(self):
        """The encoder comes back, and viewers forget what they saw of a broadcast that is over."""
        self.publisher.process.kill()
        time.sleep(BEGINNING_SECONDS)
        for viewer in self.viewers:
            viewer.must_forget.set()
        self.beginning = len(self.ledger.addresses())
        return self.wait_until_steady()
