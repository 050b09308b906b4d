"""Whether every access unit that the encoder sent can be fetched once, in order, although transcoding was killed.

Run by scripts/chaos/lossless.sh. The stream is passed through, so bytes that come out are those that went in.
"""

import os
import signal
import sys
import time

from accessunits import AUDIO, VIDEO, Comparison, of_segment, sent
from cluster import wait_until
from faults import DEAD_SECONDS
from playlist import Playlist
from rotation import Rotation
from stage import Stage

SECONDS = float(os.environ.get("LOSSLESS_SECONDS", "300"))
ENVIRONMENT = {"LADDER": "none", "LOG_LEVEL": "info"}
#: Pictures and sound.
RENDITIONS = 2


def fetched(rotation, replica, folder, rendition):
    """Digests of all access units that a viewer who goes back to the beginning gets."""
    path = f"{folder}/{rendition}/playlist.m3u8"
    playlist = wait_until(lambda: ended_playlist(rotation, replica, path), 20, f"{path} at {replica} has ended")
    units = []
    for segment in playlist.segments:
        answer = rotation.ask(replica, f"{folder}/{rendition}/{segment.name}")
        if answer.status != 200:
            print(f"    {answer.status} for {segment.name} of {rendition} from {replica}")
            continue
        units += of_segment(answer.body)
    return units, sum(segment.follows_seam for segment in playlist.segments)


def ended_playlist(rotation, replica, path):
    playlist = Playlist(rotation.ask(replica, path).body.decode())
    return playlist if playlist.has_ended else None


def broadcast(stage):
    """Until it is over. The kill comes when half of it is done."""
    began = time.monotonic()
    stage.watch(RENDITIONS)
    time.sleep(max(0, SECONDS / 2 - (time.monotonic() - began)))
    name = stage.cluster.busiest("transcode")
    print(f"{time.strftime('%H:%M:%S')} kill -9 {name}")
    stage.cluster.kill(name)
    time.sleep(DEAD_SECONDS)
    stage.cluster.start(name)
    time.sleep(max(0, SECONDS - (time.monotonic() - began)))
    for viewer in stage.viewers:
        viewer.must_stop.set()
    stage.publisher.finish()


def main(clip):
    sys.stdout.reconfigure(line_buffering=True)
    # Everything that was started ends also when we are told to.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    expected = sent(clip)
    is_perfect = True
    with Stage(clip, ENVIRONMENT, keeps_cluster=os.environ.get("KEEP") == "yes") as stage:
        broadcast(stage)
        pictures = stage.publisher.pictures
        print(f"The encoder sent {pictures} pictures in {stage.publisher.connections} connections.")
        for replica in stage.cluster.deliveries():
            rotation = Rotation([replica])
            rotation.SILENCE_SECONDS = 20
            for viewer in stage.viewers:
                kind = AUDIO if "audio" in viewer.rendition else VIDEO
                units, seams = fetched(rotation, replica, stage.folder, viewer.rendition)
                result = Comparison(expected[kind], units)
                # How much sound was sent with the last picture is not known.
                lacking = pictures - result.place if kind == VIDEO else 0
                faults = result.missing + result.repeated + result.foreign + abs(lacking) + seams
                is_perfect &= faults == 0 and result.count > 0
                print(f"{replica} {viewer.rendition:<8} {result.count} access units: {result.missing} missing, "
                      f"{result.repeated} repeated, {result.foreign} foreign, {lacking} lacking at the end, "
                      f"{seams} seams")
                for mistake in result.mistakes:
                    print(f"    {mistake}")
        for _, kind, sentence in stage.ledger.violations[:8]:
            is_perfect = False
            print(f"    {kind}: {sentence}")
    print("Each was found once, in order." if is_perfect else "Not each was found once, in order.")
    sys.exit(not is_perfect)


if __name__ == "__main__":
    main(sys.argv[1])
