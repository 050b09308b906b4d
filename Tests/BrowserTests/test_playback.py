"""Broadcasts watched for a while, and through the whole life of a stream."""

import os
import time
import unittest

from broadcast import Sluice, wait_until
from browsers import Chromium, Firefox

PLAY_SECONDS = float(os.environ.get("PLAY_SECONDS", "30"))
FIRST_FRAME_SECONDS_MAX = 3
#: Half a second in 30 is for a slow machine's clock and the sampling.
STEPS_MISSED_MAX = 0.5
DROPPED_SHARE_MAX = 0.10
#: Three segments of 2 s, what is in the making, and the way.
LATENCY_SECONDS_MAX = 10

LOOK = """{
  time: video.currentTime, paused: video.paused, ready: video.readyState, error: video.error?.message ?? null,
  width: video.videoWidth, latency: parseFloat(document.getElementById("latency").textContent) || null,
  engine: document.getElementById("engine")?.textContent ?? null, probe,
  frames: video.getVideoPlaybackQuality().totalVideoFrames,
  dropped: video.getVideoPlaybackQuality().droppedVideoFrames }"""


class Viewer:
    """What every way of watching has in common. Subclasses say which browser, which pages, which player."""

    browser_kind = None
    with_players = True
    page_path = "/"
    engine = None
    #: Whether the player can tell how far behind live it is.
    knows_latency = True
    #: Whether the player fails until a broadcast has some segments, so that the page has to try again.
    fails_at_first = False

    @classmethod
    def setUpClass(cls):
        # A short grace makes the end of a broadcast come soon; the encoders of the tests are back earlier.
        cls.server = Sluice(cls.with_players, {"RECONNECT_GRACE_SECONDS": "12"})
        cls.addClassCleanup(cls.server.close)
        cls.browser = cls.browser_kind()
        cls.addClassCleanup(cls.browser.close)

    def open(self, stream):
        page = self.browser.open(f"{self.server.address}{self.page_path}?stream={stream.id}")
        self.addCleanup(page.close)
        return page

    def publish(self, stream, **options):
        encoder = stream.publish(**options)
        self.addCleanup(encoder.kill)
        return encoder

    def say(self, text):
        print(f"\n    {self.browser.version}: {text}", end=" ", flush=True)

    def behind(self, look):
        return f"{look['latency']} s behind live" if self.knows_latency else "latency unknown"

    def assert_near_live(self, look):
        if self.knows_latency:
            self.assertLess(look["latency"], LATENCY_SECONDS_MAX)
        else:
            self.assertIsNone(look["latency"])

    def see_motion(self, page, seconds, what):
        """Waits until the picture goes on, and returns how long that took."""
        began = time.monotonic()
        last = page.run("video.currentTime")

        def moves():
            nonlocal last
            before, (last, ready) = last, page.run("[video.currentTime, video.readyState]")
            return ready >= 3 and 0 < last - before < 1

        for _ in range(3):
            wait_until(moves, seconds, what)
        return time.monotonic() - began

    def test_plays_without_a_stall(self):
        stream = self.server.make_stream("Plays")
        self.publish(stream, seconds_ahead=8)
        page = self.open(stream)
        wait_until(lambda: page.run("probe.firstFrame"), 10, "a first frame")
        time.sleep(2)
        before, began = page.run(LOOK), time.monotonic()
        time.sleep(PLAY_SECONDS)
        after, elapsed = page.run(LOOK), time.monotonic() - began

        first_frame = after["probe"]["firstFrame"]
        frames, dropped = (after[name] - before[name] for name in ("frames", "dropped"))
        self.say(
            f"{after['engine'] or self.engine}, first frame {first_frame:.2f} s, {self.behind(after)}, "
            f"{after['time'] - before['time']:.1f} s of picture in {elapsed:.1f} s, {dropped} of {frames} dropped")
        self.assertEqual(after["probe"]["errors"], [])
        self.assertIsNone(after["error"])
        if self.engine:
            self.assertIn(self.engine, after["engine"] or self.engine)
        self.assertEqual(after["width"], 1280)
        self.assertLess(first_frame, FIRST_FRAME_SECONDS_MAX)
        self.assertEqual(after["probe"]["waits"], [], "stalls")
        self.assertAlmostEqual(after["time"] - before["time"], elapsed, delta=STEPS_MISSED_MAX)
        self.assertGreater(frames, 0.9 * 30 * PLAY_SECONDS)
        self.assertLess(dropped, DROPPED_SHARE_MAX * frames)
        self.assert_near_live(after)


class PageViewer(Viewer):
    """The page also follows the stream through its states."""

    def see_message(self, page, beginning, seconds):
        return wait_until(
            lambda: (page.run("document.getElementById('message').hidden ? '' : "
                              "document.getElementById('message').textContent")).startswith(beginning),
            seconds, f"the message '{beginning}…': {page.run('probe')} {page.run(LOOK)}")

    def test_follows_the_stream_from_one_broadcast_to_the_next(self):
        stream = self.server.make_stream("Lives")
        page = self.open(stream)
        self.see_message(page, "Nobody has published", 5)

        encoder = self.publish(stream, seconds_ahead=0)
        took = self.see_motion(page, 20, "the first broadcast starts by itself")
        self.say(f"started by itself {took:.1f} s after the encoder")
        self.see_message(page, "", 2)
        time.sleep(6)

        encoder.kill()
        self.see_message(page, "The encoder is gone", 14)
        encoder = self.publish(stream, seconds_ahead=0)
        took = self.see_motion(page, 20, "goes on after a reconnect")
        time.sleep(6)
        self.see_motion(page, 3, "goes on well after a reconnect")
        self.see_message(page, "", 2)
        look = page.run(LOOK)
        self.say(f"went on {took:.1f} s after the encoder came back, now {self.behind(look)}")
        self.assert_near_live(look)

        encoder.finish()
        self.see_message(page, "This broadcast is over", 40)
        self.publish(stream, seconds_ahead=0)
        took = self.see_motion(page, 20, "the next broadcast starts by itself")
        time.sleep(6)
        self.see_motion(page, 3, "the next broadcast goes on")
        self.see_message(page, "", 2)
        look = page.run(LOOK)
        self.say(f"next broadcast {took:.1f} s after its encoder, {self.behind(look)}")
        self.assert_near_live(look)
        if not self.fails_at_first:
            self.assertEqual(look["probe"]["errors"], [])


class ChromiumWithHlsJs(PageViewer, unittest.TestCase):
    browser_kind = Chromium
    engine = "hls.js"


class ChromiumByItself(PageViewer, unittest.TestCase):
    browser_kind = Chromium
    with_players = False
    engine = "the browser's own HLS"
    knows_latency = False
    fails_at_first = True


class ChromiumWithDashJs(Viewer, unittest.TestCase):
    browser_kind = Chromium
    page_path = "/dash.html"
    engine = "dash.js"


class FirefoxWithHlsJs(PageViewer, unittest.TestCase):
    browser_kind = Firefox
    engine = "hls.js"


class FirefoxWithDashJs(Viewer, unittest.TestCase):
    browser_kind = Firefox
    page_path = "/dash.html"
    engine = "dash.js"
