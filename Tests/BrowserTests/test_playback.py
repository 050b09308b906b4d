"""Broadcasts watched for a while, in every quality, and through the whole life of a stream."""

import os
import time
import unittest

from broadcast import Sluice, wait_until
from browsers import Chromium, Firefox, WebKit

PLAY_SECONDS = float(os.environ.get("PLAY_SECONDS", "30"))
#: A player that shows its first picture before it has buffered may wait once more.
STARTING_SECONDS = 1
FIRST_FRAME_SECONDS_MAX = 3
#: Half a second in 30 is for a slow machine's clock and the sampling.
STEPS_MISSED_MAX = 0.5
DROPPED_SHARE_MAX = 0.10
SWITCH_SECONDS_MAX = 2
#: The players ask for three playlists or manifests in a part of 0.333 s at the most.
PLAYLISTS_PER_SECOND_MAX = 9

LOOK = """{
  time: video.currentTime, paused: video.paused, ready: video.readyState, error: video.error?.message ?? null,
  width: video.videoWidth, latency: parseFloat(document.getElementById("latency").textContent) || null,
  engine: document.getElementById("engine")?.textContent ?? null, probe,
  frames: video.getVideoPlaybackQuality().totalVideoFrames,
  dropped: video.getVideoPlaybackQuality().droppedVideoFrames }"""


#: What the server was asked for, and how often it refused.
REQUESTS = """(() => {
  const requests = performance.getEntriesByType("resource").filter((entry) => /\\/(hls|dash)\\//.test(entry.name))
    // Beacons are looked at by themselves.
    .filter((entry) => !entry.name.endsWith("/beacon"));
  return {
    playlists: requests.filter((entry) => /(m3u8|mpd)/.test(entry.name)).length,
    refused: requests.filter((entry) => entry.responseStatus >= 400)
      .map((entry) => `${entry.responseStatus} ${entry.name}`) };
})()"""

#: Chooses a quality; gives the seconds until a picture of its height is shown, or null.
SWITCH = """new Promise((resolve) => {{
  const began = performance.now();
  const see = (_, picture) => {{
    if (picture.height === {height}) resolve((performance.now() - began) / 1000);
    else video.requestVideoFrameCallback(see);
  }};
  video.requestVideoFrameCallback(see);
  setTimeout(resolve, 10000, null);
  {choose}
}})"""


class Viewer:
    """What every way of watching has in common. Subclasses say which browser, which pages, which player."""

    browser_kind = None
    with_players = True
    #: What the page is asked for besides the stream.
    parameters = ""
    engine = None
    #: Whether the player can tell how far behind live it is.
    knows_latency = True
    #: Whether the player fails until a broadcast has some segments, so that the page has to try again.
    fails_at_first = False
    #: How long after its first picture the player is watched.
    settling_seconds = 2
    #: How far behind live the player may be, in seconds.
    latency_max = 2.5
    #: JavaScript that has the player show the quality `{name}`, or None where it cannot be told.
    choose = None
    #: The broadcast that the tests share which change nothing of it.
    shared = None

    @classmethod
    def setUpClass(cls):
        # A short grace makes the end of a broadcast come soon; the encoders of the tests are back earlier.
        cls.server = Sluice(cls.with_players, {"RECONNECT_GRACE_SECONDS": "12"})
        cls.addClassCleanup(cls.server.close)
        cls.browser = cls.browser_kind()
        cls.addClassCleanup(cls.browser.close)

    def open(self, stream):
        page = self.browser.open(f"{self.server.address}/?stream={stream.id}{self.parameters}")
        self.addCleanup(page.close)
        return page

    def publish(self, stream, **options):
        encoder = stream.publish(**options)
        self.addCleanup(encoder.kill)
        return encoder

    def watch_shared(self):
        """Opens the shared broadcast and waits until it is seen."""
        if not self.shared:
            type(self).shared = self.server.make_stream("Plays")
            self.addClassCleanup(self.shared.publish(seconds_ahead=8).kill)
        page = self.open(self.shared)
        wait_until(lambda: page.run("probe.firstFrame"), 10, "a first frame")
        return page

    def say(self, text):
        print(f"\n    {self.browser.version}: {text}", end=" ", flush=True)

    def behind(self, look):
        return f"{look['latency']} s behind live" if self.knows_latency else "latency unknown"

    def assert_near_live(self, look):
        if self.knows_latency:
            self.assertLess(look["latency"], self.latency_max)
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
        page = self.watch_shared()
        time.sleep(self.settling_seconds)
        before, asked, began = page.run(LOOK), page.run(REQUESTS), time.monotonic()
        time.sleep(PLAY_SECONDS)
        after, requests, elapsed = page.run(LOOK), page.run(REQUESTS), time.monotonic() - began

        first_frame = after["probe"]["firstFrame"]
        frames, dropped = (after[name] - before[name] for name in ("frames", "dropped"))
        playlists = (requests["playlists"] - asked["playlists"]) / elapsed
        self.say(
            f"{after['engine'] or self.engine}, first frame {first_frame:.2f} s, {self.behind(after)}, "
            f"{after['time'] - before['time']:.1f} s of picture in {elapsed:.1f} s, "
            f"{len(after['probe']['waits'])} stalls, {dropped} of {frames} dropped, {playlists:.1f} playlists/s")
        self.assertEqual(after["probe"]["errors"], [])
        self.assertIsNone(after["error"])
        self.assertEqual(requests["refused"], [])
        self.assertLess(playlists, PLAYLISTS_PER_SECOND_MAX)
        if self.engine:
            self.assertIn(self.engine, after["engine"] or self.engine)
        self.assertEqual(after["width"], 854)
        self.assertLess(first_frame, FIRST_FRAME_SECONDS_MAX)
        stalls = [at for at in after["probe"]["waits"] if at > first_frame + STARTING_SECONDS]
        self.assertEqual(stalls, [], "stalls")
        # A player that began late plays a little faster, by no more than brings it nearer to live.
        caught_up = max(0, before["latency"] - after["latency"]) if self.knows_latency else 0
        gained = after["time"] - before["time"] - elapsed
        self.assertGreater(gained, -STEPS_MISSED_MAX)
        self.assertLess(gained, caught_up + STEPS_MISSED_MAX, f"{caught_up:.1f} s nearer to live")
        self.assertGreater(frames, 0.9 * 30 * PLAY_SECONDS)
        self.assertLess(dropped, DROPPED_SHARE_MAX * frames)
        self.assert_near_live(after)

    def test_shows_the_quality_that_is_chosen(self):
        if not self.choose:
            self.skipTest("this player chooses by itself")
        page = self.watch_shared()
        time.sleep(3)
        seconds = []
        for name, height in (("240p", 240), ("480p", 480), ("360p", 360)):
            seconds.append(page.run(SWITCH.format(height=height, choose=self.choose.format(name=name))))
            self.assertIsNotNone(seconds[-1], f"{name} is never shown: {page.run(LOOK)} {page.run(REQUESTS)}")
            time.sleep(3)
            self.see_motion(page, 3, f"goes on in {name}")
        look, requests = page.run(LOOK), page.run(REQUESTS)
        self.say(
            f"switched in {', '.join(f'{each:.2f} s' for each in seconds)}, {len(look['probe']['waits'])} stalls, "
            f"{self.behind(look)}")
        self.assertLess(max(seconds), SWITCH_SECONDS_MAX)
        self.assertEqual(look["probe"]["errors"], [])
        self.assertEqual(requests["refused"], [])


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


#: As somebody who opens the menu of the page.
CHOOSE = """
  document.getElementById("quality").value = "{name}";
  document.getElementById("quality").dispatchEvent(new Event("change"));"""


class WithHlsJs(PageViewer):
    engine = "hls.js"
    choose = CHOOSE


class WithDashJs(Viewer):
    parameters = "&engine=dash"
    engine = "dash.js"
    latency_max = 3
    choose = CHOOSE

    def test_goes_on_when_the_encoder_is_back(self):
        stream = self.server.make_stream("Returns")
        encoder = self.publish(stream)
        page = self.open(stream)
        self.see_motion(page, 10, "the broadcast")
        encoder.kill()
        # As long as an encoder takes that notices a dead connection and opens another.
        time.sleep(4)
        self.publish(stream, seconds_ahead=0)
        # dash.js plays on for 2 s, then waits as long as nobody published, before it goes to the next period.
        time.sleep(4)
        took = 4 + self.see_motion(page, 15, "goes on after a reconnect")
        time.sleep(6)
        self.see_motion(page, 3, "goes on well after a reconnect")
        look = page.run(LOOK)
        self.say(f"went on {took:.1f} s after the encoder came back, now {self.behind(look)}")
        self.assertEqual(look["probe"]["errors"], [])


class ByItself(Viewer):
    with_players = False
    engine = "the browser's own HLS"
    knows_latency = False
    fails_at_first = True


class ChromiumWithHlsJs(WithHlsJs, unittest.TestCase):
    browser_kind = Chromium


class ChromiumWithDashJs(WithDashJs, unittest.TestCase):
    browser_kind = Chromium


class ChromiumByItself(ByItself, PageViewer, unittest.TestCase):
    browser_kind = Chromium


class FirefoxWithHlsJs(WithHlsJs, unittest.TestCase):
    browser_kind = Firefox


class FirefoxWithDashJs(WithDashJs, unittest.TestCase):
    browser_kind = Firefox


class WebKitByItself(ByItself, unittest.TestCase):
    browser_kind = WebKit
    #: GStreamer fills its buffers a second time, soon after the first picture.
    settling_seconds = 5
