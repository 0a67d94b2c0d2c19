"""A real browser over the pages: Chromium, served by a thread, with every console error and content violation kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shutil import which

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import make_server

from tests.worlds import PASSWORD

PHONE, DESK = (390, 844), (1280, 800)


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve `app` from a thread of this process; yield its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


_KEY_SECONDS = 0.005  # between two keys of a hand scanner


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the system's Chromium."""
    path = which("chromium") or which("chromium-browser") or which("google-chrome")
    if path is None:
        pytest.skip("Chromium is not installed: apt install chromium")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Seat:
    """One person at one screen. What the browser complains of is kept and must be empty at the end."""

    address: str
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)

    def watch(self) -> None:
        self.page.on("console", lambda said: self._note(said.type, said.text))
        self.page.on("pageerror", lambda fault: self.complaints.append(f"script: {fault}"))

    def _note(self, kind: str, text: str) -> None:
        # A page that is answered with 4xx on purpose is reported by the browser as a failed resource; that is no fault.
        if kind in ("error", "warning") and "the server responded with a status of 4" not in text:
            self.complaints.append(f"{kind}: {text}")

    def go(self, path: str) -> None:
        self.page.goto(self.address + path)

    def sign_in(self, person: str) -> None:
        self.go(f"/sign-in?person={person}")
        self.page.fill("#password", PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(self.address + "/")

    def scan(self, text: str) -> None:
        """Do what a hand scanner does: type fast wherever the cursor stands, then press Enter.

        Each key says itself when it was pressed, so a busy machine cannot make a slow typist of a scanner.
        """
        keys = self.context.new_cdp_session(self.page)
        began = time.time() - _KEY_SECONDS * (len(text) + 1)
        for number, key in enumerate([*text, "Enter"]):
            named = {"key": key, "code": key, "windowsVirtualKeyCode": 13} if key == "Enter" else {"key": key}
            said = {**named, "text": "\r" if key == "Enter" else key, "timestamp": began + number * _KEY_SECONDS}
            keys.send("Input.dispatchKeyEvent", {"type": "keyDown", **said})
            keys.send("Input.dispatchKeyEvent", {"type": "keyUp", **said, "text": ""})
        keys.detach()

    def press(self, name: str) -> None:
        """Press a button that leads to another page, and wait for it as a person does."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=name, exact=True).click()

    def follow(self, name: str) -> None:
        with self.page.expect_navigation():
            self.page.get_by_role("link", name=name, exact=True).first.click()

    def heading(self) -> str:
        return self.page.locator("h1").inner_text()

    def picture(self, path: Path) -> None:
        self.page.screenshot(path=path, full_page=True)


@contextmanager
def seat(browser: Browser, address: str, *, size: tuple[int, int] = DESK, scripts: bool = True) -> Iterator[Seat]:
    """Give a person a screen of `size`; fails when the browser complained of anything."""
    phone = size[0] < 700
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, java_script_enabled=scripts,
                                  has_touch=phone, is_mobile=phone, device_scale_factor=1)  # fmt: skip
    context.set_default_timeout(10_000)
    place = Seat(address, context, context.new_page())
    place.watch()
    yield place
    context.close()
    assert place.complaints == []
