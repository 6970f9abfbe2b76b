"""Organisation: the films of the programme, each with its file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from aiohttp import BodyPartReader, web

from conference.core.errors import BadRequest, ConferenceError
from conference.core.roles import Permission
from conference.films import actions, queries
from conference.films.files import Receiving, drop
from conference.sessions import queries as sessions
from conference.web.site import SITE, identify, render, with_handle

PIECE = 256 * 1024


async def films(request: web.Request) -> web.StreamResponse:
    """All films of the day, and where their files come in."""
    return await _page(request, None)


async def _page(request: web.Request, error: str | None, status: int = 200) -> web.StreamResponse:
    identity = await identify(request, may=Permission.ORGANISE)
    async with request.app[SITE].store.reading() as db:
        found: list[dict[str, Any]] = [
            {**film, "session": item.key, "session_title": item.title}
            for item in await sessions.agenda(db)
            for film in await queries.files(db, item)
        ]
    return await render(request, "organise_films.html", identity, films=found, error=error, status=status)


async def take(request: web.Request) -> web.StreamResponse:
    """Take a film in, with or without subtitles: written to the disk as it comes, then looked at."""
    await identify(request, may=Permission.ORGANISE)
    site, info = request.app[SITE], request.match_info
    data = site.settings.directory
    if not request.content_type.startswith("multipart/"):
        raise BadRequest("Bitte eine Filmdatei auswählen.")
    try:
        async with site.store.reading() as db:
            actions.check_film(await sessions.session(db, info["session"]), info["part"])
        async with Receiving(data) as coming:
            async for part in await request.multipart():
                if isinstance(part, BodyPartReader) and part.name == "film" and part.filename:
                    if coming.began:
                        raise BadRequest("Bitte genau eine Filmdatei schicken.")
                    await coming.film(part.filename, _chunks(part))
                elif isinstance(part, BodyPartReader) and part.name == "subtitles":
                    await coming.subtitles(_chunks(part))
            intake = await coming.look()
            async with site.store.unit() as unit:
                old = await actions.file(unit, info["session"], intake.row(info["part"], unit.now))
            coming.keep()
    except ConferenceError as error:
        return await _page(request, error.message, 422)
    if old:
        await drop(data, old)
    raise _back(request)


async def _chunks(part: BodyPartReader) -> AsyncIterator[bytes]:
    while chunk := await part.read_chunk(PIECE):
        yield chunk


async def remove(request: web.Request) -> web.StreamResponse:
    """Take a film's file away."""
    await identify(request, may=Permission.ORGANISE)
    site, info = request.app[SITE], request.match_info
    try:
        async with site.store.unit() as unit:
            old = await actions.remove(unit, info["session"], info["part"])
    except ConferenceError as error:
        return await _page(request, error.message, 422)
    if old:
        await drop(site.settings.directory, old)
    raise _back(request)


def _back(request: web.Request) -> web.HTTPSeeOther:
    return web.HTTPSeeOther(with_handle("/organise/films", request.query.get("as")))


def routes() -> list[web.RouteDef]:
    """Films of the programme."""
    one = "/organise/films/{session}/{part}"
    return [web.get("/organise/films", films), web.post(one, take), web.post(one + "/remove", remove)]
