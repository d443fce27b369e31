"""A real headless Chromium, driven through Debian's chromedriver by the WebDriver
protocol (W3C), spoken by hand.

    browser = Browser()              # skips, or fails in CI, without the packages
    browser.open("http://127.0.0.1:8025/")
    browser.find("#password").type("...")
    browser.wait_text("main", "Greetings held")
    browser.shot("now")              # into the folder that SALLYPORT_SCREENSHOTS names
    browser.close()
"""

import base64
import http.client
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from daemon import TOP, eventually, free_port, slow

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
ENTER = "\ue007"
TAB = "\ue004"
NARROW = (390, 844)
WIDE = (1280, 900)


def screenshots():
    """Where pictures go; CI keeps the folder."""
    folder = os.environ.get("SALLYPORT_SCREENSHOTS", os.path.join(TOP, "_build-screenshots"))
    os.makedirs(folder, exist_ok=True)
    return folder


def need():
    for name in ("chromedriver", "chromium"):
        if not shutil.which(name):
            if os.environ.get("CI") == "true":
                raise AssertionError(f"{name} is not here")
            raise unittest.SkipTest(f"{name} is not here")


class Refused(Exception):
    """What the driver could not do."""


class Element:
    def __init__(self, browser, reference):
        self.browser = browser
        self.path = f"/element/{reference}"

    def click(self):
        self.browser.post(self.path + "/click")

    def type(self, text):
        self.browser.post(self.path + "/value", {"text": text})

    def clear(self):
        self.browser.post(self.path + "/clear")

    def text(self):
        return self.browser.get(self.path + "/text")

    def attribute(self, name):
        return self.browser.get(f"{self.path}/attribute/{name}")

    def is_shown(self):
        return self.browser.get(self.path + "/displayed")


class Browser:
    def __init__(self, size=WIDE, is_dark=False):
        need()
        self.folder = tempfile.mkdtemp(prefix="sallyport-browser-")
        self.port = free_port()
        with open(os.path.join(self.folder, "driver.log"), "wb") as log:
            self.driver = subprocess.Popen(["chromedriver", f"--port={self.port}"], stdin=subprocess.DEVNULL,
                                           stdout=log, stderr=log, start_new_session=True)
        self.session = None
        try:
            eventually(self._is_ready, "answer of chromedriver", 20)
            self.session = self._begin(size, is_dark)
        except BaseException:
            self.close()
            raise

    def _is_ready(self):
        try:
            return self._ask("GET", "/status")["ready"]
        except OSError:
            return False

    def _begin(self, size, is_dark):
        options = {
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                     "--disable-background-networking", "--disable-component-update", "--no-first-run",
                     "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
                     f"--user-data-dir={self.folder}/profile", f"--window-size={size[0]},{size[1]}",
                     *(["--force-dark-mode"] if is_dark else [])],
        }
        if size[0] < 500:  # a window of Chromium's cannot be as narrow as a phone
            options["mobileEmulation"] = {"deviceMetrics": {"width": size[0], "height": size[1], "pixelRatio": 2}}
        told = self._ask("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}})
        return told["sessionId"]

    def _ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60 * slow())
        try:
            connection.request(method, path, None if body is None else json.dumps(body),
                               {"Content-Type": "application/json"})
            told = json.loads(connection.getresponse().read())["value"]
        finally:
            connection.close()
        if isinstance(told, dict) and "error" in told:
            raise Refused(f"{told['error']}: {told['message'].splitlines()[0]}")
        return told

    def get(self, path):
        return self._ask("GET", f"/session/{self.session}{path}")

    def post(self, path, body=None):
        return self._ask("POST", f"/session/{self.session}{path}", body or {})

    def close(self):
        if self.session:
            try:
                self._ask("DELETE", f"/session/{self.session}")
            except (OSError, Refused):
                pass
        self.driver.terminate()
        self.driver.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)

    # ------------------------------------------------------------------ the page

    def open(self, url):
        self.post("/url", {"url": url})

    def run(self, script, *words):
        return self.post("/execute/sync", {"script": script, "args": list(words)})

    def all(self, selector):
        found = self.post("/elements", {"using": "css selector", "value": selector})
        return [Element(self, reference[ELEMENT]) for reference in found]

    def find(self, selector):
        """The first of them, waited for."""
        return eventually(lambda: self.all(selector), f"{selector} on the page", 15)[0]

    def button(self, name, within="body"):
        """By the name that a screen reader says."""
        def found():
            for element in self.all(f"{within} button"):
                try:
                    if self.get(element.path + "/computedlabel") == name:
                        return element
                except Refused:  # the page has drawn itself anew meanwhile
                    return None
            return None
        return eventually(found, f"button {name!r}", 15)

    def text(self, selector="body"):
        return self.run("return document.querySelector(arguments[0])?.innerText || ''", selector)

    def wait_text(self, selector, wanted, seconds=15):
        """Until it matches; the page draws itself anew, so it is read in one step."""
        return eventually(lambda: re.search(wanted, self.text(selector), re.S), f"{wanted!r} in {selector}", seconds)

    def press(self, *keys):
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.post("/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def complaints(self):
        """What the console says of errors: scripts, CSP, what could not be loaded."""
        return [entry["message"] for entry in self._ask("POST", f"/session/{self.session}/se/log", {"type": "browser"})
                if entry["level"] == "SEVERE"]

    def shot(self, name):
        path = os.path.join(screenshots(), name + ".png")
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.get("/screenshot")))
        return path
