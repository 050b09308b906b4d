"""Whether two deliveries answer every request with identical bytes."""

import concurrent.futures

from playlist import Playlist
from rotation import Rotation

#: Playlists that wait for the next part are asked of both at once. A new part may come between the two answers; so may a
#: segment, which changes the bit rates that the list of renditions tells.
TRIES = 3
#: One of so many requests is for what comes next.
LIVE_EVERY = 10
#: How many segments of a rendition are compared before what there is is looked at anew.
SEGMENTS = 20


class Replicas:
    """The same request to each, at the same time."""

    def __init__(self, replicas):
        self.replicas = replicas
        self.rotations = {replica: Rotation([replica]) for replica in replicas}
        for rotation in self.rotations.values():
            rotation.SILENCE_SECONDS = 10
        self.pool = concurrent.futures.ThreadPoolExecutor(len(replicas))

    def ask(self, path):
        return list(self.pool.map(lambda replica: self.rotations[replica].ask(replica, path), self.replicas))

    def differ(self, path, tries=1):
        """Whether they do, every time."""
        for _ in range(tries):
            one, other = self.ask(path)
            if (one.status, one.entity_tag, one.body) == (other.status, other.entity_tag, other.body):
                return False
        return True


def lasting_paths(replicas, folder, renditions):
    """What does not change any more: initialisation, segments, parts; and the list of renditions.

    Parts come last, to be taken first: they are gone soon.
    """
    # Whoever asks for it again without a name is given one of his own.
    paths, parts = [f"{folder}/master.m3u8?session=replicas"], []
    for rendition in renditions:
        playlist = Playlist(replicas.ask(f"{folder}/{rendition}/playlist.m3u8")[0].body.decode())
        # The oldest may leave at any time.
        segments = playlist.segments[1:]
        names = [segment.name for segment in segments[::len(segments) // SEGMENTS + 1]]
        names += [segment.name.replace(".m4s", ".ts") for segment in segments[-2:]]
        names += list({segment.map for segment in segments})
        paths += [f"{folder}/{rendition}/{name}" for name in names]
        parts += [f"{folder}/{rendition}/{part.name}" for part in playlist.parts]
    return paths + parts


def next_path(replicas, folder, rendition):
    """A request that is held until there is another part."""
    playlist = Playlist(replicas.ask(f"{folder}/{rendition}/playlist.m3u8")[0].body.decode())
    number, part = playlist.edge
    return f"{folder}/{rendition}/playlist.m3u8?_HLS_msn={number}&_HLS_part={part}"


def compare(deliveries, folder, renditions, count):
    """Sends `count` requests to each delivery and returns the paths of those that were answered differently."""
    replicas = Replicas(deliveries)
    different = []
    paths = []
    for index in range(count):
        rendition = renditions[index // LIVE_EVERY % len(renditions)]
        if index % LIVE_EVERY == 0:
            path = next_path(replicas, folder, rendition)
            if replicas.differ(path) and replicas.differ(next_path(replicas, folder, rendition), TRIES):
                different.append(path)
            continue
        paths = paths or lasting_paths(replicas, folder, renditions)
        path = paths.pop()
        if replicas.differ(path, TRIES if "/master.m3u8" in path else 1):
            different.append(path)
    return different
