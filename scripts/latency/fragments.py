"""The presentation times of the pictures in a fragment of an MP4 (ISO/IEC 14496-12, 8.8)."""

import struct

CONTAINERS = {b"moof", b"traf"}


def boxes(data, start=0, end=None):
    """Type and content of each box, those within `moof` and `traf` too."""
    end = len(data) if end is None else end
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, start)
        if size < 8:
            raise ValueError(f"a box of {size} bytes")
        if kind in CONTAINERS:
            yield from boxes(data, start + 8, start + size)
        else:
            yield kind, data[start + 8:start + size]
        start += size


def presentation_times(part):
    """In ticks of the track, in the order of decoding."""
    times = []
    duration = time = 0
    for kind, content in boxes(part):
        if kind == b"tfhd":
            flags = struct.unpack_from(">I", content)[0]
            # Behind the track's number: the offset of the data, the number of the description, the duration.
            place = 8 + (8 if flags & 0x01 else 0) + (4 if flags & 0x02 else 0)
            duration = struct.unpack_from(">I", content, place)[0] if flags & 0x08 else 0
        elif kind == b"tfdt":
            time = struct.unpack_from(">Q" if content[0] else ">I", content, 4)[0]
        elif kind == b"trun":
            flags, count = struct.unpack_from(">II", content)
            place = 8 + (4 if flags & 0x01 else 0) + (4 if flags & 0x04 else 0)
            for _ in range(count):
                sample = {}
                for flag in (0x100, 0x200, 0x400, 0x800):
                    if flags & flag:
                        # Offsets may be negative in version 1.
                        form = ">i" if flag == 0x800 and content[0] else ">I"
                        sample[flag] = struct.unpack_from(form, content, place)[0]
                        place += 4
                times.append(time + sample.get(0x800, 0))
                time += sample.get(0x100, duration)
    return times
