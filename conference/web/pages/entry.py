"""The doors: the start page, a personal link, Mein Tag."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from conference.core.errors import ConferenceError
from conference.core.roles import Permission, Role, may
from conference.people import queries as people
from conference.people.model import Link, Person
from conference.sessions import queries as sessions
from conference.sessions.export import attendance_of
from conference.sessions.model import Session, State
from conference.web.identity import COOKIE, Identity
from conference.web.pages.hall import hall_of
from conference.web.site import SITE, identify, render, with_handle

SCREENS = ("venue", "overlay")


async def start(request: web.Request) -> web.StreamResponse:
    """What this is; whoever holds a link goes to Mein Tag."""
    if await request.app[SITE].doorman.by_cookie(request, request.query.get("as")):
        raise web.HTTPSeeOther(with_handle("/me", request.query.get("as")))
    return await render(request, "landing.html")


async def open_link(request: web.Request) -> web.StreamResponse:
    """A personal link: a cookie and a redirect to a page without the secret; nothing else happens, however often."""
    site = request.app[SITE]
    found = await site.doorman.by_token(request.match_info["token"])
    if found is None:
        raise ConferenceError(
            "link_invalid",
            "Dieser Link gilt nicht oder nicht mehr. Bitte wenden Sie sich an das Organisationsteam.",
        )
    link, person = found
    others = any(name != f"{COOKIE}{link.public_id}" for name in request.cookies if name.startswith(COOKIE))
    handle = link.public_id if others else None
    response = web.HTTPSeeOther(with_handle(await _target(request, link, person), handle))
    site.doorman.remember(response, link, secure=site.secure(request))
    response.headers["Cache-Control"] = "no-store"
    raise response


async def _target(request: web.Request, link: Link, person: Person) -> str:
    """Where a link leads: a screen or the hall if the address says so, the page of its session, or Mein Tag."""
    hall = await hall_of(request, link, person)
    if hall:
        return hall
    if (to := request.query.get("to")) in SCREENS and may(person.role, Permission.SHOW):
        return f"/{to}/{link.session}" if link.session else f"/{to}"
    if link.session is None:
        return {Role.ORGANISER: "/organise", Role.VENUE: "/venue"}.get(person.role, "/me")
    async with request.app[SITE].store.reading() as db:
        row = await sessions.session(db, link.session)
    return page_of(row, row.role_of(person))


def page_of(session: Session, role: Role) -> str:
    """The page of a session where somebody in this role belongs."""
    if role is Role.VENUE:
        return f"/venue/{session.key}"
    if role is Role.PRODUCTION and session.kind == "live":
        return f"/regie/{session.key}"
    return f"/s/{session.key}"


async def me(request: web.Request) -> web.StreamResponse:
    """Mein Tag."""
    identity = await identify(request)
    site = request.app[SITE]
    async with site.store.reading() as db:
        links = [row.to_model() for row in await people.links_of(db, identity.person.id) if row.revoked_at is None]
        agenda = await sessions.agenda(db)
        attendance = await attendance_of(db, identity.person, site.store.clock.now())
    titles = {row.key: row.title for row in agenda}
    stages = [row for row in agenda if row.kind == "live"]
    speaks = [row for row in stages if row.role_of(identity.person) is Role.SPEAKER and row.state is not State.ENDED]
    return await render(
        request,
        "me.html",
        identity,
        links=_links(request, identity, links, titles),
        calendar_url=_calendar(request, identity.link),
        attendance=attendance if may(identity.person.role, Permission.JOIN) else [],
        overlay_url=f"{site.link_url(request, identity.link)}?to=overlay",
        desks=stages if may(identity.person.role, Permission.PRODUCE) else [],
        speaks=speaks,
    )


def _links(request: web.Request, identity: Identity, links: list[Link], titles: dict[str, str]) -> list[dict[str, Any]]:
    """One's own links. Whoever came by one session's link sees no other secret: it could not be revoked singly."""
    site = request.app[SITE]
    shown = links if identity.link.session is None else [identity.link]
    return [
        {
            "session": link.session,
            "url": site.link_url(request, link),
            "title": titles.get(link.session or "", ""),
        }
        for link in shown
        if link.session is None or link.session in titles
    ]


def _calendar(request: web.Request, link: Link) -> str:
    site = request.app[SITE]
    return f"{site.base(request)}/calendar/{site.tokens.token(link)}.ics"


def routes() -> list[web.RouteDef]:
    """The doors."""
    return [web.get("/", start), web.get("/j/{token}", open_link), web.get("/me", me)]
