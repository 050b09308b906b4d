"""The operator's pages, with real broadcasts and real viewers: what they show, how soon, and that it changes."""

import time
import unittest

from playwright.sync_api import Error

from broadcast import TOKEN, VIEWER_TOKEN, Sluice, wait_until
from browsers import Chromium, Firefox
import pictures

LOAD_SECONDS_MAX = 2

TEXT = "document.getElementById('{}').textContent"
VIEWERS = "Number(document.querySelector('.gauge-number').textContent)"
CONNECTION = TEXT.format("connection")

#: True when every figure of the dashboard is there.
IS_LIVE = f"""({CONNECTION} === "Connected" && document.querySelectorAll("#streams tbody tr").length > 0
  && /bit/.test({TEXT.format("ingress")}) && !document.getElementById("main").hidden)"""

#: True when the page of a stream, or the dashboard, has heard from the server.
HAS_FIGURES = f"{CONNECTION} === 'Connected' && /bit/.test({TEXT.format('ingress')})"

SIGN_IN = """(() => {{
  const field = document.getElementById("token");
  field.value = "{}";
  field.form.requestSubmit();
}})()"""

#: Every address that the page has asked for, and its own.
ADDRESSES = "[location.href, ...performance.getEntriesByType('resource').map((entry) => entry.name)].join(' ')"


class Operator:
    """A browser at a server with one broadcast."""

    browser_kind = Chromium

    @classmethod
    def setUpClass(cls):
        cls.server = Sluice()
        cls.addClassCleanup(cls.server.close)
        cls.browser = cls.browser_kind()
        cls.addClassCleanup(cls.browser.close)
        cls.stream = cls.server.make_stream("<b>Ångström & sons</b>")
        cls.addClassCleanup(cls.stream.publish().kill)

    def see(self, page, expression, what, seconds=8):
        def fact():
            try:
                return page.run(expression)
            except (Error, RuntimeError):
                # The page is loading, or its scripts have not run yet.
                return None

        return wait_until(fact, seconds, what)

    def open(self, path, token=TOKEN, **options):
        """Opens a page and signs in."""
        page = self.browser.open(self.server.address + path, **options)
        self.addCleanup(page.close)
        if token:
            self.see(page, "Boolean(document.getElementById('token'))", "the form to sign in")
            page.run(SIGN_IN.format(token))
            self.see(page, "!document.getElementById('main').hidden", "the page behind it")
        return page


class DashboardTests(Operator):
    """In every browser."""

    def test_shows_live_numbers_soon_and_they_change(self):
        page = self.open("/dashboard.html")
        self.see(page, IS_LIVE, "the figures after the signing in")
        # The token stays with the tab: from now on this is how long the page takes.
        page.run("location.reload()")
        time.sleep(0.3)
        seconds = self.see(page, f"{IS_LIVE} && performance.now() / 1000", "the figures")
        print(f"\n    {self.browser.version}: live {seconds:.2f} s after the navigation began", end=" ", flush=True)
        self.assertLess(seconds, LOAD_SECONDS_MAX)

        shown = set()
        wait_until(lambda: shown.add(page.run(TEXT.format("ingress"))) or len(shown) > 2, 8, "other numbers")
        before = page.run(VIEWERS)
        viewer = self.browser.open(f"{self.server.address}/?stream={self.stream.id}")
        self.addCleanup(viewer.close)
        self.see(page, f"{VIEWERS} === {before + 1}", "the new viewer")
        self.see(page, "/bit/.test(document.getElementById('egress').textContent)", "what goes to the viewer")
        self.see(page, "/[0-9]+p|source/.test(document.querySelector('#qualities tbody').textContent)", "the quality")
        self.assertEqual(page.run("document.querySelector('#streams tbody a').textContent"), "<b>Ångström & sons</b>")
        self.assertEqual(page.run("probe.errors"), [])
        self.assertNotIn(TOKEN, page.run(ADDRESSES))


class ChromiumDashboardTests(DashboardTests, unittest.TestCase):
    def test_lets_nobody_in_without_a_token(self):
        page = self.open("/dashboard.html", token=None)
        self.see(page, "Boolean(document.getElementById('token'))", "the form to sign in")
        self.assertTrue(page.run("document.getElementById('main').hidden"))
        page.run(SIGN_IN.format("a-token-that-is-wrong"))
        self.see(page, "document.querySelector('.sign-in-message').textContent !== ''", "what is wrong")
        self.assertIsNone(page.run("sessionStorage.getItem('sluice.token')"))

    def test_a_viewer_changes_nothing(self):
        page = self.open("/dashboard.html", token=VIEWER_TOKEN)
        self.see(page, IS_LIVE, "the figures")
        self.assertTrue(page.run("document.getElementById('new-stream').hidden"))
        page = self.open(f"/stream.html?id={self.stream.id}", token=VIEWER_TOKEN)
        self.see(page, f"{CONNECTION} === 'Connected'", "the page of the stream")
        self.assertTrue(page.run("document.getElementById('keys').hidden"))

    def test_comes_back_to_a_server_that_was_away(self):
        server = Sluice()
        self.addCleanup(server.close)
        page = self.browser.open(server.address + "/dashboard.html")
        self.addCleanup(page.close)
        self.see(page, "Boolean(document.getElementById('token'))", "the form to sign in")
        page.run(SIGN_IN.format(TOKEN))
        self.see(page, f"{CONNECTION} === 'Connected'", "the figures")
        server.kill()
        self.see(page, f"{CONNECTION} === 'Reconnecting…'", "that the server is away")
        time.sleep(1)
        server.start()
        self.see(page, f"{CONNECTION} === 'Connected'", "that the server is back", seconds=20)

    def test_is_worked_by_keys(self):
        page = self.open("/dashboard.html")
        self.see(page, IS_LIVE, "the figures")
        page.run("location.reload()")
        time.sleep(0.3)
        self.see(page, IS_LIVE, "the figures of the page as it is opened")
        page.page.keyboard.press("Tab")
        self.assertEqual(page.run("document.activeElement.className"), "skip")
        page.page.keyboard.press("Enter")
        self.assertEqual(page.run("document.activeElement.id"), "main")
        page.run("document.querySelector('#streams thead button').focus()")
        page.page.keyboard.press("Enter")
        self.assertEqual(page.run("document.querySelector('#streams [aria-sort]').ariaSort"), "ascending")
        page.run("document.querySelector('#egress-graph svg').focus()")
        page.page.keyboard.press("ArrowLeft")
        self.see(page, "document.querySelector('#egress-graph .legend').textContent.includes(' at ')"
                 " || /at [0-9]/.test(document.querySelector('#egress-graph .legend').textContent)", "the cursor")

    def test_makes_a_stream_and_shows_its_key_once(self):
        page = self.open("/dashboard.html")
        self.see(page, "!document.getElementById('new-stream').hidden", "the button")
        page.run("document.getElementById('new-stream').click()")
        page.run("(document.getElementById('title').value = 'Made here',"
                 " document.getElementById('making-form').requestSubmit())")
        self.see(page, "[...document.querySelectorAll('#made input')].at(-1)?.value.startsWith('rtmp://')",
                 "the address for the encoder")
        page.run("document.getElementById('making').close()")
        self.see(page, "document.querySelectorAll('#made input').length === 0", "the key going away")

    def test_makes_and_revokes_keys(self):
        stream = self.server.make_stream("Keys")
        page = self.open(f"/stream.html?id={stream.id}")
        rows = "document.querySelectorAll('#key-rows tr').length"
        self.see(page, f"{rows} === 1", "the first key")
        page.run("document.getElementById('new-key').click()")
        self.see(page, f"{rows} === 2 && document.querySelectorAll('#issued input').length === 3", "another key")
        page.run("document.querySelector('#key-rows button').click()")
        self.see(page, "document.getElementById('revoking').open", "the question")
        page.run("document.querySelector('#revoking button[value=revoke]').click()")
        self.see(page, "document.querySelectorAll('#key-rows button').length === 1", "the key being revoked")

    def test_shows_all_of_a_stream(self):
        page = self.open(f"/stream.html?id={self.stream.id}")
        self.see(page, HAS_FIGURES, "the figures")
        self.assertEqual(page.run(TEXT.format("title")), "<b>Ångström & sons</b>")
        self.see(page, "document.querySelector('iframe').contentDocument.querySelector('video').readyState >= 3",
                 "the preview", seconds=15)
        self.see(page, "/[0-9]/.test(document.getElementById('score').textContent)", "the health")
        self.see(page, "document.querySelectorAll('#renditions tbody tr').length > 0", "the renditions")
        self.see(page, "document.querySelectorAll('#viewers tbody tr').length > 0", "the preview as a viewer", 25)
        line = "document.querySelector('#ingress-graph .chart-line').getAttribute('d')"
        self.see(page, f"{line}.length > 20", "the graph")
        self.assertEqual(page.run("probe.errors"), [])
        self.assertNotIn(TOKEN, page.run(ADDRESSES))

    def test_fits_every_screen_and_can_be_read_on_it(self):
        for scheme, width, height in pictures.LOOKS:
            for name, path in (("dashboard", "/dashboard.html"), ("stream", f"/stream.html?id={self.stream.id}")):
                with self.subTest(name, scheme=scheme, width=width):
                    page = self.open(path, scheme=scheme, width=width, height=height)
                    self.see(page, HAS_FIGURES, "the figures")
                    time.sleep(3)
                    pictures.check(self, page)
                    pictures.keep(page, f"{name}-{scheme}-{width}")
                    page.close()


class FirefoxDashboardTests(DashboardTests, unittest.TestCase):
    browser_kind = Firefox
