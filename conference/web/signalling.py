"""Media signalling: WHIP (RFC 9725) to publish, its viewing twin WHEP to view."""

from __future__ import annotations

import contextlib
import json

from aiohttp import web

from conference.core.errors import BadRequest, ConferenceError, NotAllowed
from conference.core.roles import Role
from conference.hall.room_media import RoomMedia
from conference.hall.stage_media import Room, StageMedia
from conference.media.engine import Answer
from conference.sessions.model import Feed, Source
from conference.web import turn
from conference.web.identity import Identity
from conference.web.site import SITE, with_handle

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"
OFFER_BYTES = 128 * 1024
SIZES_BYTES = 1024
MAX_SLOTS, MAX_HEIGHT = 24, 4320
_ROOMS: dict[str, Room] = {"stage": "stage", "backstage": "backstage", "foldback": "foldback"}


async def publish(request: web.Request) -> web.StreamResponse:
    """Take an offer to send. The production sends the programme; speakers their camera, or ``?source=screen``."""
    identity, offer = await _asked(request, SDP)
    key = request.match_info["session"]
    if "group" in request.query:
        rooms = request.app[SITE].hall.groups.media
        group = await rooms.publish(key, request.query["group"], identity.person, identity.link, offer)
        return _created(request, group)
    return _created(request, await _publish(request, key, identity, offer))


async def _publish(request: web.Request, key: str, identity: Identity, offer: str) -> Answer:
    """Take in ``backup`` (the programme once more), ``return`` (``&for=`` a person), ``talkback``, or a source."""
    media, person, link = request.app[SITE].hall.media, identity.person, identity.link
    match request.query.get("source"):
        case "backup":
            return await media.publish(key, person, link, Source.PROGRAMME, offer, Feed.BACKUP)
        case "return":
            return await media.publish_return(key, person, link, request.query.get("for", ""), offer)
        case "talkback":
            return await media.publish_talkback(key, person, link, offer)
    return await media.publish(key, person, link, _source(request, identity), offer)


async def view(request: web.Request) -> web.StreamResponse:
    """Take an offer to receive the stage, ``?room=backstage``, or ``?room=foldback``: what one is sent alone."""
    identity, offer = await _asked(request, SDP)
    if "group" in request.query:
        rooms, key = request.app[SITE].hall.groups.media, request.match_info["session"]
        return _created(request, await rooms.view(key, request.query["group"], identity.person, identity.link, offer))
    room = _ROOMS.get(request.query.get("room", "stage"))
    if room is None:
        raise BadRequest("Diesen Raum gibt es nicht.")
    key = request.match_info["session"]
    answer = await request.app[SITE].hall.media.view(key, identity.person, identity.link, room, offer)
    return _created(request, answer)


async def patch(request: web.Request) -> web.StreamResponse:
    """ICE restart or trickled candidates (RFC 9725 section 4.3)."""
    identity, fragment = await _asked(request, FRAGMENT)
    etag = request.headers.get("If-Match", "").strip('"')
    answer, new = await _owner(request).patch(
        request.match_info["resource"], identity.person, fragment, None if etag in ("", "*") else etag
    )
    if not answer:
        return web.Response(status=204)
    return web.Response(text=answer, content_type=FRAGMENT, headers={"ETag": f'"{new}"'})


async def sizes(request: web.Request) -> web.StreamResponse:
    """Take in how many physical pixels of height each video slot is shown, 0 for not at all; nothing of it is kept."""
    identity = await request.app[SITE].doorman.require(request)
    request.app[SITE].hall.media.pace(identity.person)
    heights = _heights(await request.read())
    await _owner(request).sizes(request.match_info["resource"], identity.person, heights)
    return web.Response(status=204)


def _heights(body: bytes) -> list[int]:
    try:
        heights = json.loads(body) if len(body) <= SIZES_BYTES else None
    except (ValueError, RecursionError):
        heights = None
    if not isinstance(heights, list) or len(heights) > MAX_SLOTS or not all(map(_height, heights)):
        raise BadRequest(f"Erwartet werden bis zu {MAX_SLOTS} Höhen von 0 bis {MAX_HEIGHT}.")
    return heights


def _height(value: object) -> bool:
    return type(value) is int and 0 <= value <= MAX_HEIGHT


async def end(request: web.Request) -> web.StreamResponse:
    """End a resource of one's own."""
    identity = await request.app[SITE].doorman.require(request)
    await _owner(request).close_own(request.match_info["resource"], identity.person)
    return web.Response()


def _owner(request: web.Request) -> StageMedia | RoomMedia:
    """Who answers for a resource: the rooms of working groups, or the stage."""
    hall = request.app[SITE].hall
    rooms = hall.groups.media
    return rooms if rooms.owns(request.match_info["resource"]) else hall.media


async def options(request: web.Request) -> web.StreamResponse:
    """What may be posted here (RFC 9725 section 4.2); those with a link also learn of the TURN servers."""
    response = web.Response(status=204, headers={"Accept-Post": SDP, "Allow": "POST, OPTIONS"})
    with contextlib.suppress(ConferenceError):
        await request.app[SITE].doorman.require(request)
        _name_ice_servers(request, response)
    return response


def _name_ice_servers(request: web.Request, response: web.Response) -> None:
    for link in turn.links(request.app[SITE].ice_servers()):
        response.headers.add("Link", link)


async def _asked(request: web.Request, content_type: str) -> tuple[Identity, str]:
    """Who asks, and the SDP. A bearer's link of another session opens nothing here."""
    doorman = request.app[SITE].doorman
    identity = await doorman.require(request)
    request.app[SITE].hall.media.pace(identity.person)
    bearer = await doorman.by_bearer(request)
    if bearer and bearer[0].session not in (None, request.match_info.get("session", bearer[0].session)):
        raise NotAllowed()
    if request.content_type != content_type:
        raise ConferenceError("media.type", f"Erwartet wird {content_type}.")
    if (request.content_length or 0) > OFFER_BYTES:
        raise ConferenceError("too_large", "Das Angebot ist zu groß.")
    body = await _body(request)
    if len(body) > OFFER_BYTES:
        raise ConferenceError("too_large", "Das Angebot ist zu groß.")
    try:
        return identity, body.decode()
    except UnicodeDecodeError:
        raise BadRequest("SDP ist UTF-8 (RFC 8866 section 5).") from None


async def _body(request: web.Request) -> bytes:
    """What was posted, or a little more than is allowed. Pages give up and ask again when their network fails."""
    body = b""
    try:
        while len(body) <= OFFER_BYTES and (chunk := await request.content.read(OFFER_BYTES + 1)):
            body += chunk
    except ConnectionResetError:
        raise BadRequest("Die Anfrage ist abgebrochen.") from None
    return body


def _source(request: web.Request, identity: Identity) -> Source:
    default = Source.PROGRAMME if identity.person.role is Role.PRODUCTION else Source.CAMERA
    try:
        source = Source(request.query.get("source", default))
    except ValueError:
        raise BadRequest("Diese Quelle gibt es nicht.") from None
    if (source is Source.PROGRAMME) != (default is Source.PROGRAMME):
        raise NotAllowed()
    return source


def _created(request: web.Request, answer: Answer) -> web.Response:
    location = with_handle(f"/media/{answer.resource}", request.query.get("as"))
    headers = {"Location": location, "ETag": f'"{answer.etag}"'}
    response = web.Response(status=201, text=answer.sdp, content_type=SDP, headers=headers)
    _name_ice_servers(request, response)
    return response


def routes() -> list[web.RouteDef]:
    """Media signalling."""
    return [
        web.post("/whip/{session}", publish),
        web.options("/whip/{session}", options),
        web.post("/whep/{session}", view),
        web.options("/whep/{session}", options),
        web.patch("/media/{resource}", patch),
        web.put("/media/{resource}/sizes", sizes),
        web.delete("/media/{resource}", end),
    ]
