"""Breaks one thing after another during a live broadcast, and says what viewers noticed. Run by scripts/chaos.sh."""

import collections
import os
import signal
import sys
import time

from audit import audit
from faults import FAULTS
from ledger import LOST, RENUMBERED, REPEATED, WRONG
from player import Player
from replicas import compare
from stage import Stage

ENVIRONMENT = {"LADDER": "360p:800,240p:400", "LADDER_TOP": "auto", "X264_PRESET": "ultrafast", "LOG_LEVEL": "info"}
RENDITIONS = 3
#: How many requests are sent to each delivery at the end, and compared.
REQUESTS = 100 if os.environ.get("CHAOS") == "short" else 1000
#: Until players that have joined anew have their first segment.
BEFORE_SECONDS = 2.5
#: A stall that nobody sees: a part that is a little late on a busy machine.
UNSEEN_SECONDS = 0.1
#: Whether a stall over its bar fails: what a machine with other work takes to do something says nothing of what is lost.
STALLS_FAIL = os.environ.get("CHAOS_STALLS") != "told"
#: How many sentences are printed of what is wrong.
SENTENCES_MAX = 8
VIOLATIONS = (LOST, RENUMBERED, REPEATED, WRONG)

HEAD = (f"{'fault':<27}{'stall':>7}{'far':>7}{'still':>7}  {'lost':>5}{'renum':>6}{'rept':>5}{'wrong':>6}"
        f"{'seams':>6}  {'verdict':<9}errors of players (and what the balancer kept from them)")


class Row:
    """What a fault did."""

    def __init__(self, fault, stage, came_back):
        observations = [viewer.observation() for viewer in stage.viewers]
        self.fault = fault
        self.stalled = max(each.stalled_seconds for each in observations)
        self.distant_stalled = max(each.distant_stalled_seconds for each in observations)
        self.still, self.still_until = max((each.still_seconds, each.still_until) for each in observations)
        self.errors = sum((each.errors for each in observations), collections.Counter())
        self.passed_over = sum((each.passed_over for each in observations), collections.Counter())
        self.refusals = [each for observation in observations for each in observation.refusals]
        self.endings = [each.ending for each in observations if each.ending]
        self.came_back = came_back
        if not came_back:
            self.endings.append("the edge does not go on")

    def judge(self, violations, seams):
        self.violations, self.seams = violations, seams
        bar = self.fault.stall_seconds_max
        self.faults = [kind for kind in VIOLATIONS if violations[kind]]
        self.is_over = bar is not None and self.stalled > bar + UNSEEN_SECONDS
        if self.is_over and STALLS_FAIL:
            self.faults.append(f"stall over {bar} s")
        if self.endings:
            self.faults.append("playback ended")

    def __str__(self):
        counts = "".join(f"{self.violations[kind]:>{width}}" for kind, width in zip(VIOLATIONS, (5, 6, 5, 6)))
        errors = ", ".join(f"{count} x {kind}" for kind, count in self.errors.items()) or "none"
        kept = ", ".join(f"{count} x {kind}" for kind, count in self.passed_over.items())
        return (f"{self.fault.name:<27}{self.stalled:7.2f}{self.distant_stalled:7.2f}{self.still:7.2f}"
                f"  {counts}{self.seams:6}  {'fails' if self.faults else 'holds':<9}"
                f"{errors}{f' ({kept})' if kept else ''}")


def undergo(fault, stage):
    """Does what the fault is, and watches."""
    violations = len(stage.ledger.violations)
    addresses = len(stage.ledger.addresses())
    seams = stage.ledger.seam_numbers()
    for viewer in stage.viewers:
        viewer.observe()
    time.sleep(BEFORE_SECONDS)
    fault.act(stage)
    time.sleep(fault.after_seconds)
    came_back = stage.wait_until_steady()
    row = Row(fault, stage, came_back)
    audit(stage, addresses)
    row.judge(stage.ledger.count(violations), len(stage.ledger.seam_numbers() - seams))
    row.sentences = [sentence for _, _, sentence in stage.ledger.violations[violations:]]
    return row


def say(row):
    print(row)
    if row.is_over and not STALLS_FAIL:
        print(f"    stall over {row.fault.stall_seconds_max} s")
    if row.faults:
        print(f"    fails: {', '.join(row.faults)}")
        print(f"    no new part for {row.still:.2f} s until {row.still_until}")
    for sentence in row.endings + row.refusals + row.sentences[:SENTENCES_MAX]:
        print(f"    {sentence}")
    if len(row.sentences) > SENTENCES_MAX:
        print(f"    and {len(row.sentences) - SENTENCES_MAX} more")


def choose(words):
    """The faults whose names contain one of the words; all, or those of the short form, where there are none."""
    if words:
        return [fault for fault in FAULTS if any(word in fault.name for word in words)]
    return [fault for fault in FAULTS if fault.is_short or os.environ.get("CHAOS") != "short"]


def main(clip, words):
    # A table that is read while it grows.
    sys.stdout.reconfigure(line_buffering=True)
    # Everything that was started ends also when we are told to.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with Stage(clip, ENVIRONMENT, keeps_cluster=os.environ.get("KEEP") == "yes") as stage:
        stage.watch(RENDITIONS)
        player = Player(f"http://127.0.0.1:{stage.cluster.player_port}{stage.folder}/master.m3u8",
                        stage.cluster.folder / "logs/player.log")
        stage.callback(player.finish)
        if not stage.wait_until_steady():
            sys.exit("chaos: the broadcast does not go on evenly before anything is broken")
        print(f"Stream {stage.stream}, logs in {stage.cluster.folder}/logs.\nSeconds: a stall with low latency (three "
              "parts behind), one far behind (three segments), the longest without a new part.\n")
        print(HEAD)
        has_failed = False
        for fault in choose(words):
            row = undergo(fault, stage)
            say(row)
            has_failed |= bool(row.faults)
            if not row.came_back and not stage.begin_anew():
                sys.exit("chaos: no broadcast can be made any more")
        has_failed |= conclude(stage, player)
    sys.exit(has_failed)


def conclude(stage, player):
    """Everything again at the end: bytes stay what they were over time. Returns whether something failed."""
    violations = len(stage.ledger.violations)
    count = audit(stage, stage.beginning)
    sentences = [sentence for _, _, sentence in stage.ledger.violations[violations:]]
    print(f"\nAt the end {count} addresses were fetched again from each delivery: {len(sentences)} differences.")
    for sentence in sentences[:SENTENCES_MAX]:
        print(f"    {sentence}")
    different = compare(stage.cluster.deliveries(), stage.folder, stage.watched(), REQUESTS)
    print(f"Of {REQUESTS} requests to each delivery, {len(different)} were answered differently.")
    for path in different[:SENTENCES_MAX]:
        print(f"    {path}")
    elapsed = time.monotonic() - player.began
    print(f"FFmpeg played {player.played_seconds:.1f} s in {elapsed:.1f} s "
          f"{'and has ended by itself' if player.has_ended() else 'and goes on'}; the encoder connected "
          f"{stage.publisher.connections} times; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.")
    for viewer in stage.viewers:
        if viewer.failure:
            print(f"The {viewer.name} failed: {viewer.failure!r}")
    return bool(sentences) or bool(different) or player.has_ended() or any(viewer.failure for viewer in stage.viewers)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
