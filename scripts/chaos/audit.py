"""Whether both deliveries have what viewers saw: each address again, from each of them."""

import re
import time

from ledger import LOST
from playlist import Playlist
from rotation import Rotation

#: Parts can be fetched for seven target durations, of which some pass until they are looked at.
PART_SEGMENTS = 4
#: What a delivery does not have at once may be on its way.
TRIES, TRY_SECONDS = 4, 1


def newest_number(addresses):
    return max((number(path) for path in addresses), default=0)


def number(path):
    return int(re.search(r"-(\d+)", path.rpartition("/")[2])[1])


def is_part(path):
    return path.count(".", path.rindex("/")) == 2


def audit(stage, since):
    """Of the addresses of media from the place in the ledger's list on. Returns how many there are."""
    ledger, folder = stage.ledger, stage.folder
    addresses = ledger.addresses(since)
    newest = newest_number(addresses)
    for replica in stage.cluster.deliveries():
        # Alone, so that nobody answers for it.
        rotation = Rotation([replica])
        rotation.SILENCE_SECONDS = 10
        for rendition in stage.watched():
            answer = ask(rotation, replica, f"{folder}/{rendition}/playlist.m3u8")
            if answer:
                ledger.saw_playlist(rendition, Playlist(answer.body.decode()), replica)
        for path in addresses:
            if is_part(path) and number(path) < newest - PART_SEGMENTS:
                continue
            answer = ask(rotation, replica, path)
            if answer:
                ledger.saw_bytes(path, answer.body, replica)
            else:
                with ledger.lock:
                    ledger.say(LOST, (path, replica), f"{path} cannot be fetched from {replica}")
    return len(addresses)


def ask(rotation, replica, path):
    for _ in range(TRIES):
        try:
            answer = rotation.ask(replica, path)
            if answer.status == 200:
                return answer
        except OSError:
            rotation.forget(replica)
        time.sleep(TRY_SECONDS)
    return None
