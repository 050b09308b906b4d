"""A client of LL-HLS that fetches each part of a rendition as soon as the server lets it know of it."""

import dataclasses
import http.client
import re
import threading
import time
import urllib.parse


@dataclasses.dataclass
class Part:
    """A part with its bytes, and when the last of them was here, in seconds since the Unix epoch."""

    name: str
    map: str
    is_independent: bool
    body: bytes
    at: float


class Follower(threading.Thread):
    """Follows one media playlist by blocking reloads, from the next part on, until told to stop."""

    def __init__(self, address, playlist):
        super().__init__(daemon=True)
        self.playlist = playlist
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(address).netloc, timeout=30)
        self.parts = []
        self.maps = {}
        self.failure = None
        self.must_stop = threading.Event()

    def run(self):
        try:
            self.follow()
        except (OSError, http.client.HTTPException, ValueError) as failure:
            self.failure = failure

    def decodable_parts(self):
        """The parts from the first one that decoding can start at."""
        if self.failure:
            raise RuntimeError(f"{self.playlist}: {self.failure}")
        while self.parts and not self.parts[0].is_independent:
            self.parts.pop(0)
        return self.parts

    def follow(self):
        known = {name for name, _, _ in self.read(self.playlist)}
        while not self.must_stop.is_set():
            for name, map_name, is_independent in self.read(f"{self.playlist}?{self.next}"):
                if name in known:
                    continue
                known.add(name)
                body = self.get(name)
                self.parts.append(Part(name, map_name, is_independent, body, time.time()))
                if map_name not in self.maps:
                    self.maps[map_name] = self.get(map_name)

    def read(self, path):
        """The parts of a playlist; remembers what to ask for next."""
        number = count = 0
        map_name = None
        parts = []
        for line in self.get(path).decode().splitlines():
            tag, _, value = line.partition(":")
            if tag == "#EXT-X-MEDIA-SEQUENCE":
                number = int(value)
            elif tag == "#EXT-X-MAP":
                map_name = self.absolute(value)
            elif tag == "#EXT-X-PART":
                count += 1
                if "GAP=YES" not in value:
                    parts.append((self.absolute(value), map_name, "INDEPENDENT=YES" in value))
            elif tag == "#EXT-X-ENDLIST":
                raise ValueError("the broadcast has ended")
            elif line and not line.startswith("#"):
                number += 1
                count = 0
        self.next = f"_HLS_msn={number}&_HLS_part={count}"
        return parts

    def absolute(self, attributes):
        return urllib.parse.urljoin(self.playlist, re.search(r'URI="([^"]+)"', attributes)[1])

    def get(self, path):
        self.connection.request("GET", path)
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise ValueError(f"{answer.status} for {path}")
        return body
