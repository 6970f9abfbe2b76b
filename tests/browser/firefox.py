"""Firefox, driven by WebDriver BiDi over its own websocket, in a network namespace (it sends no media over loopback).

W3C WebDriver BiDi: https://www.w3.org/TR/webdriver-bidi/
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ctypes
import json
import os
import socket
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import websockets

from tests.netns import Namespace
from tests.server import free_port

FIREFOX = "/usr/bin/firefox-esr"
_NEW_NETWORK = 0x40000000  # CLONE_NEWNET, setns(2)
_PREFERENCES: dict[str, Any] = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "",
    "extensions.systemAddon.update.enabled": False,
    "media.gmp-manager.updateEnabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "intl.accept_languages": "de-DE,de",
}


class Firefox:
    """One window of Firefox."""

    def __init__(self, socket_: websockets.ClientConnection) -> None:
        self._socket = socket_
        self._next = 0
        self._context = ""

    async def open(self) -> None:
        """Begin the session and take the window that is there."""
        await self.send("session.new", capabilities={})
        tree = await self.send("browsingContext.getTree")
        self._context = tree["contexts"][0]["context"]

    async def send(self, method: str, **params: Any) -> Any:
        """Send a BiDi command; returns its result."""
        self._next += 1
        await self._socket.send(json.dumps({"id": self._next, "method": method, "params": params}))
        while True:
            message = json.loads(await self._socket.recv())
            if message.get("id") != self._next:
                continue
            if message["type"] == "error":
                raise RuntimeError(f"{method}: {message['error']}: {message['message']}")
            return message["result"]

    async def go(self, url: str) -> None:
        """Open an address."""
        await self.send("browsingContext.navigate", context=self._context, url=url, wait="complete")

    async def run(self, script: str) -> Any:
        """Evaluate an expression (a promise is awaited); returns its JSON value."""
        result = await self.send(
            "script.evaluate",
            expression=f"Promise.resolve({script}).then((value) => JSON.stringify(value ?? null))",
            target={"context": self._context},
            awaitPromise=True,
        )
        if result["type"] != "success":
            raise RuntimeError(result["exceptionDetails"]["text"])
        return json.loads(result["result"]["value"])

    async def press(self, text: str) -> bool:
        """Press the visible button with this text, if it is there."""
        return bool(
            await self.run(
                f"""(() => {{
                  const button = [...document.querySelectorAll("button")].find(
                    (b) => b.offsetParent && !b.disabled && b.innerText.trim() === {json.dumps(text)});
                  button?.click();
                  return Boolean(button);
                }})()"""
            )
        )

    async def picture(self) -> bytes:
        """A screenshot, PNG."""
        shot = await self.send("browsingContext.captureScreenshot", context=self._context)
        return base64.b64decode(shot["data"])


@contextlib.asynccontextmanager
async def firefox(host: Namespace, directory: Path) -> AsyncIterator[Firefox]:
    """Firefox on another host, without a screen, with a made-up camera and microphone."""
    profile = directory / "profile"
    profile.mkdir()
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in _PREFERENCES.items()]
    (profile / "user.js").write_text("\n".join(lines), "utf-8")
    port = free_port()
    environment = {**os.environ, "HOME": str(directory), "MOZ_DISABLE_CONTENT_SANDBOX": "1"}
    process = await asyncio.create_subprocess_exec(
        *host.enter,
        FIREFOX,
        "--headless",
        "--no-remote",
        "--profile",
        str(profile),
        "--remote-debugging-port",
        str(port),
        "about:blank",
        env=environment,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        line = await _connect(host, port)
        async with websockets.connect(
            f"ws://127.0.0.1:{port}/session", sock=line, max_size=None, compression=None
        ) as bidi:
            window = Firefox(bidi)
            await window.open()
            yield window
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _connect(host: Namespace, port: int) -> socket.socket:
    """Reach the namespace's own loopback; Firefox needs a few seconds until it listens."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await asyncio.to_thread(_dial, host.name, port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.3)


def _dial(name: str, port: int) -> socket.socket:
    """A TCP connection that was opened inside the namespace (setns(2) holds for one thread)."""
    outcome: list[socket.socket | OSError] = []

    def inside() -> None:
        with open(f"/run/netns/{name}", "rb") as namespace:
            if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), _NEW_NETWORK):
                outcome.append(OSError(ctypes.get_errno(), "setns"))
                return
        line = socket.socket()
        try:
            line.connect(("127.0.0.1", port))
        except OSError as error:
            line.close()
            outcome.append(error)
        else:
            outcome.append(line)

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    if isinstance(outcome[0], OSError):
        raise outcome[0]
    return outcome[0]
