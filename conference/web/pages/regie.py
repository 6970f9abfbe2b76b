"""The Regie: the production's desk for one session. What it shows moves by itself; below is where an encoder sends."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from conference.core.errors import NotAllowed, NotFound
from conference.core.roles import Permission, Role, may
from conference.people import queries as people
from conference.sessions import queries
from conference.web.identity import Identity
from conference.web.site import SITE, identify, render


async def regie(request: web.Request) -> web.StreamResponse:
    """The desk, for those who may monitor the session; the encoder's key for the production alone."""
    identity = await identify(request)
    key = request.match_info["session"]
    async with request.app[SITE].store.reading() as db:
        row = await queries.session(db, key)
        item, role = queries.agenda_view([row])[0], row.role_of(identity.person)
    if not may(role, Permission.MONITOR):
        raise NotAllowed()
    if row.kind != "live":
        raise NotFound("Eine Bühne dieser Veranstaltung")
    return await render(request, "regie.html", identity, key, item=item, whip=await _whip(request, identity, key, role))


async def _whip(request: web.Request, identity: Identity, key: str, role: Role) -> dict[str, Any]:
    """Where the encoder sends to, and the key that it carries: that of one's own link to this session.

    Whoever came by another session's link sees no other secret: it could not be revoked singly.
    """
    site = request.app[SITE]
    url = f"{site.base(request)}/whip/{key}"
    addresses = {"url": url, "backup": f"{url}?source=backup"}
    if not may(role, Permission.PRODUCE) or identity.link.session not in (None, key):
        return {**addresses, "key": None}
    async with site.store.reading() as db:
        links = [row.to_model() for row in await people.links_of(db, identity.person.id) if row.revoked_at is None]
    own = next((link for link in links if link.session == key), None)
    return {**addresses, "key": site.tokens.token(own) if own else None}


def routes() -> list[web.RouteDef]:
    """The desk."""
    return [web.get("/regie/{session}", regie)]
