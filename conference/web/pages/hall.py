"""Check-in of people in the hall, by the QR code on the hall's screen.

The code proves being there, the cookie or the address proves who. An address typed in checks in and nothing more: it
opens no page and sets no cookie. A GET changes nothing.
"""

from __future__ import annotations

import hmac
from dataclasses import replace

from aiohttp import web

from conference.core.errors import ConferenceError
from conference.core.roles import Permission, may
from conference.people import queries as people
from conference.people.model import Person
from conference.sessions import queries
from conference.sessions.actions import presence
from conference.web.pages.session import period
from conference.web.site import SITE, render

ATTEMPTS = 30
"""Unknown addresses that one network may try per period (a hall's people often share one)."""


async def ask(request: web.Request) -> web.StreamResponse:
    """The page behind the code: one button, or one field and a button."""
    found = await request.app[SITE].doorman.by_cookie(request, request.query.get("as"))
    return await _page(request, found[1] if found else None, "ask" if _valid(request) else "stale")


async def check_in(request: web.Request) -> web.StreamResponse:
    """The press of the button."""
    if not _valid(request):
        return await _page(request, None, "stale")
    site = request.app[SITE]
    found = await site.doorman.by_cookie(request, request.query.get("as"))
    person = found[1] if found else await _by_address(request)
    if person is None or not may(person.role, Permission.JOIN):
        return await _page(request, None, "unknown")
    key = request.match_info["session"]
    async with site.store.unit() as unit:
        await presence.check_in(unit, key, person)
    site.hall.mark(key)
    # Whoever types an address learns nothing about whose it is.
    shown = person if found else replace(person, name=person.email or "")
    return await _page(request, shown, "done")


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


def _valid(request: web.Request) -> bool:
    """Whether the code is the present one or the one before."""
    key, code, now = request.match_info["session"], request.match_info["code"], period(request)
    tokens = request.app[SITE].tokens
    return any(hmac.compare_digest(tokens.hall_code(key, p).encode(), code.encode()) for p in (now, now - 1))


async def _page(request: web.Request, person: Person | None, state: str) -> web.StreamResponse:
    async with request.app[SITE].store.reading() as db:
        item = queries.agenda_view([await queries.session(db, request.match_info["session"])])[0]
    return await render(request, "hall_checkin.html", item=item, person=person, state=state)


_TRIED: web.AppKey[dict[tuple[str, int], int]] = web.AppKey("hall-tried", dict)


def setup(app: web.Application) -> None:
    """Room for counting attempts."""
    app[_TRIED] = {}


def routes() -> list[web.RouteDef]:
    """Check-in."""
    return [web.get("/hall/{session}/{code}", ask), web.post("/hall/{session}/{code}", check_in)]
