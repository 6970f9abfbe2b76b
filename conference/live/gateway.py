"""The gateway: one socket.io server that keeps commands in order, answers each once, and bounds everything.

python-socketio gives a handler's exception no answer, lets clients send events named *connect*, and leaves connections
open that never join. So events are taken from it before they reach its own dispatch.
"""

from __future__ import annotations

import asyncio
import logging
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
from conference.live import agenda, feedback, organise, pages, polls, stage  # noqa: F401  (they register commands)
from conference.live.limits import TokenBucket
from conference.live.registry import COMMANDS, Asked
from conference.people.model import Link, Person
from conference.sessions import queries

log = logging.getLogger(__name__)

MESSAGE_BYTES = 64 * 1024
JOIN_SECONDS = 10.0
REFUSALS_BEFORE_CLOSE = 400
"""Rate-limited commands after which a connection is closed."""
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
            namespaces=["/"],
        )
        self._hall = hall
        self._authenticate = authenticate
        self._visits: dict[str, Visit] = {}
        self._hellos: dict[str, dict[str, Any]] = {}
        self._buckets: dict[str, tuple[TokenBucket, list[int]]] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self.on("connect", self._connected)
        self.on("disconnect", self._disconnected)

    # --- connections ------------------------------------------------------------------------------------------------

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> None:
        await super()._handle_eio_connect(eio_sid, environ)
        loop = asyncio.get_running_loop()
        self._timers[eio_sid] = loop.call_later(JOIN_SECONDS, self._close_stranger, eio_sid)

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        timer = self._timers.pop(eio_sid, None)
        if timer:
            timer.cancel()
        self._buckets.pop(eio_sid, None)
        await super()._handle_eio_disconnect(eio_sid, reason)

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
        try:
            await self.eio.disconnect(eio_sid)
        except KeyError:
            log.debug("connection %s was gone already", eio_sid)

    async def _connected(self, sid: str, environ: dict[str, Any], auth: Any) -> None:
        """Take a visit in, or refuse it with the error's code."""
        try:
            handle, session, since = _read_auth(auth)
            found = await self._authenticate(environ["aiohttp.request"], handle)
            if found is None:
                raise ConferenceError("not_signed_in", _CLOSED_REASON, Address.PERMISSION)
            visit = await self._visit(sid, *found, session)
        except ConferenceError as error:
            raise socketio.exceptions.ConnectionRefusedError(error.code, error.as_dict()) from error
        self._visits[sid] = visit
        self._hellos[sid] = await self._hall.enter(visit, since)

    async def _handle_connect(self, eio_sid: str, namespace: str | None, data: Any) -> None:
        """Let a connection join once; what the hall has for it goes out after the connect packet."""
        if self.manager.sid_from_eio_sid(eio_sid, "/") in self._visits:
            return
        await super()._handle_connect(eio_sid, namespace, data)
        sid = self.manager.sid_from_eio_sid(eio_sid, "/")
        if sid in self._visits:
            self._visits[sid].outbox.start(self._hellos.pop(sid))

    async def _visit(self, sid: str, link: Link, person: Person, session: str | None) -> Visit:
        roles = {DAY: person.role}
        if session is not None:
            async with self._hall.store.reading() as db:
                roles[session] = (await queries.session(db, session)).role_of(person)
        return Visit(new_id("v", 16), person, link, session, _Connection(self, sid), roles)

    async def _disconnected(self, sid: str, _reason: str) -> None:
        visit = self._visits.pop(sid, None)
        if visit:
            await self._hall.leave(visit)

    # --- commands ---------------------------------------------------------------------------------------------------

    async def _handle_event(self, eio_sid: str, namespace: str | None, id: int | None, data: Any) -> None:
        """Answer one event, exactly once. Events of one connection arrive here one after the other."""
        visit = self._visits.get(self.manager.sid_from_eio_sid(eio_sid, "/") or "")
        if visit is None:
            return
        answer = await self._answer(eio_sid, visit, data)
        if id is not None:
            await self._send_packet(
                eio_sid, packet.Packet(packet.ACK, namespace=namespace or "/", id=id, data=[answer])
            )

    async def _answer(self, eio_sid: str, visit: Visit, data: Any) -> dict[str, Any]:
        try:
            self._check_rate(eio_sid)
            return {"ok": True, "result": await self._run(visit, data)}
        except ConferenceError as error:
            return {"ok": False, "error": error.as_dict()}
        except Exception:
            log.exception("command failed: %s", data[0] if isinstance(data, list) and data else "?")
            failed = ConferenceError("internal", "Das hat nicht geklappt. Bitte noch einmal versuchen.", Address.US)
            return {"ok": False, "error": failed.as_dict()}

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
        return await known.handler(Asked(self._hall, visit, role, body))


class _Connection:
    """The hall's view of one socket."""

    def __init__(self, gateway: Gateway, sid: str) -> None:
        self._gateway = gateway
        self._sid = sid

    async def send(self, event: str, body: object) -> None:
        await self._gateway.emit(event, body, to=self._sid)

    def backlog(self) -> int:
        """Packets that engine.io still holds for this socket; 0 once it is gone."""
        eio_sid = self._gateway.manager.eio_sid_from_sid(self._sid, "/")
        socket = self._gateway.eio.sockets.get(eio_sid)
        return socket.queue.qsize() if socket else 0

    async def close(self) -> None:
        await self._gateway.disconnect(self._sid)


def _read_auth(auth: Any) -> tuple[str | None, str | None, dict[str, int]]:
    """``(handle, session, since)`` of the connect packet. Raises BadRequest."""
    auth = auth or {}
    if not isinstance(auth, dict) or not set(auth) <= {"as", "session", "since"}:
        raise BadRequest("Unbekannte Angaben beim Verbinden.")
    handle, session, since = auth.get("as"), auth.get("session"), auth.get("since") or {}
    if not all(value is None or (isinstance(value, str) and len(value) <= 64) for value in (handle, session)):
        raise BadRequest("Unbekannte Angaben beim Verbinden.")
    if not isinstance(since, dict) or len(since) > 4 or not all(type(n) is int for n in since.values()):
        raise BadRequest("Unbekannte Angaben beim Verbinden.")
    return handle, session, since


def _first_problem(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
