"""The gateway: one socket.io server that keeps commands in order, answers each once, and bounds everything.

python-socketio gives a handler's exception no answer, lets clients send events named *connect*, and leaves connections
open that never join. So events are taken from it before they reach its own dispatch.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

import socketio
from aiohttp import web
from pydantic import ValidationError
from socketio import packet

from conference.core.errors import Address, BadRequest, ConferenceError, NotAllowed
from conference.core.facts import DAY
from conference.core.ids import new_id
from conference.core.roles import may
from conference.hall.hall import Hall
from conference.hall.visit import Visit
from conference.live import (  # noqa: F401  (they register commands)
    agenda,
    boards,
    breakouts,
    chat,
    direction,
    feedback,
    films,
    health,
    organise,
    pages,
    pauses,
    polls,
    questions,
    stage,
    talkback,
)
from conference.live.limits import TokenBucket
from conference.live.registry import COMMANDS, Asked
from conference.people.model import Link, Person
from conference.sessions import queries
from conference.store.unit import ACTOR

log = logging.getLogger(__name__)

MESSAGE_BYTES = 64 * 1024
JOIN_SECONDS = 10.0
REFUSALS_BEFORE_CLOSE = 400
"""Rate-limited commands after which a connection is closed."""
UNREAD_ANSWERS = 64
"""Packets that may wait for a client; one that goes on asking and does not read its answers is hung up on."""
GRACE_SECONDS = 1.0
"""What a client gets to close its connection after the last word; then it is cut, whether it reads or not."""
_ATTACHMENTS = re.compile(r"[56](\d+)-")
_ATTACHMENT_LIMIT = 4
_CLOSED_REASON = "Sie sind nicht angemeldet. Bitte öffnen Sie Ihren persönlichen Link."

Authenticate = Callable[[web.Request, str | None], Awaitable[tuple[Link, Person] | None]]
"""Who is behind a request, given the handle that the page named."""
OriginCheck = Callable[[str | None, dict[str, Any]], bool]


class Gateway(socketio.AsyncServer):
    """A socket.io server whose every event is one of our commands."""

    def __init__(self, hall: Hall, authenticate: Authenticate, origin_allowed: OriginCheck) -> None:
        super().__init__(
            async_mode="aiohttp",
            async_handlers=False,
            cors_allowed_origins=origin_allowed,
            max_http_buffer_size=MESSAGE_BYTES,
            ping_interval=10,
            ping_timeout=10,
            allow_upgrades=False,
            namespaces=["/"],
        )
        self._hall = hall
        self._authenticate = authenticate
        self._visits: dict[str, Visit] = {}
        self._hellos: dict[str, dict[str, Any]] = {}
        self._buckets: dict[str, tuple[TokenBucket, list[int]]] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._turns: dict[str, asyncio.Lock] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self.on("connect", self._connected)
        self.on("disconnect", self._disconnected)

    # --- connections ------------------------------------------------------------------------------------------------

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> None:
        await super()._handle_eio_connect(eio_sid, environ)
        self._turns[eio_sid] = asyncio.Lock()
        self._expect_join(eio_sid)
        request = environ["aiohttp.request"]
        if _is_websocket(request):  # engine.io forgets to say goodbye to one that fails on a packet
            request.task.add_done_callback(lambda _task: self._gone(eio_sid))

    def _gone(self, eio_sid: str) -> None:
        if eio_sid in self.environ:
            self._close_later(eio_sid)

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        self._stop_expecting(eio_sid)
        self._buckets.pop(eio_sid, None)
        self._turns.pop(eio_sid, None)
        environ = self.environ.get(eio_sid)
        await super()._handle_eio_disconnect(eio_sid, reason)
        if environ:
            asyncio.get_running_loop().call_later(GRACE_SECONDS, _cut, environ["aiohttp.request"])

    async def _handle_eio_message(self, eio_sid: str, data: Any) -> None:
        """One packet after the other, whoever posts several at once; a malformed one ends the connection."""
        turn = self._turns.get(eio_sid)
        if turn is None:
            return
        async with turn:
            try:
                _check_attachments(data)
                await super()._handle_eio_message(eio_sid, data)
            except Exception as error:
                log.warning("a malformed packet: %r", error)
                self._close_later(eio_sid)

    def _expect_join(self, eio_sid: str) -> None:
        self._stop_expecting(eio_sid)
        loop = asyncio.get_running_loop()
        self._timers[eio_sid] = loop.call_later(JOIN_SECONDS, self._close_stranger, eio_sid)

    def _stop_expecting(self, eio_sid: str) -> None:
        timer = self._timers.pop(eio_sid, None)
        if timer:
            timer.cancel()

    def _close_stranger(self, eio_sid: str) -> None:
        """Ten seconds have passed: whoever has not joined by now is hung up on."""
        sid = self.manager.sid_from_eio_sid(eio_sid, "/")
        if sid is None or sid not in self._visits:
            self._close_later(eio_sid)

    def _close_later(self, eio_sid: str) -> None:
        task = asyncio.get_running_loop().create_task(self._close(eio_sid))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _close(self, eio_sid: str) -> None:
        socket = self.eio.sockets.get(eio_sid)
        if socket:
            await socket.close(wait=False)

    async def hang_up(self, sid: str) -> None:
        """End a connection: the socket at once, what carries it right after."""
        eio_sid = self.manager.eio_sid_from_sid(sid, "/")
        await self.disconnect(sid)
        if eio_sid:
            await self._close(eio_sid)

    async def _connected(self, sid: str, environ: dict[str, Any], auth: Any) -> None:
        """Take a visit in, or refuse it with the error's code."""
        try:
            handle, session, since = _read_auth(auth)
            found = await self._authenticate(environ["aiohttp.request"], handle)
            if found is None:
                raise ConferenceError("not_signed_in", _CLOSED_REASON, Address.PERMISSION)
            visit = await self._visit(sid, *found, session)
            self._hellos[sid] = await self._hall.enter(visit, since)
        except ConferenceError as error:
            raise socketio.exceptions.ConnectionRefusedError(error.code, error.as_dict()) from error
        except Exception as error:
            log.exception("a connection could not be taken in")
            failed = _failed()
            raise socketio.exceptions.ConnectionRefusedError(failed.code, failed.as_dict()) from error
        self._visits[sid] = visit

    async def _handle_connect(self, eio_sid: str, namespace: str | None, data: Any) -> None:
        """Let a connection join once; what the hall has for it goes out after the connect packet."""
        if self.manager.sid_from_eio_sid(eio_sid, "/") in self._visits:
            return
        await super()._handle_connect(eio_sid, namespace, data)
        sid = self.manager.sid_from_eio_sid(eio_sid, "/")
        hello, visit = self._hellos.pop(sid, None), self._visits.get(sid)
        if visit and eio_sid not in self.environ:  # it was gone before it had come
            await self._disconnected(sid, self.reason.TRANSPORT_CLOSE)
            await self.manager.disconnect(sid, "/", ignore_queue=True)
        elif visit:
            visit.outbox.start(hello)

    async def _handle_disconnect(self, eio_sid: str, namespace: str | None, reason: str | None = None) -> None:
        """Who leaves and keeps the line is a stranger again."""
        await super()._handle_disconnect(eio_sid, namespace, reason)
        if eio_sid in self.environ and reason == self.reason.CLIENT_DISCONNECT:
            self._expect_join(eio_sid)

    async def _visit(self, sid: str, link: Link, person: Person, session: str | None) -> Visit:
        roles = {DAY: person.role}
        if session is not None:
            async with self._hall.store.reading() as db:
                roles[session] = (await queries.session(db, session)).role_of(person)
        return Visit(new_id("v", 16), person, link, session, _Connection(self, sid), roles)

    async def _disconnected(self, sid: str, _reason: str) -> None:
        visit = self._visits.pop(sid, None)
        self._hellos.pop(sid, None)
        if visit:
            await self._hall.leave(visit)

    # --- commands ---------------------------------------------------------------------------------------------------

    async def _handle_event(self, eio_sid: str, namespace: str | None, id: int | None, data: Any) -> None:
        """Answer one event, exactly once. Events of one connection arrive here one after the other."""
        visit = self._visits.get(self.manager.sid_from_eio_sid(eio_sid, "/") or "")
        if visit is None:
            return
        answer = await self._answer(eio_sid, visit, data)
        socket = self.eio.sockets.get(eio_sid)
        if socket and socket.queue.qsize() > UNREAD_ANSWERS:
            self._close_later(eio_sid)
        elif id is not None:
            await self._send_packet(eio_sid, _packet(packet.ACK, namespace or "/", [answer], id))

    async def send_event(self, sid: str, event: str, body: object) -> None:
        """Put an event on its way to one socket; nothing happens where it is gone."""
        eio_sid = self.manager.eio_sid_from_sid(sid, "/")
        if eio_sid:
            await self._send_packet(eio_sid, _packet(packet.EVENT, "/", [event, body]))

    async def _answer(self, eio_sid: str, visit: Visit, data: Any) -> dict[str, Any]:
        try:
            self._check_rate(eio_sid)
            return {"ok": True, "result": await self._run(visit, data)}
        except ConferenceError as error:
            return {"ok": False, "error": error.as_dict()}
        except Exception:
            log.exception("command failed: %s", data[0] if isinstance(data, list) and data else "?")
            return {"ok": False, "error": _failed().as_dict()}

    def _check_rate(self, eio_sid: str) -> None:
        bucket, refused = self._buckets.setdefault(eio_sid, (TokenBucket(), [0]))
        if bucket.take():
            return
        refused[0] += 1
        if refused[0] == REFUSALS_BEFORE_CLOSE:
            self._close_later(eio_sid)
        raise ConferenceError("rate_limited", "Das war zu schnell. Bitte kurz warten.", Address.CLIENT)

    async def _run(self, visit: Visit, data: Any) -> Any:
        if not isinstance(data, list) or not data or not isinstance(data[0], str):
            raise BadRequest("Ein Befehl besteht aus Name und Inhalt.")
        known = COMMANDS.get(data[0])
        if known is None:
            raise BadRequest("Diesen Befehl gibt es nicht.", "unknown_command")
        if len(data) != 2 or not isinstance(data[1], dict):
            raise BadRequest("Ein Befehl hat genau einen Inhalt.")
        try:
            body = known.body.model_validate(data[1])
        except ValidationError as error:
            raise BadRequest(_first_problem(error)) from error
        key = getattr(body, "session", None)
        role = await self._hall.role(visit, key) if key is not None else visit.person.role
        if known.may is not None and not may(role, known.may):
            raise NotAllowed()
        acting = ACTOR.set(visit.person.public_id)
        try:
            return await known.handler(Asked(self._hall, visit, role, body))
        finally:
            ACTOR.reset(acting)


class _Connection:
    """The hall's view of one socket."""

    def __init__(self, gateway: Gateway, sid: str) -> None:
        self._gateway = gateway
        self._sid = sid

    async def send(self, event: str, body: object) -> None:
        await self._gateway.send_event(self._sid, event, body)

    def backlog(self) -> int:
        """Packets that engine.io still holds for this socket; 0 once it is gone."""
        eio_sid = self._gateway.manager.eio_sid_from_sid(self._sid, "/")
        socket = self._gateway.eio.sockets.get(eio_sid)
        return socket.queue.qsize() if socket else 0

    async def close(self) -> None:
        await self._gateway.hang_up(self._sid)


def _packet(kind: int, namespace: str, data: list[Any], id: int | None = None) -> packet.Packet:
    """A packet of JSON; nobody need look through it for bytes."""
    return packet.Packet(kind, data, namespace, id, binary=False)


def _failed() -> ConferenceError:
    return ConferenceError("internal", "Das hat nicht geklappt. Bitte noch einmal versuchen.", Address.US)


def _cut(request: web.Request) -> None:
    """End a websocket's TCP connection; one that serves several requests in turn is left to them."""
    if request.transport is not None and _is_websocket(request):
        request.transport.abort()


def _is_websocket(request: web.Request) -> bool:
    return request.headers.get("Upgrade", "").lower() == "websocket"


def _check_attachments(data: Any) -> None:
    """No command has binary parts, and nobody gets to announce ten thousand of them. Raises ValueError."""
    announced = _ATTACHMENTS.match(data) if isinstance(data, str) else None
    if announced and int(announced[1]) > _ATTACHMENT_LIMIT:
        raise ValueError("too many attachments")


def _read_auth(auth: Any) -> tuple[str | None, str | None, dict[str, int]]:
    """``(handle, session, since)`` of the connect packet. Raises BadRequest."""
    auth = auth or {}
    if not isinstance(auth, dict) or not set(auth) <= {"as", "session", "since"}:
        raise BadRequest("Unbekannte Angaben beim Verbinden.")
    handle, session, since = auth.get("as"), auth.get("session"), auth.get("since") or {}
    if not all(
        value is None or (isinstance(value, str) and len(value) <= 64 and value.isascii())
        for value in (handle, session)
    ):
        raise BadRequest("Unbekannte Angaben beim Verbinden.")
    if not isinstance(since, dict) or len(since) > 4 or not all(type(n) is int for n in since.values()):
        raise BadRequest("Unbekannte Angaben beim Verbinden.")
    return handle, session, since


def _first_problem(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
