"""A small WebDriver client (W3C WebDriver over HTTP), enough to walk through pages as a person does."""

import base64
import json
import pathlib
import socket
import subprocess
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
# Without the background flags Chromium asks its maker's hosts for updates at every start.
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
]


class WebDriverError(Exception):
    """The browser said no."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Browser:
    """One headless Chromium with a profile of its own: `with Browser(program, folder) as browser`."""

    name = "Chromium"

    def __init__(self, program: str, folder: pathlib.Path) -> None:
        self.program, self.folder = program, folder

    def __enter__(self) -> "Browser":
        port = free_port()
        log = open(self.folder / "chromedriver.log", "w")
        self.driver = subprocess.Popen(
            ["chromedriver", f"--port={port}"], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )
        self.base = f"http://127.0.0.1:{port}"
        try:
            self._open_session()
        except BaseException:
            self._end_driver()
            raise
        return self

    def _open_session(self) -> None:
        self._wait_for_driver()
        profile = self.folder / "profile"
        profile.mkdir(exist_ok=True)
        options = {"binary": self.program, "args": [*FLAGS, f"--user-data-dir={profile}", "--window-size=1100,900"]}
        wanted = {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }
        session = self._call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self.base += f"/session/{session['sessionId']}"

    def __exit__(self, *_) -> None:
        try:
            self._call("DELETE", "", None)
        except (WebDriverError, OSError):
            pass
        self._end_driver()

    def _end_driver(self) -> None:
        self.driver.terminate()
        try:
            self.driver.wait(10)
        except subprocess.TimeoutExpired:
            self.driver.kill()
            self.driver.wait()

    def _wait_for_driver(self) -> None:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                if self._call("GET", "/status", None)["ready"]:
                    return
            except OSError:
                time.sleep(0.2)
        raise WebDriverError("chromedriver did not get ready in 30 s")

    def _call(self, method: str, path: str, body: dict | None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data=data, method=method)
        request.add_header("Content-Type", "application/json")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=90) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            value = json.load(error)["value"]
            raise WebDriverError(f"{value['error']}: {value['message'].splitlines()[0]}") from None

    def go(self, address: str) -> None:
        self._call("POST", "/url", {"url": address})

    def address(self) -> str:
        return self._call("GET", "/url", None)

    def title(self) -> str:
        return self._call("GET", "/title", None)

    def run(self, script: str, *arguments):
        """The value of a JavaScript function body."""
        return self._call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def find(self, selector: str) -> str:
        return self._call("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def has(self, selector: str) -> bool:
        return bool(self._call("POST", "/elements", {"using": "css selector", "value": selector}))

    def type_into(self, selector: str, text: str) -> None:
        self._call("POST", f"/element/{self.find(selector)}/value", {"text": text})

    def click(self, selector: str) -> None:
        self._call("POST", f"/element/{self.find(selector)}/click", {})

    def text(self) -> str:
        return self.run("return document.body ? document.body.innerText : ''")

    def command(self, name: str, **parameters):
        """A DevTools command."""
        return self._call("POST", "/goog/cdp/execute", {"cmd": name, "params": parameters})

    def size(self, width: int, height: int) -> None:
        """The size of the page's window in CSS pixels, narrower than a real window may be."""
        self.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    def scheme(self, name: str) -> None:
        """What the person's screen prefers: "light" or "dark"."""
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def whole_picture(self, file: pathlib.Path, width: int) -> bytes:
        """The page down to its end, in a window of that height: a capture beyond the window shifts right-to-left pages."""
        self.size(width, self.run("return Math.ceil(document.documentElement.scrollHeight)"))
        return self.picture(file)

    def picture(self, file: pathlib.Path) -> bytes:
        png = base64.b64decode(self._call("GET", "/screenshot", None))
        file.write_bytes(png)
        return png

    def complaints(self) -> list[str]:
        """What the console said since the last call: script errors, blocked and missing resources."""
        entries = self._call("POST", "/se/log", {"type": "browser"})
        return [entry["message"] for entry in entries if entry["level"] == "SEVERE"]

    def requested(self) -> list[str]:
        """The addresses asked for since the last call."""
        entries = self._call("POST", "/se/log", {"type": "performance"})
        events = (json.loads(entry["message"])["message"] for entry in entries)
        return [
            event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"
        ]
