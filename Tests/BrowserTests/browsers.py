"""Three browsers behind one face: open a page, run a function in it, look at it."""

import base64
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

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
        self.page.screenshot(path=path, full_page=True)

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
        """A page with cookies of its own, in a window of its own: nobody plays in a tab that is not seen."""
        user = self.command("browser.createUserContext")["userContext"]
        context = self.command("browsingContext.create", type="window", userContext=user)["context"]
        self.command("browsingContext.setViewport", context=context, viewport={"width": width, "height": height})
        self.command("browsingContext.navigate", context=context, url=url, wait="none")
        page = FirefoxPage(self, context)
        while page.run("location.href") == "about:blank":
            time.sleep(0.05)
        return page

    def kill(self):
        """As when the machine dies: no page says that it is left."""
        self.process.kill()
        self.process.wait(20)

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
            "script.evaluate", expression=f"(async () => JSON.stringify({{ value: await ({expression}) }}))()",
            target={"context": self.context}, awaitPromise=True)
        if answer["type"] == "exception":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"]).get("value")

    def screenshot(self, path):
        answer = self.browser.command("browsingContext.captureScreenshot", context=self.context)
        pathlib.Path(path).write_bytes(base64.b64decode(answer["data"]))

    def close(self):
        self.browser.command("browsingContext.close", context=self.context)


class WebKit:
    """Debian's WebKitGTK with its own HLS, on a screen of its own, driven by WebDriver."""

    BROWSERS = "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.*/MiniBrowser"

    def __init__(self):
        self.screen = subprocess.Popen(
            ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x1000x24", "-nolisten", "tcp"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        # Without a sound card the clock of GStreamer would not go.
        self.folder = tempfile.mkdtemp(prefix="sluice-webkit-")
        sound = self.folder + "/sound"
        self.sound = subprocess.Popen(
            ["pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "-L",
             "module-null-sink", "-L", f"module-native-protocol-unix auth-anonymous=1 socket={sound}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | {"HOME": self.folder})
        self.driver = subprocess.Popen(
            ["WebKitWebDriver", "--host=127.0.0.1", f"--port={port}"], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env=os.environ | {
                "DISPLAY": ":" + self.screen.stdout.readline().strip(), "WEBKIT_GST_ENABLE_HLS_SUPPORT": "1",
                "PULSE_SERVER": "unix:" + sound, "NO_AT_BRIDGE": "1", "GDK_BACKEND": "x11"})
        self.address = f"http://127.0.0.1:{port}"
        browser = str(next(pathlib.Path("/").glob(self.BROWSERS[1:])))
        capabilities = {
            "pageLoadStrategy": "none", "webkitgtk:browserOptions": {"binary": browser, "args": ["--automation"]}}
        for _ in range(50):
            try:
                session = self.command("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})
                break
            except urllib.error.URLError:
                time.sleep(0.1)
        self.session = "/session/" + session["sessionId"]
        self.version = "WebKitGTK " + session["capabilities"]["browserVersion"]

    def command(self, method, path, body=None):
        request = urllib.request.Request(
            self.address + path, method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as refusal:
            raise RuntimeError(f"{path}: {json.load(refusal)['value']['message']}") from None

    def open(self, url):
        self.command("POST", self.session + "/url", {"url": url})
        page = WebKitPage(self)
        while page.run("location.href") == "about:blank":
            time.sleep(0.05)
        page.execute(PROBE)
        return page

    def close(self):
        self.command("DELETE", self.session)
        for process in (self.driver, self.sound, self.screen):
            process.terminate()
            process.wait(20)
        self.screen.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class WebKitPage:
    def __init__(self, browser):
        self.browser = browser

    def execute(self, script):
        return self.browser.command(
            "POST", self.browser.session + "/execute/sync", {"script": script, "args": []})

    def run(self, expression):
        return self.execute(f"return (async () => ({expression}))()")

    def screenshot(self, path):
        image = self.browser.command("GET", self.browser.session + "/screenshot")
        pathlib.Path(path).write_bytes(base64.b64decode(image))

    def close(self):
        self.browser.command("POST", self.browser.session + "/url", {"url": "about:blank"})
