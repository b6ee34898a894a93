"""A small client of Firefox's Marionette (JSON over TCP, the protocol below geckodriver), with the calls that tests of feeds need.

https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html
"""

import base64
import json
import pathlib
import socket
import subprocess
import time

from webdriver import WebDriverError, free_port

# Nothing is fetched that the test does not ask for.
PREFERENCES = {
    "app.normandy.enabled": False,
    "app.update.auto": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "browser.startup.page": 0,
    "datareporting.healthreport.uploadEnabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.proxy.type": 0,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "toolkit.telemetry.enabled": False,
}


class Firefox:
    """One headless Firefox with a profile of its own: `with Firefox(program, folder) as browser`."""

    name = "Firefox"

    def __init__(self, program: str, folder: pathlib.Path) -> None:
        self.program, self.folder, self.calls, self.rest = program, folder, 0, b""

    def __enter__(self) -> "Firefox":
        profile, port = self.folder / "firefox-profile", free_port()
        profile.mkdir(exist_ok=True)
        wanted = {**PREFERENCES, "marionette.port": port}
        (profile / "user.js").write_text("".join(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in wanted.items()))
        log = open(self.folder / "firefox.log", "w")
        # Its home is the profile's folder: what it keeps elsewhere stays in the test, too.
        command = ["env", f"HOME={self.folder}", self.program, "--headless", "--marionette", "--no-remote", "--profile", profile]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        try:
            self._connect(port)
            self._call("WebDriver:NewSession", capabilities={"alwaysMatch": {"unhandledPromptBehavior": "dismiss"}})
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_) -> None:
        try:
            self._call("Marionette:Quit", flags=["eForceQuit"])
        except (WebDriverError, OSError, ValueError):
            pass
        self._end()

    def _end(self) -> None:
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _connect(self, port: int) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until and self.process.poll() is None:
            try:
                self.socket = socket.create_connection(("127.0.0.1", port), 60)
                self._receive()
                return
            except OSError:
                time.sleep(0.2)
        raise WebDriverError("Firefox did not get ready in 60 s")

    def _receive(self):
        """A message is its length in bytes, a colon, and so much JSON."""
        while b":" not in self.rest:
            self._read()
        length, _, self.rest = self.rest.partition(b":")
        while len(self.rest) < int(length):
            self._read()
        text, self.rest = self.rest[: int(length)], self.rest[int(length) :]
        return json.loads(text)

    def _read(self) -> None:
        data = self.socket.recv(1 << 16)
        if not data:
            raise WebDriverError("Firefox hung up")
        self.rest += data

    def _call(self, name: str, **parameters):
        self.calls += 1
        text = json.dumps([0, self.calls, name, parameters]).encode()
        self.socket.sendall(b"%d:%s" % (len(text), text))
        _, _, error, result = self._receive()
        if error:
            raise WebDriverError(f"{error['error']}: {error['message'].splitlines()[0]}")
        return result

    def go(self, address: str) -> None:
        self._call("WebDriver:Navigate", url=address)

    def run(self, script: str, *arguments):
        """The value of a JavaScript function body."""
        return self._call("WebDriver:ExecuteScript", script=script, args=list(arguments))["value"]

    def size(self, width: int, height: int) -> None:
        """Of the window; it stays as wide as Firefox wants it at least."""
        self._call("WebDriver:SetWindowRect", width=width, height=height)

    def picture(self, file: pathlib.Path) -> bytes:
        png = base64.b64decode(self._call("WebDriver:TakeScreenshot", full=False)["value"])
        file.write_bytes(png)
        return png

    def complaints(self) -> list[str]:
        """Firefox keeps its console to itself."""
        return []

    def requested(self) -> list[str]:
        """What the page loaded beside itself."""
        return self.run("return performance.getEntriesByType('resource').map(entry => entry.name)")
