"""People in the hall: check-in by the code on its screen or on one's badge, and the hall by phone.

The code proves being there, the cookie or the address proves who. An address typed in checks in and nothing more: it
opens no page and sets no cookie. A GET changes nothing.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import replace

from aiohttp import web

from conference.core.errors import ConferenceError, NotAllowed
from conference.core.roles import Permission, may
from conference.people import queries as people
from conference.people.model import Link, Person
from conference.sessions import queries
from conference.sessions.actions import presence
from conference.sessions.model import belongs_now
from conference.web.pages.session import CODE_SECONDS, period
from conference.web.site import SITE, identify, render, with_handle

ATTEMPTS = 30
"""Unknown addresses that one network may try per period (a hall's people often share one)."""
SCANNED = "scanned"
"""Cookie of a browser that scanned the code before it knew whose it is: ``{session}/{code}``, as long as codes live."""
_SCANNED = re.compile(r"([\w-]{1,64})/([\w-]{10})", re.ASCII)


async def ask(request: web.Request) -> web.StreamResponse:
    """The page behind the code: one button, or the ways to say who one is."""
    found = await request.app[SITE].doorman.by_cookie(request, request.query.get("as"))
    key, code = request.match_info["session"], request.match_info["code"]
    if not _valid(request, key, code, found[0] if found else None):
        return await _page(request, None, "stale")
    if found and await _is_here(request, found[1], key):
        raise web.HTTPSeeOther(with_handle(f"/hall/{key}", request.query.get("as")))
    response = await _page(request, found[1] if found else None, "ask")
    if found is None:
        response.set_cookie(
            SCANNED,
            f"{key}/{code}",
            max_age=CODE_SECONDS,
            httponly=True,
            samesite="Lax",
            secure=request.app[SITE].secure(request),
        )
    return response


async def check_in(request: web.Request) -> web.StreamResponse:
    """The press of the button."""
    site = request.app[SITE]
    key, code = request.match_info["session"], request.match_info["code"]
    found = await site.doorman.by_cookie(request, request.query.get("as"))
    if not _valid(request, key, code, found[0] if found else None):
        return await _page(request, None, "stale")
    person = found[1] if found else await _by_address(request)
    if person is None or not may(person.role, Permission.JOIN):
        return await _page(request, None, "unknown", str((await request.post()).get("email", ""))[:254])
    async with site.store.unit() as unit:
        await presence.check_in(unit, key, person)
    site.hall.mark(key)
    if found:
        raise web.HTTPSeeOther(with_handle(f"/hall/{key}", request.query.get("as")))
    # Whoever types an address learns nothing about whose it is.
    return await _page(request, replace(person, name=person.email or ""), "done")


async def phone(request: web.Request) -> web.StreamResponse:
    """The hall by phone, for whoever was checked in; others read how to come in."""
    identity = await identify(request)
    key, site = request.match_info["session"], request.app[SITE]
    async with site.store.reading() as db:
        row = await queries.session(db, key)
        item, known = queries.agenda_view([row])[0], await queries.in_hall(db, identity.person.id)
        here = await queries.in_hall(db, identity.person.id, key)
    if not may(row.role_of(identity.person), Permission.JOIN):
        raise NotAllowed()
    if not known:
        return await _page(request, identity.person, "scan")
    return await render(request, "hall_phone.html", identity, key, item=item, here=here)


async def hall_of(request: web.Request, link: Link, person: Person) -> str | None:
    """Where somebody who opens a link gets who has a badge in hand, or has just scanned the hall's screen."""
    mark = request.query.get("badge", "")
    if mark:
        async with request.app[SITE].store.reading() as db:
            key = link.session or belongs_now(await queries.agenda(db))
        return f"/hall/{key}/{mark}" if key and _valid(request, key, mark, link) else None
    scanned = _SCANNED.fullmatch(request.cookies.get(SCANNED, ""))
    if scanned and may(person.role, Permission.JOIN) and _valid(request, scanned[1], scanned[2], link):
        return f"/hall/{scanned[0]}"
    return None


async def _is_here(request: web.Request, person: Person, key: str) -> bool:
    async with request.app[SITE].store.reading() as db:
        return await queries.in_hall(db, person.id, key)


async def _by_address(request: web.Request) -> Person | None:
    email = str((await request.post()).get("email", ""))
    if not email or len(email) > 254:
        return None
    site, tried = request.app[SITE], request.app[_TRIED]
    at = site.origins.client(request), period(request)
    if tried.get(at, 0) >= ATTEMPTS:
        raise ConferenceError("rate_limited", "Zu viele Versuche. Bitte in einigen Minuten noch einmal.")
    async with site.store.reading() as db:
        found = await people.by_email(db, email)
    if found is None:
        tried[at] = tried.get(at, 0) + 1
        for old in [key for key in tried if key[1] < at[1]]:
            del tried[old]
    return found


def _valid(request: web.Request, key: str, code: str, link: Link | None) -> bool:
    """Whether the code is the present one of the screen, the one before, or the mark of one's own badge."""
    tokens, now = request.app[SITE].tokens, period(request)
    codes = [tokens.hall_code(key, p) for p in (now, now - 1)] + ([tokens.badge(link)] if link else [])
    return any(hmac.compare_digest(known.encode(), code.encode()) for known in codes)


async def _page(request: web.Request, person: Person | None, state: str, typed: str = "") -> web.Response:
    async with request.app[SITE].store.reading() as db:
        item = queries.agenda_view([await queries.session(db, request.match_info["session"])])[0]
    return await render(request, "hall_checkin.html", item=item, person=person, state=state, typed=typed)


_TRIED: web.AppKey[dict[tuple[str, int], int]] = web.AppKey("hall-tried", dict)


def setup(app: web.Application) -> None:
    """Room for counting attempts."""
    app[_TRIED] = {}


def routes() -> list[web.RouteDef]:
    """Check-in, and the hall by phone."""
    return [
        web.get("/hall/{session}", phone),
        web.get("/hall/{session}/{code}", ask),
        web.post("/hall/{session}/{code}", check_in),
    ]
