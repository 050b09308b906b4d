"""The page around the picture: what it says when there is nothing to play, and how it looks on every screen."""

import time
import unittest

from playwright.sync_api import Error

from broadcast import Sluice, wait_until
from browsers import Chromium

#: WCAG 2.2, 1.4.3: text on its ground.
CONTRAST_MIN = 4.5

MESSAGE = "document.getElementById('message').hidden ? '' : document.getElementById('message').textContent"

#: The contrast of every piece of text that is seen, with the nearest ground that is not transparent, worst first.
CONTRASTS = """(() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map((value) => value / 255)
    .map((value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const colour = channels(getComputedStyle(node).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll("h1, a, .badge, dt, dd, label, button, input")]
    .filter((node) => node.checkVisibility() && (node.textContent.trim() || node.value))
    .map((node) => {
      const [light, dark] = [luminance(channels(getComputedStyle(node).color)), luminance(ground(node))]
        .sort((a, b) => b - a);
      return [(light + 0.05) / (dark + 0.05), node.textContent.trim().slice(0, 20)];
    }).sort((a, b) => a[0] - b[0]);
})()"""

#: How far the page is wider than the screen.
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


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
                self.see(page, f"({MESSAGE}) === messages.missing", "the message")
                self.assertTrue(page.run("element('state').hidden"))

    def test_says_that_the_broadcast_has_not_begun(self):
        stream = self.server.make_stream("<b>Ångström & sons</b>")
        page = self.open(f"/?stream={stream.id}")
        self.see(page, f"({MESSAGE}) === messages.created", "the message")
        self.assertEqual(page.run("document.title"), "<b>Ångström & sons</b> – Sluice")
        self.assertEqual(page.run("element('state').textContent"), "Not started")
        self.assertEqual(page.run("probe.errors"), [])

    def test_asks_for_a_stream(self):
        stream = self.server.make_stream("Chosen")
        page = self.open("/")
        self.see(page, "!element('choose').hidden", "the form")
        self.assertEqual(page.run("document.querySelector('video').checkVisibility()"), False)
        page.run(f"(element('stream').value = '{stream.id}', document.querySelector('form button').click())")
        self.see(page, "element('title')?.textContent === 'Chosen'", "the stream that was asked for")

    def test_fits_every_screen_and_can_be_read_on_it(self):
        stream = self.server.make_stream("A title that is long enough for two lines on the screen of a telephone")
        encoder = stream.publish()
        self.addCleanup(encoder.kill)
        for scheme in ("light", "dark"):
            for width, height in ((1280, 800), (360, 740), (740, 360)):
                for path in (f"/?stream={stream.id}", "/"):
                    with self.subTest(scheme=scheme, width=width, path=path):
                        page = self.open(path, width=width, height=height, scheme=scheme)
                        if path == "/":
                            self.see(page, "!element('choose').hidden", "the form")
                        else:
                            self.see(page, "probe.firstFrame && state === 'active'", "the picture")
                        self.assertLessEqual(page.run(OVERFLOW), 0, "the page scrolls sideways")
                        stage = page.run("document.querySelector('.stage').getBoundingClientRect().height")
                        self.assertLessEqual(stage, height)
                        worst, text = page.run(CONTRASTS)[0]
                        self.assertGreaterEqual(worst, CONTRAST_MIN, text)
                        page.close()

    def test_waits_for_a_server_that_is_away(self):
        server = Sluice()
        self.addCleanup(server.close)
        stream = server.make_stream("Away")
        page = self.browser.open(f"{server.address}/?stream={stream.id}")
        self.addCleanup(page.close)
        self.see(page, f"({MESSAGE}) === messages.created", "the message of a stream")
        server.kill()
        self.see(page, f"({MESSAGE}) === messages.silent", "the message of a server that is away")
        time.sleep(1)
        server.start()
        self.see(page, f"({MESSAGE}) === messages.created", "the message of a stream again")
        encoder = stream.publish(seconds_ahead=0)
        self.addCleanup(encoder.kill)
        wait_until(lambda: page.run("probe.firstFrame"), 15, "the broadcast after the restart")
