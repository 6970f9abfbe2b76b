"""A socket.io client by hand: sends what no well-behaved client would, and reads only when it is told to."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from tests.house import House

PATH = "/socket.io/?EIO=4&transport=websocket"


class Raw:
    """A websocket that speaks Engine.IO 4 and Socket.IO 5 in plain text."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws
        self.answers: dict[int, dict[str, Any]] = {}
        self.order: list[int] = []
        self.events: list[tuple[str, Any]] = []

    async def send(self, text: str) -> None:
        await self.ws.send_str(text)

    async def command(self, number: int, *data: Any) -> None:
        await self.send(f"42{number}{json.dumps(list(data))}")

    async def receive(self) -> str | None:
        """The next packet but pings; None once the connection is closed."""
        while True:
            message = await asyncio.wait_for(self.ws.receive(), 10)
            if message.type is not aiohttp.WSMsgType.TEXT:
                return None
            if message.data == "2":
                await self.send("3")
                continue
            self._keep(message.data)
            return str(message.data)

    def _keep(self, packet: str) -> None:
        if packet.startswith("43"):
            number, _, rest = packet[2:].partition("[")
            self.order.append(int(number))
            self.answers[int(number)] = json.loads("[" + rest)[0]
        elif packet.startswith("42"):
            name, body = json.loads(packet[2:])
            self.events.append((name, body))

    async def answer(self, number: int) -> dict[str, Any]:
        """Read until this command is answered."""
        while number not in self.answers:
            assert await self.receive() is not None, "closed"
        return self.answers[number]

    async def code(self, number: int) -> str:
        answer = await self.answer(number)
        return "ok" if answer["ok"] else str(answer["error"]["code"])

    async def until_closed(self) -> None:
        while await self.receive() is not None:
            pass


def _small_window(info: Any) -> socket.socket:
    """A socket whose receive buffer is as small as the system allows."""
    made = socket.socket(*info[:3])
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    made.setblocking(False)
    return made


@asynccontextmanager
async def dial(house: House, email: str | None = None, headers: dict[str, str] | None = None) -> AsyncIterator[Raw]:
    """A connection up to Engine.IO's greeting, with the cookie of a person if one is named."""
    cookie = {}
    if email:
        async with await house.browser(email) as browser:
            cookie = {"Cookie": "; ".join(f"{c.key}={c.value}" for c in browser.cookie_jar)}
    connector = aiohttp.TCPConnector(socket_factory=_small_window)
    async with (
        aiohttp.ClientSession(house.url, connector=connector) as http,
        http.ws_connect(PATH, headers={**cookie, **(headers or {})}) as ws,
    ):
        raw = Raw(ws)
        assert str(await raw.receive()).startswith("0{")
        yield raw


@asynccontextmanager
async def join(house: House, email: str, session: str | None) -> AsyncIterator[Raw]:
    """A connection that has joined."""
    async with dial(house, email) as raw:
        await raw.send("40" + json.dumps({"session": session}))
        while not raw.events:
            assert await raw.receive() is not None, "refused"
        yield raw
