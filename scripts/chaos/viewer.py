"""A player of low-latency HLS on one rendition, which goes to another delivery with every request."""

import collections
import dataclasses
import datetime
import threading
import time
import urllib.parse

from ledger import WRONG
from playback import Playback
from playlist import Playlist
from rotation import Rotation, Unreachable


def clock():
    """As in the logs of the services."""
    return datetime.datetime.now(datetime.UTC).strftime("%H:%M:%S.%f")[:-3]


class Refused(Exception):
    """A request that failed, and how often a player tries again before it gives up for that."""

    def __init__(self, sentence, retries=0):
        super().__init__(sentence)
        self.retries = retries


@dataclasses.dataclass
class Observation:
    """What one viewer saw between two moments."""

    stalled_seconds: float
    #: With a player that stays three target durations behind, as those without low latency do.
    distant_stalled_seconds: float
    #: The longest time without a new part.
    still_seconds: float
    #: When that was over, and with what.
    still_until: str
    errors: collections.Counter
    passed_over: collections.Counter
    #: The first of the errors, each with what was asked of whom.
    refusals: list
    ending: str | None


class Viewer(threading.Thread):
    """Follows by blocking reloads and fetches every part and then every segment, until told to stop.

    It tries again as hls.js does: a playlist twice, a fragment six times, later and later, and looks at the playlist
    again before. What fails for longer ends playback; the viewer notes it and joins anew, to see what comes next.
    """

    #: How many parts, or segments, players stay behind the edge.
    HOLD_BACK = 3
    PLAYLIST_RETRIES = 2
    FRAGMENT_RETRIES = 6
    RETRY_SECONDS, RETRY_SECONDS_MAX = 1, 8
    #: How many errors are told of.
    REFUSALS_MAX = 3
    #: An answer that brings nothing new so soon was not held.
    PAUSE_SECONDS = 0.1

    def __init__(self, replicas, folder, rendition, ledger):
        super().__init__(daemon=True, name=f"viewer of {rendition}")
        self.rotation = Rotation(replicas)
        self.rendition = rendition
        self.path = f"{folder}/{rendition}/playlist.m3u8"
        self.ledger = ledger
        self.lock = threading.Lock()
        #: Behind the newest part that was fetched: the number of its segment, and how many parts of it.
        self.edge = None
        #: The newest segment that was fetched as a whole.
        self.newest = None
        self.map = None
        self.bodies = {}
        self.seconds_played = {}
        self.failure = None
        self.must_stop = threading.Event()
        self.must_forget = threading.Event()
        #: In seconds: of the playlist, when one was read.
        self.part_target, self.target = 0.334, 2
        self.observe()

    def run(self):
        failures = 0
        try:
            while not self.must_stop.is_set():
                if self.must_forget.is_set():
                    self.forget()
                try:
                    self.follow()
                    failures = 0
                except Refused as refusal:
                    failures += 1
                    if failures > refusal.retries:
                        self.give_up(refusal)
                        failures = 1
                    self.must_stop.wait(min(self.RETRY_SECONDS * 2 ** (failures - 1), self.RETRY_SECONDS_MAX))
        except Exception as failure:
            self.failure = failure
            raise

    def give_up(self, reason):
        with self.lock:
            self.ending = self.ending or str(reason)
        # As when somebody reloads the page.
        self.edge = None

    def forget(self):
        """Begins again as if there had been nothing before."""
        self.must_forget.clear()
        self.edge = self.newest = self.map = None
        self.bodies.clear()
        self.seconds_played.clear()

    # Observing

    def observe(self):
        """From now on; players join anew, so that stalls of before do not help them."""
        now = time.monotonic()
        with self.lock:
            self.playback = Playback(self.HOLD_BACK * self.part_target, now)
            self.distant_playback = Playback(self.HOLD_BACK * self.target, now)
            self.errors = collections.Counter()
            self.rotation.passed_over = collections.Counter()
            self.refusals = []
            self.ending = None
            self.moved_at = now
            self.still_seconds, self.still_until = 0.0, "now"

    def observation(self):
        now = time.monotonic()
        with self.lock:
            self.playback.passed(now)
            self.distant_playback.passed(now)
            if now - self.moved_at > self.still_seconds:
                self.still_seconds, self.still_until = now - self.moved_at, f"{clock()}, and goes on"
            return Observation(
                self.playback.stalled_seconds, self.distant_playback.stalled_seconds, self.still_seconds,
                self.still_until, self.errors.copy(), self.rotation.passed_over.copy(), self.refusals, self.ending)

    def seconds_still(self):
        with self.lock:
            return time.monotonic() - self.moved_at

    def progressed(self, seconds, name):
        now = time.monotonic()
        with self.lock:
            self.playback.appended(seconds, now)
            if now - self.moved_at > self.still_seconds:
                self.still_seconds = now - self.moved_at
                self.still_until = f"{clock()}, when {self.rendition}/{name} came"
            self.moved_at = now

    # Following

    def follow(self):
        began = time.monotonic()
        query = "" if self.edge is None else f"?_HLS_msn={self.edge[0]}&_HLS_part={self.edge[1]}"
        answer = self.fetch(self.path + query, self.PLAYLIST_RETRIES)
        try:
            playlist = Playlist(answer.body.decode())
        except (ValueError, TypeError, IndexError) as failure:
            raise Refused(f"{self.path} from {answer.replica}: {failure}") from failure
        self.ledger.saw_playlist(self.rendition, playlist, answer.replica)
        self.part_target, self.target = playlist.part_target, playlist.target
        if self.edge is None:
            self.edge = playlist.edge
            self.newest = self.newest or playlist.next_number - 1
        if playlist.has_ended and not self.must_stop.is_set():
            raise Refused(f"{self.path} from {answer.replica} says that the broadcast has ended")
        if playlist.first_number > self.newest + 1:
            self.ledger.missed(self.rendition, self.newest + 1, f"{self.rendition} has no {self.newest + 1} to "
                               f"{playlist.first_number - 1} any more, which were not seen")
            self.newest = playlist.first_number - 1
        if playlist.edge <= self.edge and time.monotonic() - began < self.PAUSE_SECONDS:
            self.must_stop.wait(self.PAUSE_SECONDS)
        # Whole segments where parts are not listed any more.
        self.fetch_segments(playlist, min((part.number for part in playlist.parts), default=playlist.next_number))
        self.fetch_parts(playlist)
        self.fetch_segments(playlist, playlist.next_number)

    def fetch_parts(self, playlist):
        for part in playlist.parts:
            if (part.number, part.index) < self.edge:
                continue
            if not part.is_gap:
                self.fetch_map(part.map)
                answer = self.fetch_media(part.name)
                self.bodies.setdefault(part.number, []).append(answer.body)
                self.seconds_played[part.number] = self.seconds_played.get(part.number, 0) + part.seconds
                self.progressed(part.seconds, part.name)
            self.edge = (part.number, part.index + 1)

    def fetch_segments(self, playlist, end):
        """Those that are finished, up to a number."""
        for segment in playlist.segments:
            if not self.newest < segment.number < end:
                continue
            if segment.is_gap:
                self.passed(segment)
                continue
            self.fetch_map(segment.map)
            answer = self.fetch_media(segment.name)
            parts = self.bodies.pop(segment.number, [])
            played = self.seconds_played.pop(segment.number, 0)
            self.passed(segment)
            self.ledger.saw_segment(self.rendition, segment.number, answer.body)
            # One whose first parts came before the viewer did is not whole.
            if abs(played - segment.seconds) < 0.01 and b"".join(parts) != answer.body:
                self.ledger.say(WRONG, answer, f"{self.rendition}/{segment.name} is not its parts")
            if segment.seconds - played > 0.01:
                self.progressed(segment.seconds - played, segment.name)
            with self.lock:
                self.distant_playback.appended(segment.seconds, time.monotonic())

    def passed(self, segment):
        self.newest = segment.number
        self.edge = max(self.edge, (segment.number + 1, 0))

    def fetch_map(self, name):
        if name != self.map:
            self.fetch_media(name)
            self.map = name

    def fetch_media(self, name):
        path = urllib.parse.urljoin(self.path, name)
        answer = self.fetch(path, self.FRAGMENT_RETRIES)
        self.ledger.saw_bytes(path, answer.body, answer.replica)
        return answer

    def fetch(self, path, retries):
        try:
            answer = self.rotation.get(path)
            if answer.status == 200:
                return answer
            failure, replica = str(answer.status), answer.replica
        except Unreachable:
            failure, replica = "unreachable", "any"
        sentence = f"{clock()} {failure} from {replica} for {path}"
        with self.lock:
            self.errors[failure] += 1
            if len(self.refusals) < self.REFUSALS_MAX:
                self.refusals.append(sentence)
        raise Refused(sentence, retries)
