"""One simulated person: a personal link, a cookie, pages, a socket. Nothing goes in by the back door."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import aiohttp
import socketio
from socketio.exceptions import SocketIOError

from conference.rehearsal.notes import Notes

_SILENT = logging.getLogger("conference.rehearsal.socket")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False
ANSWER_SECONDS = 30.0
HELLO_SECONDS = 15.0
_SNAPSHOT = re.compile(r'<script type="application/json" id="snapshot">(.*?)</script>', re.DOTALL)

Heard = Callable[["Person", dict[str, Any]], None]


class Refused(Exception):
    """A command was refused or never answered, or a page did not open; it is noted already."""


class Person:
    """Somebody who takes part.

    Attributes:
        number: within the rehearsal, from 1.
        id: as others are told, once the first page is open.
        link: the personal link.
        session: whose page is open.
        snapshot: that the page was born with.
        on_fact, on_signal: called with what the page hears.
        here: whether the page is connected.
    """

    def __init__(self, number: int, name: str, email: str, role: str, url: str) -> None:
        self.number, self.name, self.email, self.role = number, name, email, role
        self.id = ""
        self.session = ""
        self.snapshot: dict[str, Any] = {}
        self.on_fact: list[Heard] = []
        self.on_signal: list[Heard] = []
        self.cookies = ""
        self.link = url
        self._base = url.split("/j/")[0]
        self._http: Any = None
        self._sio: Any = None
        self._leaving = False
        self._returning: asyncio.Task[None] | None = None

    @property
    def here(self) -> bool:
        """Whether the page is connected."""
        return self._sio is not None and bool(self._sio.connected)

    def attach(self, connector: aiohttp.BaseConnector, notes: Notes) -> None:
        """What is shared by everybody; cookies are one's own."""
        self._connector, self._notes = connector, notes

    # --- pages ------------------------------------------------------------------------------------------------------

    async def arrive(self, session: str) -> None:
        """From the personal link to being present. Raises Refused."""
        jar = aiohttp.CookieJar(unsafe=True)  # also from an address without a name
        self._http = aiohttp.ClientSession(connector=self._connector, connector_owner=False, cookie_jar=jar)
        began = time.monotonic()
        try:
            async with self._http.get(self.link, allow_redirects=False) as answer:
                if answer.status != 303:
                    raise self._failed(f"Der persönliche Link öffnet nichts: {answer.status}")
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise self._failed(f"Der persönliche Link öffnet nichts: {error!r}") from error
        self.cookies = "; ".join(f"{cookie.key}={cookie.value}" for cookie in self._http.cookie_jar)
        await self._open(session, "")
        self._notes.joined.append(time.monotonic() - began)

    async def go(self, session: str, desk: str = "") -> None:
        """Follow to another page, e.g. ``/backstage``. Raises Refused."""
        began = time.monotonic()
        await self.leave()
        await self._open(session, desk)
        self._notes.moved.append(time.monotonic() - began)

    async def _open(self, session: str, desk: str) -> None:
        text = await self.page(f"/s/{session}{desk}")
        found = _SNAPSHOT.search(text)
        if found is None:
            raise self._failed("Eine Seite kam ohne Inhalt.")
        self.snapshot = json.loads(found[1])
        self.id, self.session = self.snapshot["me"]["id"], session
        await self._connect(session)
        if "join" in self.snapshot["me"]["may"]:
            await self.ask("session.join", session=session)
            self._notes.present[session].add(self.email)

    async def page(self, path: str) -> str:
        """A page's text. Raises Refused."""
        try:
            async with self._http.get(self._base + path, headers={"Accept": "text/html"}) as answer:
                if answer.status != 200:
                    raise self._failed(f"Die Seite {path} antwortet {answer.status}.")
                text: str = await answer.text()
                return text
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise self._failed(f"Die Seite {path} kam nicht: {error!r}") from error

    def _failed(self, what: str) -> Refused:
        self._notes.broken[what] += 1
        return Refused(what)

    # --- the socket -------------------------------------------------------------------------------------------------

    async def _connect(self, session: str) -> None:
        sio = socketio.AsyncClient(
            reconnection=False, http_session=self._http, handle_sigint=False, logger=_SILENT, engineio_logger=_SILENT
        )
        greeted = asyncio.Event()
        self._leaving = False

        def hello(body: dict[str, Any]) -> None:
            greeted.set()
            for missed in body.get("facts", ()):
                self._take(missed)

        def resync(_body: dict[str, Any]) -> None:
            self._notes.broken["Eine Seite war zu langsam und wurde neu abgeglichen."] += 1

        def lost(*reason: Any) -> None:
            if not self._leaving:
                self._notes.broken[f"Eine Verbindung ist abgerissen ({' '.join(map(str, reason))})."] += 1
                self._returning = asyncio.get_running_loop().create_task(self._come_back(session))

        for name, handler in (
            ("hello", hello), ("resync", resync), ("fact", self._fact), ("signal", self._signal), ("disconnect", lost),
        ):  # fmt: skip
            sio.on(name, handler)
        try:
            await sio.connect(
                self._base,
                auth={"session": session, "since": self.snapshot["numbers"]},
                transports=["websocket"],
                retry=False,
                wait_timeout=HELLO_SECONDS,
            )
            self._sio = sio
            await asyncio.wait_for(greeted.wait(), HELLO_SECONDS)
        except (SocketIOError, aiohttp.ClientError, OSError, TimeoutError) as error:
            raise self._failed(f"Die Verbindung kam nicht zustande: {error!r}") from error

    async def _come_back(self, session: str) -> None:
        """Connect again after a moment, as pages do."""
        await asyncio.sleep(1.0)
        if self.session == session and not self._leaving:
            with contextlib.suppress(Refused):
                await self._connect(session)
                if "join" in self.snapshot["me"]["may"]:
                    await self.ask("session.join", session=session)

    def _fact(self, fact: dict[str, Any]) -> None:
        self._notes.facts.add(max(time.time() - datetime.fromisoformat(fact["at"]).timestamp(), 0.0))
        self._take(fact)

    def _take(self, fact: dict[str, Any]) -> None:
        for handler in self.on_fact:
            handler(self, fact)

    def _signal(self, signal: dict[str, Any]) -> None:
        for handler in self.on_signal:
            handler(self, signal)

    async def ask(self, command: str, **body: Any) -> Any:
        """Send a command; its result. Raises Refused."""
        began = time.monotonic()
        try:
            answer = await self._sio.call(command, body, timeout=ANSWER_SECONDS)
        except (SocketIOError, AttributeError, OSError) as failure:
            raise self._failed(f"{command}: keine Antwort ({type(failure).__name__})") from failure
        self._notes.answers[command].append(time.monotonic() - began)
        if not answer["ok"]:
            error = answer["error"]
            self._notes.refused[command, error["code"], error["message"]] += 1
            raise Refused(error["code"])
        return answer["result"]

    async def leave(self) -> None:
        """Close the page."""
        self._leaving = True
        if self._returning is not None:
            self._returning.cancel()
        if self._sio is not None:
            sio, self._sio = self._sio, None
            with contextlib.suppress(SocketIOError, aiohttp.ClientError, OSError, TimeoutError):
                await asyncio.wait_for(sio.disconnect(), 5)

    async def go_home(self) -> None:
        """Close the page and forget the cookies."""
        await self.leave()
        if self._http is not None:
            await self._http.close()
