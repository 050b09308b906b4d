"""The player's page around the picture: what it says when there is nothing to play, how it looks on every screen, and
what can be done with it."""

import time
import unittest

from playwright.sync_api import Error

from broadcast import Sluice, wait_until
from browsers import Chromium
import pictures

MESSAGE = "document.getElementById('message').hidden ? '' : document.getElementById('message').textContent"


def says(name):
    """Whether the page shows the message of this name."""
    return f"({MESSAGE}) === (await import('/player/messages.js')).messages.{name}"


class PageTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Sluice()
        cls.addClassCleanup(cls.server.close)
        cls.browser = Chromium()
        cls.addClassCleanup(cls.browser.close)

    def open(self, path, **options):
        page = self.browser.open(self.server.address + path, **options)
        self.addCleanup(page.close)
        return page

    def see(self, page, expression, what):
        def fact():
            try:
                return page.run(expression)
            except Error:
                # The page is loading, or its scripts have not run yet.
                return None

        return wait_until(fact, 8, what)

    def test_says_that_there_is_no_such_stream(self):
        for stream in ("01990000-0000-7000-8000-000000000000", "nonsense", "%3Cb%3E&amp;/../"):
            with self.subTest(stream):
                page = self.open(f"/?stream={stream}")
                self.see(page, says("missing"), "the message")
                self.assertTrue(page.run("document.getElementById('state').hidden"))

    def test_says_that_the_broadcast_has_not_begun(self):
        stream = self.server.make_stream("<b>Ångström & sons</b>")
        page = self.open(f"/?stream={stream.id}")
        self.see(page, says("created"), "the message")
        self.assertEqual(page.run("document.title"), "<b>Ångström & sons</b> – Sluice")
        self.assertEqual(page.run("document.getElementById('state').textContent"), "Not started")
        self.assertEqual(page.run("probe.errors"), [])

    def test_asks_for_a_stream(self):
        stream = self.server.make_stream("Chosen")
        page = self.open("/")
        self.see(page, "!document.getElementById('choose').hidden", "the form")
        self.assertEqual(page.run("document.querySelector('video').checkVisibility()"), False)
        page.run(f"(document.getElementById('stream').value = '{stream.id}',"
                 " document.querySelector('form button').click())")
        self.see(page, "document.getElementById('title')?.textContent === 'Chosen'", "the stream that was asked for")

    def test_fits_every_screen_and_can_be_read_on_it(self):
        stream = self.server.make_stream("A title that is long enough for two lines on the screen of a telephone")
        encoder = stream.publish()
        self.addCleanup(encoder.kill)
        for scheme in ("light", "dark"):
            for width, height in ((1280, 800), (390, 800), (360, 740), (740, 360)):
                for path in (f"/?stream={stream.id}", "/"):
                    with self.subTest(scheme=scheme, width=width, path=path):
                        page = self.open(path, width=width, height=height, scheme=scheme)
                        if path == "/":
                            self.see(page, "!document.getElementById('choose').hidden", "the form")
                        else:
                            self.see(page, "probe.firstFrame && document.querySelector('[data-state=active]') !== null",
                                     "the picture")
                        stage = page.run("document.querySelector('.stage').getBoundingClientRect().height")
                        self.assertLessEqual(stage, height)
                        pictures.check(self, page)
                        if path != "/":
                            pictures.keep(page, f"player-{scheme}-{width}")
                        page.close()

    def test_waits_for_a_server_that_is_away(self):
        server = Sluice()
        self.addCleanup(server.close)
        stream = server.make_stream("Away")
        page = self.browser.open(f"{server.address}/?stream={stream.id}")
        self.addCleanup(page.close)
        self.see(page, says("created"), "the message of a stream")
        server.kill()
        self.see(page, says("silent"), "the message of a server that is away")
        time.sleep(1)
        server.start()
        self.see(page, says("created"), "the message of a stream again")
        encoder = stream.publish(seconds_ahead=0)
        self.addCleanup(encoder.kill)
        wait_until(lambda: page.run("probe.firstFrame"), 15, "the broadcast after the restart")

    def watch(self, stream):
        page = self.open(f"/?stream={stream.id}")
        self.see(page, "probe.firstFrame && video.readyState >= 3", "the picture")
        return page

    def press(self, page, key, expression):
        page.page.keyboard.press(key)
        self.see(page, expression, f"what the key {key} does")

    def test_is_worked_by_keys(self):
        stream = self.server.make_stream("Keys")
        encoder = stream.publish(seconds_ahead=26)
        self.addCleanup(encoder.kill)
        page = self.watch(stream)
        live = "document.getElementById('live').dataset.at"
        self.see(page, f"!document.getElementById('seek').disabled && {live} === 'live'", "the bar of the position")
        self.press(page, "m", "!video.muted")
        self.press(page, "m", "video.muted")
        self.press(page, "ArrowUp", "!video.muted && video.volume > 0")
        self.press(page, "ArrowLeft", f"{live} === 'past'")
        self.see(page, "document.getElementById('position').textContent.startsWith('−0:')", "how far back it is")
        self.see(page, "!video.paused && video.readyState >= 3", "the picture of ten seconds ago")
        before = page.run("video.currentTime")
        self.see(page, f"video.currentTime > {before} + 1 && {live} === 'past'", "the past going on")
        self.press(page, "l", f"{live} === 'live'")
        self.press(page, "Space", "video.paused")
        self.press(page, "Space", "!video.paused")
        self.press(page, "f", "document.fullscreenElement?.id === 'player'")
        self.press(page, "f", "!document.fullscreenElement")
        self.assertEqual(page.run("probe.errors"), [])

    def test_shows_the_bar_alone_in_a_frame(self):
        stream = self.server.make_stream("Framed")
        encoder = stream.publish()
        self.addCleanup(encoder.kill)
        page = self.open(f"/?stream={stream.id}&embed", width=480, height=340)
        self.see(page, "probe.firstFrame", "the picture")
        self.assertFalse(page.run("document.querySelector('dl').checkVisibility()"))
        self.assertTrue(page.run("document.getElementById('play').checkVisibility()"))
        self.assertEqual(page.run("document.documentElement.scrollHeight"), 340)

    def test_tells_the_server_how_it_went(self):
        stream = self.server.make_stream("Told")
        encoder = stream.publish()
        self.addCleanup(encoder.kill)
        page = self.watch(stream)
        told = "performance.getEntriesByType('resource').find((entry) => entry.name.endsWith('/beacon'))"
        self.assertEqual(self.see(page, f"{told}?.responseStatus", "the beacon"), 204)

        def viewers(query):
            return self.server.ask(f"/streams/{stream.id}/viewers{query}")["viewers"]

        known = wait_until(lambda: [each for each in viewers("?open=true") if each["startup_ms"]], 20, "the viewer")
        self.assertEqual(len(known), 1)
        # The server counts from the first request, the page from before it.
        self.assertLess(known[0]["startup_ms"], 1000 * page.run("probe.firstFrame") + 500)
        page.page.goto("about:blank")
        wait_until(lambda: not viewers("?open=true"), 20, "the end of the visit")
