"""The pages of a session: for participants, moderators, speakers, the hall's screen."""

from __future__ import annotations

from typing import Any

import segno
from aiohttp import web
from markupsafe import Markup

from conference.core.errors import NotAllowed
from conference.core.roles import Permission, Role, may
from conference.sessions import queries
from conference.sessions.model import belongs_now
from conference.web.identity import Identity
from conference.web.site import SITE, identify, render, with_handle

CODE_SECONDS = 300
"""How long a check-in code is shown; it is accepted for one more such period."""


async def _open(request: web.Request) -> tuple[Identity, str, Role, dict[str, Any]]:
    """Who asks for which session in which role. Raises NotFound."""
    identity = await identify(request)
    key = request.match_info["session"]
    async with request.app[SITE].store.reading() as db:
        row = await queries.session(db, key)
        item = queries.agenda_view([row])[0]
        return identity, key, row.role_of(identity.person), item


async def participant(request: web.Request) -> web.StreamResponse:
    """Waiting, running or over; the page follows by itself."""
    identity, key, role, item = await _open(request)
    if role is Role.VENUE:
        raise web.HTTPSeeOther(with_handle(f"/venue/{key}", request.query.get("as")))
    return await render(request, "session.html", identity, key, item=item)


async def moderation(request: web.Request) -> web.StreamResponse:
    """The console."""
    identity, key, role, item = await _open(request)
    _require(role, Permission.MODERATE)
    return await render(request, "moderation.html", identity, key, item=item)


async def backstage(request: web.Request) -> web.StreamResponse:
    """The speaker's page."""
    identity, key, role, item = await _open(request)
    if not (may(role, Permission.PUBLISH) or may(role, Permission.MODERATE)):
        raise NotAllowed()
    return await render(request, "backstage.html", identity, key, item=item)


async def screen(request: web.Request) -> web.StreamResponse:
    """The hall's screen, or the same on a transparent ground; with the code by which people in the hall check in."""
    identity, key, role, item = await _open(request)
    _require(role, Permission.SHOW)
    url, overlay = checkin_url(request, key), request.path.startswith("/overlay/")
    return await render(request, "venue.html", identity, key, item=item, checkin_qr=qr(url), overlay=overlay)


async def current_screen(request: web.Request) -> web.StreamResponse:
    """The hall's screen of the session that is on now."""
    await identify(request, may=Permission.SHOW)
    async with request.app[SITE].store.reading() as db:
        rows = await queries.agenda(db)
    key = belongs_now(rows) or rows[-1].key
    raise web.HTTPSeeOther(with_handle(f"{request.path}/{key}", request.query.get("as")))


async def checkin_code(request: web.Request) -> web.StreamResponse:
    """The present check-in code for the hall's screen: ``{url, qr}``; it changes every few minutes.

    Who asks for it is a screen that is on: its cookie lives on from now.
    """
    identity, key, role, _ = await _open(request)
    _require(role, Permission.SHOW)
    site, url = request.app[SITE], checkin_url(request, key)
    response = web.json_response({"url": url, "qr": str(qr(url))}, headers={"Cache-Control": "no-store"})
    site.doorman.prolong(request, response, identity.link, secure=site.secure(request))
    return response


def checkin_url(request: web.Request, key: str) -> str:
    """Where a phone in the hall gets to by the code that is shown now."""
    site = request.app[SITE]
    return f"{site.base(request)}/hall/{key}/{site.tokens.hall_code(key, period(request))}"


def period(request: web.Request) -> int:
    """The number of the present period of check-in codes."""
    return int(request.app[SITE].store.clock.now().timestamp()) // CODE_SECONDS


def qr(url: str, error: str = "m") -> Markup:
    """A QR code as inline SVG, dark on light, with its quiet zone; `error`: its level of correction (ISO/IEC 18004)."""
    code = segno.make(url, error=error, micro=False)
    return Markup(
        code.svg_inline(scale=4, border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None, omitsize=True)
    )


def _require(role: Role, permission: Permission) -> None:
    if not may(role, permission):
        raise NotAllowed()


def routes() -> list[web.RouteDef]:
    """The pages of a session."""
    return [
        web.get("/s/{session}", participant),
        web.get("/s/{session}/moderation", moderation),
        web.get("/s/{session}/backstage", backstage),
        web.get("/venue", current_screen),
        web.get("/overlay", current_screen),
        web.get("/venue/{session}", screen),
        web.get("/overlay/{session}", screen),
        web.get("/venue/{session}/code", checkin_code),
    ]
