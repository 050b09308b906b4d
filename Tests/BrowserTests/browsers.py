"""Two browsers behind one face: open a page, run a function in it, look at it."""

import base64
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

import playwright.sync_api
import websockets.sync.client

PROBE = pathlib.Path(__file__).with_name("probe.js").read_text()


class Chromium:
    """Debian's Chromium, driven by Playwright."""

    def __init__(self):
        self.playwright = playwright.sync_api.sync_playwright().start()
        self.browser = self.playwright.chromium.launch(
            executable_path="/usr/bin/chromium", headless=True,
            args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"])
        self.version = "Chromium " + self.browser.version

    def open(self, url, width=1280, height=900, scheme="light"):
        context = self.browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        context.add_init_script(PROBE)
        page = context.new_page()
        page.goto(url, wait_until="commit")
        return ChromiumPage(context, page)

    def close(self):
        self.browser.close()
        self.playwright.stop()


class ChromiumPage:
    def __init__(self, context, page):
        self.context = context
        self.page = page

    def run(self, expression):
        """The value of a JavaScript expression, in which `await` is allowed."""
        return self.page.evaluate(f"(async () => ({expression}))()")

    def screenshot(self, path):
        self.page.screenshot(path=path)

    def close(self):
        self.context.close()


class Firefox:
    """Debian's Firefox ESR, driven by WebDriver BiDi over its own debugging port."""

    PREFERENCES = {
        "media.autoplay.default": 0,
        "remote.active-protocols": 1,
        "datareporting.policy.dataSubmissionEnabled": False,
        "app.normandy.enabled": False,
        "toolkit.telemetry.enabled": False,
        "browser.shell.checkDefaultBrowser": False,
        "media.gmp-manager.updateEnabled": False,
        "network.captive-portal-service.enabled": False,
        "network.connectivity-service.enabled": False,
    }

    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="sluice-firefox-")
        with open(self.profile + "/user.js", "w") as preferences:
            for name, value in self.PREFERENCES.items():
                preferences.write(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n")
        self.process = subprocess.Popen(
            ["firefox-esr", "--headless", "--no-remote", "--profile", self.profile, "--remote-debugging-port", "0"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if found := re.search(r"WebDriver BiDi listening on (ws://\S+)", line):
                break
        else:
            raise RuntimeError("Firefox offers no WebDriver BiDi")
        self.last_id = 0
        self.socket = websockets.sync.client.connect(found[1] + "/session", max_size=None)
        session = self.command("session.new", capabilities={})
        self.version = "Firefox " + session["capabilities"]["browserVersion"]
        self.command("script.addPreloadScript", functionDeclaration="() => {" + PROBE + "}")

    def command(self, method, **parameters):
        self.last_id += 1
        self.socket.send(json.dumps({"id": self.last_id, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.socket.recv(timeout=60))
            if answer.get("id") == self.last_id:
                if answer["type"] == "error":
                    raise RuntimeError(f"{method}: {answer['message']}")
                return answer["result"]

    def open(self, url, width=1280, height=900):
        context = self.command("browsingContext.create", type="tab")["context"]
        self.command("browsingContext.setViewport", context=context, viewport={"width": width, "height": height})
        self.command("browsingContext.navigate", context=context, url=url, wait="none")
        page = FirefoxPage(self, context)
        while page.run("location.href") == "about:blank":
            time.sleep(0.05)
        return page

    def close(self):
        self.socket.close()
        self.process.terminate()
        self.process.wait(20)
        self.process.stderr.close()
        shutil.rmtree(self.profile, ignore_errors=True)


class FirefoxPage:
    def __init__(self, browser, context):
        self.browser = browser
        self.context = context

    def run(self, expression):
        answer = self.browser.command(
            "script.evaluate", expression=f"(async () => JSON.stringify({{ value: {expression} }}))()",
            target={"context": self.context}, awaitPromise=True)
        if answer["type"] == "exception":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"]).get("value")

    def screenshot(self, path):
        answer = self.browser.command("browsingContext.captureScreenshot", context=self.context)
        pathlib.Path(path).write_bytes(base64.b64decode(answer["data"]))

    def close(self):
        self.browser.command("browsingContext.close", context=self.context)
