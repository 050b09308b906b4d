"""The buffer of a player: what comes in is played in real time, and when there is nothing, it stalls."""


class Playback:
    """Knows no clock: every fact comes with its time, in seconds."""

    def __init__(self, behind_seconds, at):
        #: How far behind the edge it begins to play.
        self.behind_seconds = behind_seconds
        self.at = at
        self.buffered_seconds = None
        self.stalled_seconds = 0.0

    def appended(self, seconds, at):
        """So much more can be played. The first time, playing begins so far behind the edge as it shall."""
        self.passed(at)
        if self.buffered_seconds is None:
            self.buffered_seconds = self.behind_seconds
        else:
            self.buffered_seconds += seconds

    def passed(self, at):
        elapsed, self.at = at - self.at, at
        if self.buffered_seconds is None:
            return
        played = min(elapsed, self.buffered_seconds)
        self.buffered_seconds -= played
        self.stalled_seconds += elapsed - played
