"""Twelve players at once in two browsers: whoever counts the viewers says the same, also when they go."""

import json
import time
import unittest

import websockets.sync.client

from broadcast import TOKEN, Sluice, wait_until
from browsers import Chromium, Firefox

#: Of each kind, in each browser.
PLAYERS = 3
KINDS = ("hls", "dash")
#: Small enough that two cores encode it, and decode it twelve times. Segments so long that a session which nobody ends
#: is open for 18 s.
SMALL = {"LADDER": "240p:250,144p:120", "SEGMENT_SECONDS": "6"}
#: By then a page that is left is not counted any more, which was told by its beacon, and not by its silence.
FAREWELL_SECONDS_MAX = 12
SIZE = "426x240"
#: Long after the silence that ends a session, for machines that are busy.
SECONDS_MAX = 60
#: How long everybody must go on saying the same.
STEADY_LOOKS = 5

#: What the dashboard shows: the gauge, the row of the stream, the middle of the pie and the sum of its table.
DASHBOARD = """(() => {
  const number = (text) => Number(text?.match(/[0-9]+/)?.[0] ?? NaN);
  const table = [...document.querySelectorAll("#qualities tbody tr")];
  return {
    gauge: number(document.querySelector(".gauge-number")?.textContent),
    row: number(document.querySelector("#streams tbody td[data-label=Viewers]")?.textContent),
    pie: number(document.querySelector("#qualities svg text")?.textContent) };
})()"""

SIGN_IN = f"""(() => {{
  const field = document.getElementById("token");
  field.value = "{TOKEN}";
  field.form.requestSubmit();
}})()"""

#: Whether there is a picture that goes on.
PLAYS = "Boolean(window.probe?.firstFrame) && video.readyState >= 3"
TIME = "video.currentTime"
ENGINE = "document.getElementById('engine').textContent"
WATCHING = "parseInt(document.getElementById('watching').textContent)"


class AudienceTests(unittest.TestCase):
    def setUp(self):
        self.server = Sluice(environment=SMALL)
        self.addCleanup(self.server.close)
        self.chromium = Chromium()
        self.addCleanup(self.chromium.close)
        self.firefox = Firefox()
        self.addCleanup(self.firefox.close)
        self.stream = self.server.make_stream("Counted")
        self.addCleanup(self.stream.publish(size=SIZE).kill)

    def test_all_who_count_the_viewers_agree(self):
        self.dashboard = self.open_dashboard()
        self.socket = websockets.sync.client.connect(
            # Its messages wait until they are looked at, however many those are.
            self.server.address.replace("http", "ws", 1) + f"/ws/stream/{self.stream.id}", max_queue=None)
        self.addCleanup(self.socket.close)
        self.told = None
        here = [self.chromium.open(self.address(kind)) for kind in KINDS for _ in range(PLAYERS)]
        away = [self.firefox.open(self.address(kind)) for kind in KINDS for _ in range(PLAYERS)]
        for page in here + away:
            wait_until(lambda: page.run(PLAYS), SECONDS_MAX, "a picture")
        self.page = here[-1]

        took = self.see(len(here + away))
        print(f"\n    {len(here + away)} players, counted alike {took:.1f} s after the last one plays", end=" ")
        for _ in range(STEADY_LOOKS):
            time.sleep(1)
            counts = self.counts()
            self.assertEqual(set(counts.values()), {len(here + away)}, counts)
        for engine, pages in self.by_engine(here + away).items():
            self.assertEqual(len(pages), 2 * PLAYERS, engine)

        # Some leave, and their pages say so.
        for page in here[:PLAYERS]:
            page.run("location.assign('about:blank')")
        took = self.see(len(here + away) - PLAYERS)
        print(f"\n    {PLAYERS} left: {took:.1f} s", end=" ")
        self.assertLess(took, FAREWELL_SECONDS_MAX)
        # A browser dies, and with it its players, without a word.
        self.firefox.kill()
        took = self.see(len(here) - PLAYERS)
        print(f"\n    {len(away)} died: {took:.1f} s", end=" ", flush=True)
        # Nobody was taken for two.
        self.assertEqual(len(self.sessions("limit=500")), len(here + away))
        self.assertEqual(len(self.sessions("open=false&limit=500")), PLAYERS + len(away))
        self.assertEqual(self.dashboard.run("probe.errors"), [])

    # MARK: The pages

    def address(self, kind):
        return f"{self.server.address}/?stream={self.stream.id}&engine={kind}"

    def open_dashboard(self):
        page = self.chromium.open(self.server.address + "/dashboard.html")
        wait_until(lambda: page.run("document.readyState === 'complete' && Boolean(document.getElementById('token'))"),
                   10, "the form to sign in")
        page.run(SIGN_IN)
        wait_until(lambda: page.run(DASHBOARD)["row"] is not None, 10, "the stream on the dashboard")
        return page

    def by_engine(self, pages):
        """The pages by their players; all of them play on."""
        before = [page.run(TIME) for page in pages]
        found = {}
        for page, time_before in zip(pages, before):
            wait_until(lambda: page.run(TIME) > time_before + 1, SECONDS_MAX, "that it plays on")
            found.setdefault(page.run(ENGINE).split()[0], []).append(page)
        self.assertEqual(sorted(found), ["dash.js", "hls.js"])
        return found

    # MARK: The counts

    def see(self, viewers):
        """Waits until everybody counts as many; gives how long that took, in seconds."""
        began = time.monotonic()
        seen = {}

        def fact():
            seen.update(self.counts())
            return set(seen.values()) == {viewers}

        try:
            wait_until(fact, SECONDS_MAX, f"{viewers} viewers")
        except AssertionError as failure:
            raise AssertionError(f"{failure}: {seen}") from None
        return time.monotonic() - began

    def counts(self):
        """How many watch, by whoever says so."""
        metrics = self.metrics()
        return {
            **{f"dashboard, {name}": number for name, number in self.dashboard.run(DASHBOARD).items()},
            "a player's page": self.page.run(WATCHING),
            "GET /streams/{id}": self.server.ask(f"/streams/{self.stream.id}")["viewers"],
            "GET /streams/{id}/viewers": len(self.sessions("open=true&limit=500")),
            "GET /overview": self.server.ask("/overview")["streams"][0]["viewers"],
            "/ws/stream/{id}": self.newest(),
            "sluice_viewers": metrics.get("sluice_viewers"),
            "sluice_stream_viewers": metrics.get(f'sluice_stream_viewers{{stream="{self.stream.id}"}}'),
        }

    def sessions(self, query):
        return self.server.ask(f"/streams/{self.stream.id}/viewers?{query}")["viewers"]

    def newest(self):
        """What the newest message of the WebSocket says."""
        while True:
            try:
                message = json.loads(self.socket.recv(timeout=0))
            except TimeoutError:
                return self.told
            if message["type"] == "metrics":
                self.told = message["data"]["viewers"]

    def metrics(self):
        """The values of a scrape by their names with labels."""
        lines = self.server.read("/metrics").splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
        return {name: float(value) for name, value in pairs}
