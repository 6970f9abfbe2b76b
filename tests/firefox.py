"""Firefox without a driver program: launched headless, spoken to by WebDriver BiDi over its own WebSocket.

It wants an address other than the loopback for its media, so it lives in a network namespace (see `netns`).
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from pathlib import Path
from types import TracebackType
from typing import Any

import websockets

from tests.netns import Namespace

BINARY = Path("/usr/bin/firefox-esr")
PREFERENCES = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.devices.insecure.enabled": True,
    "media.getusermedia.insecure.enabled": True,
    "media.autoplay.default": 0,
    "media.gmp-manager.updateEnabled": False,
    "media.gmp-provider.enabled": False,
    "app.update.enabled": False,
    "app.normandy.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.safebrowsing.update.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",
    "toolkit.telemetry.enabled": False,
}


class JavaScriptError(Exception):
    """What a script in the page threw."""


class Firefox:
    """A running Firefox inside a namespace; ended with the ``async with``."""

    def __init__(self, namespace: Namespace, profile: Path, preferences: dict[str, Any] | None = None) -> None:
        """`profile` is an empty directory; `preferences` are added to `PREFERENCES`."""
        self._namespace = namespace
        self._profile = profile
        self._preferences = {**PREFERENCES, **(preferences or {})}
        self._ids = itertools.count(1)
        self._socket: Any = None

    async def __aenter__(self) -> Firefox:
        lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in self._preferences.items()]
        (self._profile / "user.js").write_text("\n".join(lines))
        command = self._namespace.command(
            "env", f"HOME={self._profile}", "MOZ_REMOTE_ALLOW_SYSTEM_ACCESS=1", str(BINARY), "--headless",
            "--no-remote", "--profile", str(self._profile), "--remote-debugging-port", "0",
        )  # fmt: skip
        self._process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
        )
        try:
            port = await asyncio.wait_for(self._port(), 60)
            self._drain = asyncio.create_task(self._read_errors())
            connection = await self._namespace.connect("127.0.0.1", port)
            connection.setblocking(False)
            url = f"ws://127.0.0.1:{port}/session"
            self._socket = await websockets.connect(url, sock=connection, max_size=None)
            await self.call("session.new", capabilities={})
        except BaseException:
            self._process.kill()
            await self._process.wait()
            raise
        return self

    async def _port(self) -> int:
        assert self._process.stderr is not None
        while line := await self._process.stderr.readline():
            if match := re.search(rb"WebDriver BiDi listening on ws://[^:]+:(\d+)", line):
                return int(match[1])
        raise RuntimeError("Firefox ended before it listened")

    async def _read_errors(self) -> None:
        assert self._process.stderr is not None
        while await self._process.stderr.readline():
            pass

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await asyncio.wait_for(self.call("browser.close"), 5)
        except (TimeoutError, websockets.ConnectionClosed):
            self._process.kill()
        await self._socket.close()
        try:
            await asyncio.wait_for(self._process.wait(), 10)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._drain

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One BiDi command; its result.

        Raises:
            RuntimeError: Firefox answered with an error.
        """
        number = next(self._ids)
        await self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(await self._socket.recv())
            if message.get("id") == number:
                break
        if message["type"] == "error":
            raise RuntimeError(f"{method}: {message['error']}: {message['message']}")
        result: dict[str, Any] = message["result"]
        return result

    async def open(self, url: str) -> Tab:
        """A new tab that has loaded `url`."""
        context = (await self.call("browsingContext.create", type="tab"))["context"]
        await self.call("browsingContext.navigate", context=context, url=url, wait="complete")
        return Tab(self, context)


class Tab:
    """One page, with the two methods of Playwright's that the tests need."""

    def __init__(self, firefox: Firefox, context: str) -> None:
        self._firefox = firefox
        self._context = context

    async def goto(self, url: str) -> None:
        """Load another page."""
        await self._firefox.call("browsingContext.navigate", context=self._context, url=url, wait="complete")

    async def evaluate(self, expression: str) -> Any:
        """The value (as JSON has it) of an expression, awaited if it is a promise.

        Raises:
            JavaScriptError: it threw.
        """
        wrapped = f"(async () => JSON.stringify((await ({expression})) ?? null))()"
        answer = await self._firefox.call(
            "script.evaluate",
            expression=wrapped,
            target={"context": self._context},
            awaitPromise=True,
            userActivation=True,
        )
        if answer["type"] == "exception":
            raise JavaScriptError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])
