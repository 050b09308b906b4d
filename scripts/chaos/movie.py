"""The samples of fragments of an MP4 with one track (ISO/IEC 14496-12, 8.8)."""

import pathlib
import struct
import sys

sys.path.append(str(pathlib.Path(__file__).parents[1] / "latency"))

from fragments import boxes


def samples(data):
    """Decode time, duration, and bytes of each sample, in the order of decoding."""
    duration = size = time = 0
    runs = []
    for kind, content in boxes(data):
        if kind == b"tfhd":
            flags = struct.unpack_from(">I", content)[0] & 0xFFFFFF
            place = 8 + (8 if flags & 0x01 else 0) + (4 if flags & 0x02 else 0)
            if flags & 0x08:
                duration = struct.unpack_from(">I", content, place)[0]
                place += 4
            if flags & 0x10:
                size = struct.unpack_from(">I", content, place)[0]
        elif kind == b"tfdt":
            time = struct.unpack_from(">Q" if content[0] else ">I", content, 4)[0]
        elif kind == b"trun":
            runs += table(content, duration, size)
        elif kind == b"mdat":
            if sum(length for _, length in runs) != len(content):
                raise ValueError(f"{len(content)} bytes of media, the table says otherwise")
            place = 0
            for ticks, length in runs:
                yield time, ticks, content[place:place + length]
                time += ticks
                place += length
            runs = []


def table(content, duration, size):
    """Duration and size of each sample in a `trun`."""
    flags, count = struct.unpack_from(">II", content)
    flags &= 0xFFFFFF
    place = 8 + (4 if flags & 0x01 else 0) + (4 if flags & 0x04 else 0)
    rows = []
    for _ in range(count):
        row = {0x100: duration, 0x200: size}
        for flag in (0x100, 0x200, 0x400, 0x800):
            if flags & flag:
                row[flag] = struct.unpack_from(">I", content, place)[0]
                place += 4
        rows.append((row[0x100], row[0x200]))
    return rows


def span(data):
    """The decode time that media begins at, the one that it ends at, and the ticks that are missing in between."""
    times = [(time, ticks) for time, ticks, _ in samples(data)]
    begin, end = times[0][0], times[-1][0] + times[-1][1]
    return begin, end, end - begin - sum(ticks for _, ticks in times)
