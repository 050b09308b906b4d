"""A media playlist of HLS, as far as viewers look at it (RFC 8216bis, 4.4)."""

import dataclasses
import re


@dataclasses.dataclass
class Segment:
    number: int
    name: str
    map: str
    #: What must stay the same about a segment with this number: its duration, its date, its map, a seam before it.
    facts: tuple
    seconds: float
    is_gap: bool
    follows_seam: bool


@dataclasses.dataclass
class Part:
    number: int
    index: int
    name: str
    map: str
    seconds: float
    is_gap: bool


class Playlist:
    """Raises `ValueError` when the text is none."""

    def __init__(self, text):
        lines = text.splitlines()
        if not lines or lines[0] != "#EXTM3U":
            raise ValueError("this is not a playlist")
        self.segments = []
        self.parts = []
        self.first_number = 0
        self.has_ended = False
        #: The lines that never change while a broadcast lasts.
        self.promises = [line for line in lines if line.startswith(("#EXT-X-TARGETDURATION", "#EXT-X-PART-INF"))]
        self.part_target = self.target = 0.0
        self.read(lines)

    @property
    def next_number(self):
        return self.first_number + len(self.segments)

    @property
    def edge(self):
        """Behind the newest part: the number of its segment, and the parts of it that there are."""
        return self.next_number, sum(part.number == self.next_number for part in self.parts)

    def read(self, lines):
        map_name = date = ""
        seconds, is_gap, follows_seam, index = 0.0, False, False, 0
        for line in lines:
            tag, _, value = line.partition(":")
            if tag == "#EXT-X-MEDIA-SEQUENCE":
                self.first_number = int(value)
            elif tag == "#EXT-X-TARGETDURATION":
                self.target = float(value)
            elif tag == "#EXT-X-PART-INF":
                self.part_target = float(value.partition("=")[2])
            elif tag == "#EXT-X-MAP":
                map_name = attribute(value, "URI")
            elif tag == "#EXT-X-PROGRAM-DATE-TIME":
                date = value
            elif tag == "#EXT-X-DISCONTINUITY":
                follows_seam = True
            elif tag == "#EXT-X-GAP":
                is_gap = True
            elif tag == "#EXTINF":
                seconds = float(value.partition(",")[0])
            elif tag == "#EXT-X-PART":
                self.parts.append(Part(
                    self.next_number, index, attribute(value, "URI"), map_name,
                    float(re.search(r"DURATION=([0-9.]+)", value)[1]), "GAP=YES" in value))
                index += 1
            elif tag == "#EXT-X-ENDLIST":
                self.has_ended = True
            elif line and not line.startswith("#"):
                facts = (seconds, date, map_name, follows_seam)
                self.segments.append(
                    Segment(self.next_number, line, map_name, facts, seconds, is_gap, follows_seam))
                date, is_gap, follows_seam, index = "", False, False, 0


def attribute(text, name):
    return re.search(rf'{name}="([^"]*)"', text)[1]
