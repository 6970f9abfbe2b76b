"""Name badges to print: name, organisation, and the code of one's own link, which leads into the hall by one scan."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from conference.core.roles import MAY, Permission, Role
from conference.people import queries
from conference.people.model import Link, Person
from conference.web.pages.session import qr
from conference.web.site import SITE, identify, render

PER_SHEET = 10
"""Badges on a sheet of A4: two beside, five below each other."""
ROLES = tuple(role for role in Role if Permission.JOIN in MAY[role])


async def badges(request: web.Request) -> web.StreamResponse:
    """The sheets, for those found by ``q`` as in the list of people; all who may be present without it."""
    identity = await identify(request, may=Permission.ORGANISE)
    site, query = request.app[SITE], request.query.get("q", "")[:200]
    async with site.store.reading() as db:
        found = await queries.everybody(db, query, ROLES)
        links = {person.id: link for link, person in await queries.all_links(db) if link.session is None}
    shown = [_badge(request, person, links[person.id]) for person in found if person.id in links]
    sheets = [shown[n : n + PER_SHEET] for n in range(0, len(shown), PER_SHEET)]
    return await render(request, "badges.html", identity, sheets=sheets, query=query, n=len(shown))


def _badge(request: web.Request, person: Person, link: Link) -> dict[str, Any]:
    site = request.app[SITE]
    url = f"{site.link_url(request, link)}?badge={site.tokens.badge(link)}"
    return {"name": person.name, "organisation": person.organisation, "office": person.office, "qr": qr(url, "l")}


def routes() -> list[web.RouteDef]:
    """The sheets."""
    return [web.get("/organise/badges", badges)]
