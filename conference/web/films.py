"""The files of films, for those who may see them now: the crew always, others while the stage shows them."""

from __future__ import annotations

import re

from aiohttp import web

from conference.core.errors import NotFound
from conference.core.roles import CREW
from conference.films import queries
from conference.films.files import film_path, subtitles_path
from conference.films.model import TYPES
from conference.films.tables import FilmRow
from conference.sessions import queries as sessions
from conference.sessions.model import may_watch
from conference.web.site import SITE, identify

_KEY = re.compile(r"[A-Za-z0-9_-]{32,40}\Z")
KEPT_SECONDS = 3600
"""So long a browser may keep what it has; what is filed anew has another address."""


async def film(request: web.Request) -> web.StreamResponse:
    """A film, or the part of it that a Range header asks for (RFC 9110 section 14), from the disk."""
    row = await _open(request)
    path = film_path(request.app[SITE].settings.directory, row.key, row.kind)
    return _sent(web.FileResponse(path, chunk_size=256 * 1024), TYPES[row.kind])


async def subtitles(request: web.Request) -> web.StreamResponse:
    """A film's subtitles."""
    row = await _open(request)
    if not row.subtitles:
        raise NotFound("Untertitel zu diesem Film")
    path = subtitles_path(request.app[SITE].settings.directory, row.key)
    return _sent(web.FileResponse(path), "text/vtt; charset=utf-8")


def _sent(response: web.FileResponse, content_type: str) -> web.FileResponse:
    response.headers["Content-Type"] = content_type
    response.headers["Cache-Control"] = f"private, max-age={KEPT_SECONDS}"
    return response


async def _open(request: web.Request) -> FilmRow:
    """The film that is asked for. Whoever may not see it now is told that there is none.

    Raises:
        NotFound; ConferenceError ``not_signed_in``.
    """
    identity = await identify(request)
    key = request.match_info["key"]
    async with request.app[SITE].store.reading() as db:
        found = await queries.by_key(db, key) if _KEY.match(key) else None
        if found is None:
            raise NotFound("Diesen Film")
        row, session, shown = found
        item = await sessions.session(db, session)
    role = item.role_of(identity.person)
    if role not in CREW and not (shown and may_watch(item.state, role)):
        raise NotFound("Diesen Film")
    return row


def routes() -> list[web.RouteDef]:
    """Films."""
    return [web.get("/film/{key}", film), web.get("/film/{key}/subtitles", subtitles)]
