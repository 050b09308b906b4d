"""How old pictures are when a viewer can fetch them, and when a player shows them. Run by scripts/latency.sh."""

import contextlib
import math
import os
import pathlib
import re
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parents[1] / "Tests/BrowserTests"))

import barcode
import fragments
from broadcast import Sluice, wait_until
from browsers import Chromium
from follower import Follower
from publisher import Publisher

SECONDS = float(os.environ.get("SECONDS_EACH", "30"))
#: Until it is decided what to make of the source, and until the player has found its distance from live.
WARM_UP_SECONDS = float(os.environ.get("WARM_UP_SECONDS", "15"))
#: The most that the median may be, in seconds.
AVAILABLE_BARS = {"none": 0.45, "default": 0.7}
SHOWN_BAR = 2.0


class Ages:
    """The ages of pictures, in seconds."""

    def __init__(self, name, ages):
        self.name = name
        self.ages = sorted(age for age in ages if age is not None)
        if not self.ages:
            raise RuntimeError(f"{name}: no picture was seen")

    def quantile(self, share):
        return self.ages[max(0, math.ceil(share * len(self.ages)) - 1)]

    def __str__(self):
        columns = "".join(f"{self.quantile(share):8.3f}" for share in (0.5, 0.9, 0.99, 1))
        return f"  {self.name:<24}{len(self.ages):9}{columns}"


def say_bar(what, median, bar):
    verdict = "meets" if median <= bar else "misses"
    print(f"  {what}: the median {verdict} the bar of {bar} s by {abs(bar - median):.3f} s")


def renditions(server, stream):
    """The media playlists of the video renditions, from the highest."""
    master = f"/hls/{stream.id}/master.m3u8"
    with urllib.request.urlopen(server.address + master) as answer:
        lines = answer.read().decode().splitlines()
    names = [lines[index + 1] for index, line in enumerate(lines) if line.startswith("#EXT-X-STREAM-INF")]
    return list(dict.fromkeys(re.sub(r"[^/]*$", "", master) + name for name in names))


def available(follower, publisher):
    """The ages of the pictures in the parts of a rendition when these were fetched."""
    parts = follower.decodable_parts()
    ages = []
    # A map begins the parts that it is for; a rendition that changes has several.
    for name, init in follower.maps.items():
        own = [part for part in parts if part.map == name]
        with tempfile.NamedTemporaryFile(suffix=".mp4") as movie:
            movie.write(init + b"".join(part.body for part in own))
            movie.flush()
            codes = barcode.numbers(movie.name)
        # The decoder's order is that of presentation.
        arrivals = sorted((time, part.at) for part in own for time in fragments.presentation_times(part.body))
        if len(codes) != len(arrivals):
            raise RuntimeError(f"{follower.playlist}: {len(arrivals)} pictures came, {len(codes)} could be decoded")
        unread = codes.count(None)
        if unread * 100 > len(codes):
            raise RuntimeError(f"{follower.playlist}: {unread} of {len(codes)} pictures have no number")
        ages += [publisher.age(code, at) for code, (_, at) in zip(codes, arrivals) if code is not None]
    return Ages(follower.playlist.split("/")[-2], ages)


def measure_available(server, stream, publisher):
    followers = [Follower(server.address, playlist) for playlist in renditions(server, stream)]
    for follower in followers:
        follower.start()
    time.sleep(SECONDS)
    for follower in followers:
        follower.must_stop.set()
    # Decoding is work too: it begins when nothing is measured any more.
    for follower in followers:
        follower.join()
    results = [available(follower, publisher) for follower in followers]
    for result in results:
        print(result)
    return max(result.quantile(0.5) for result in results)


def measure_shown(server, stream, publisher):
    browser = Chromium()
    try:
        page = browser.browser.new_context(viewport={"width": 640, "height": 360}).new_page()
        page.route(re.compile(r"/latency\.html"), lambda route: route.fulfill(path=HERE / "player.html"))
        page.goto(f"{server.address}/latency.html?url=/hls/{stream.id}/master.m3u8")
        wait_until(lambda: page.evaluate("window.seen?.shown.length"), 20, "a first picture in the player")
        page.wait_for_timeout(WARM_UP_SECONDS * 1000)
        page.evaluate("Object.assign(seen, { shown: [], unread: 0, waits: 0 })")
        page.wait_for_timeout(SECONDS * 1000)
        seen = page.evaluate(
            "({ ...seen, height: video.videoHeight, latency: hls.latency, target: hls.targetLatency })")
    finally:
        browser.close()
    result = Ages("shown", (publisher.age(code, at / 1000) for code, at in seen["shown"]))
    print(result)
    print(f"  hls.js {seen['version']} in {browser.version}, {seen['height']} lines; by its own account "
          f"{seen['latency']:.2f} s behind live and {seen['target']:.2f} s wanted; {seen['waits']} stalls, "
          f"{seen['unread']} pictures without a number, errors: {', '.join(seen['errors']) or 'none'}")
    return result.quantile(0.5)


def measure(ladder, tool, clip, pictures):
    # The browser tests' server has a small ladder of its own.
    names = "1080p,720p,480p" if ladder == "default" else ladder
    environment = {"LOG_LEVEL": "warning", "LADDER": names, "X264_PRESET": "veryfast", "ENCODER": "auto"}
    with contextlib.ExitStack() as ends:
        server = Sluice(environment=environment)
        ends.callback(server.close)
        stream = server.make_stream("Latency")
        publisher = Publisher(tool, clip, pictures, stream.ingest_url)
        ends.callback(publisher.stop)
        wait_until(lambda: stream.state == "active", 10, "the stream is active")
        time.sleep(WARM_UP_SECONDS)
        print(f"\nLADDER={ladder}: age in seconds{'':7}pictures     p50     p90     p99   worst")
        median = measure_available(server, stream, publisher)
        shown = measure_shown(server, stream, publisher)
        say_bar("(a) available at delivery, the slowest rendition", median, AVAILABLE_BARS.get(ladder, 0.7))
        say_bar("(b) shown by the player", shown, SHOWN_BAR)


if __name__ == "__main__":
    tool, clip = sys.argv[1:3]
    codes = barcode.numbers(clip)
    if codes != list(range(len(codes))):
        raise RuntimeError(f"{clip} does not carry the numbers of its pictures")
    os.environ.pop("LADDER", None)
    for ladder in sys.argv[3:]:
        measure(ladder, tool, clip, len(codes))
