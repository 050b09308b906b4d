"""The access units that an FLV file carries (Adobe Flash Video File Format 10.1, E.4)."""

import hashlib
import pathlib

import movie

AUDIO, VIDEO = 8, 9
#: Of H.264 and AAC: the bytes before the payload, and the place of the one that is 1 when it is media.
HEADS = {AUDIO: (2, 1), VIDEO: (5, 1)}


def digest(unit):
    return hashlib.sha256(unit).digest()[:16]


def sent(clip):
    """Digests of the access units in the file, of pictures and of sound."""
    data = pathlib.Path(clip).read_bytes()
    units = {AUDIO: [], VIDEO: []}
    place = 9 + 4
    while place + 11 <= len(data):
        kind, size = data[place], int.from_bytes(data[place + 1:place + 4])
        body = data[place + 11:place + 11 + size]
        if kind in HEADS and len(body) > HEADS[kind][0] and body[HEADS[kind][1]] == 1:
            units[kind].append(digest(body[HEADS[kind][0]:]))
        place += 11 + size + 4
    return units


def of_segment(body):
    return [digest(unit) for _, _, unit in movie.samples(body)]


class Comparison:
    """Of what was found with what was sent over and over: each once, in order."""

    #: The most that may be left out before the first.
    BEFORE_MAX = 2
    #: How far apart two places may be and still be taken for the same.
    REACH = 300

    def __init__(self, sent_once, found):
        self.count = len(found)
        self.missing = self.repeated = self.foreign = 0
        self.mistakes = []
        #: How many of those that were sent are accounted for.
        self.place = 0
        known = set(sent_once)
        #: Sound of before the first picture is not part of the broadcast.
        self.before = next((place for place in range(self.BEFORE_MAX + 1) if found[:1] == [sent_once[place]]), 0)
        self.place = self.before
        for index, unit in enumerate(found):
            self.take(sent_once, unit, index, unit in known)

    def take(self, sent_once, unit, index, is_known):
        length = len(sent_once)
        if unit == sent_once[self.place % length]:
            self.place += 1
            return
        step = self.step(sent_once, unit) if is_known else None
        if step is None:
            self.foreign += 1
            self.note(index, "is none that was sent here")
        elif step > 0:
            self.missing += step
            self.place += step + 1
            self.note(index, f"comes after {step} that are missing")
        else:
            self.repeated += 1
            self.note(index, f"comes again, {-step} later")

    def step(self, sent_once, unit):
        """How many places ahead it is, or, negative, behind."""
        for distance in range(1, self.REACH):
            if sent_once[(self.place + distance) % len(sent_once)] == unit:
                return distance
            if sent_once[(self.place - distance) % len(sent_once)] == unit:
                return -distance
        return None

    def note(self, index, sentence):
        if len(self.mistakes) < 10:
            self.mistakes.append(f"access unit {index} {sentence}")
