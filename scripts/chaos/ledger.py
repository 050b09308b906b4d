"""What was seen of a stream: it must never be seen otherwise later, or at another replica."""

import collections
import hashlib
import threading
import time

import movie

#: What can be wrong, in the order of the table.
LOST, RENUMBERED, REPEATED, WRONG = "lost", "renumbered", "repeated", "wrong bytes"


class Ledger:
    """Bytes by address, and segments by rendition and number. Used by several threads."""

    def __init__(self):
        self.lock = threading.Lock()
        self.digests = {}
        self.facts = {}
        self.promises = {}
        self.spans = {}
        self.seams = set()
        #: Violations: when, what, and the sentence.
        self.violations = []
        #: The same thing is said once.
        self.said = set()

    def say(self, kind, subject, sentence):
        if (kind, subject) not in self.said:
            self.said.add((kind, subject))
            self.violations.append((time.time(), kind, sentence))

    def count(self, since):
        """Violations by kind, from the place in the list."""
        with self.lock:
            return collections.Counter(kind for _, kind, _ in self.violations[since:])

    def saw_bytes(self, path, body, replica):
        digest = hashlib.sha256(body).digest()
        with self.lock:
            known, where = self.digests.setdefault(path, (digest, replica))
            if known != digest:
                self.say(WRONG, path, f"{path} from {replica} is not what {where} had sent")

    def saw_playlist(self, rendition, playlist, replica):
        """Every segment and promise is as it was in playlists before."""
        with self.lock:
            if self.promises.setdefault(rendition, playlist.promises) != playlist.promises:
                self.say(RENUMBERED, (rendition, replica), f"{rendition} from {replica} promises {playlist.promises}, "
                         f"earlier {self.promises[rendition]}")
            for place, segment in enumerate(playlist.segments):
                key = (rendition, segment.number)
                # A playlist need not say that its first segment follows a seam.
                facts = segment.facts if place else segment.facts[:3]
                known = self.facts.get(key)
                if known is None or len(known) < len(facts):
                    self.facts[key] = facts
                    known = known or facts
                if known[:3] != facts[:3] or (len(known) == len(facts) == 4 and known != facts):
                    self.say(RENUMBERED, key,
                             f"{rendition} {segment.number} from {replica} is {facts}, earlier {known}")
                if segment.follows_seam and place:
                    self.seams.add(key)
                following = playlist.segments[place + 1:place + 2]
                # Where the encoder left within a segment, one of its tracks may have nothing in it.
                if segment.is_gap and following and not following[0].follows_seam:
                    self.say(LOST, key, f"{rendition} {segment.number} is a gap")

    def saw_segment(self, rendition, number, body):
        """Segments follow each other without a hole and without a repeat."""
        begin, end, missing = movie.span(body)
        with self.lock:
            if missing:
                self.say(LOST, (rendition, number, missing), f"{rendition} {number} lacks {missing} ticks within")
            self.spans[rendition, number] = begin, end
            for one, other in ((number - 1, number), (number, number + 1)):
                if (rendition, one) in self.spans and (rendition, other) in self.spans:
                    self.hold_against(rendition, one, other)

    def hold_against(self, rendition, one, other):
        step = self.spans[rendition, other][0] - self.spans[rendition, one][1]
        if step < 0:
            self.say(REPEATED, (rendition, other), f"{rendition} {other} begins {-step} ticks before {one} ends")
        elif step > 0 and (rendition, other) not in self.seams:
            self.say(LOST, (rendition, other), f"{rendition} {other} begins {step} ticks after {one} has ended")

    def missed(self, rendition, number, sentence):
        with self.lock:
            self.say(LOST, (rendition, number), sentence)

    def addresses(self, since=0):
        with self.lock:
            return list(self.digests)[since:]

    def seam_numbers(self):
        with self.lock:
            return {number for _, number in self.seams}
