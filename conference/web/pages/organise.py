"""Organisation: the day at a glance, people and their links, results, downloads."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Any

from aiohttp import BodyPartReader, web

from conference.core.errors import BadRequest, ConferenceError
from conference.core.roles import Permission
from conference.exporting import CONTENT_TYPES, TITLES, WHATS, export, forms
from conference.feedback import export as feedback_export
from conference.importing import import_people
from conference.people import actions, queries
from conference.people.model import Link, Person
from conference.people.people_file import read_people
from conference.people.tables import LinkRow
from conference.polls import export as poll_export
from conference.sessions import queries as sessions
from conference.sessions.export import attendance_of, live_attendance
from conference.web.site import SITE, identify, render, with_handle

FILE_BYTES = 5 * 1024 * 1024


async def day(request: web.Request) -> web.StreamResponse:
    """The day at a glance."""
    identity = await identify(request, may=Permission.ORGANISE)
    site = request.app[SITE]
    async with site.store.reading() as db:
        attendance = await live_attendance(db, site.store.clock.now())
    return await render(request, "organise.html", identity, attendance=attendance)


async def people(request: web.Request) -> web.StreamResponse:
    """People: search and import."""
    return await _people(request, None)


async def _people(request: web.Request, report: dict[str, Any] | None, status: int = 200) -> web.StreamResponse:
    identity = await identify(request, may=Permission.ORGANISE)
    site, query = request.app[SITE], request.query.get("q", "")[:200]
    async with site.store.reading() as db:
        active = await queries.active_links(db)
        last = {row.person_id: row.last_seen for row in await sessions.presences(db)}
        found = await queries.everybody(db, query)
    rows = [
        {
            "id": p.public_id,
            "name": p.name,
            "email": p.email or "",
            "organisation": p.organisation,
            "office": p.office,
            "role": p.role.value,
            "links_active": active.get(p.id, 0),
            "last_seen": last.get(p.id),
            "attends": p.attends,
        }
        for p in found
    ]
    return await render(
        request, "organise_people.html", identity, people=rows, query=query, report=report, status=status
    )


async def take_people(request: web.Request) -> web.StreamResponse:
    """Import a people file and say what became of it; a file that cannot be understood changes nothing."""
    await identify(request, may=Permission.ORGANISE)
    name, data = await _upload(request)
    try:
        file = await asyncio.to_thread(read_people, name, data)
    except ConferenceError as error:
        return await _people(request, {"error": error.message}, 422)
    async with request.app[SITE].store.unit() as unit:
        counted = await import_people(unit, file)
    refused = [{"line": line.line, "reason": line.reason} for line in file.refused]
    return await _people(request, {**asdict(counted), "duplicates": file.duplicates, "refused": refused, "error": None})


async def _upload(request: web.Request) -> tuple[str, bytes]:
    if not request.content_type.startswith("multipart/"):
        raise BadRequest("Bitte eine Datei auswählen.")
    async for part in await request.multipart():
        if isinstance(part, BodyPartReader) and part.name == "people" and part.filename:
            data = bytearray()
            while chunk := await part.read_chunk(65536):
                data += chunk
                if len(data) > FILE_BYTES:
                    raise ConferenceError("too_large", "Die Datei ist größer als 5 MB.")
            return part.filename, bytes(data)
    raise BadRequest("Bitte eine Datei auswählen.")


async def person(request: web.Request) -> web.StreamResponse:
    """One person's whole story: links, visits, attendance."""
    identity = await identify(request, may=Permission.ORGANISE)
    site = request.app[SITE]
    async with site.store.reading() as db:
        subject = await queries.person(db, request.match_info["person"])
        rows = await queries.links_of(db, subject.id)
        titles = {row.key: row.title for row in await sessions.agenda(db)}
        keys = {row.id: row.key for row in await sessions.agenda(db)}
        visits = await sessions.presences(db, subject.id)
        attendance = await attendance_of(db, subject, site.store.clock.now())
    return await render(
        request,
        "organise_person.html",
        identity,
        subject=_subject(subject),
        links=[_link(request, row, titles) for row in rows],
        attendance=attendance,
        visits=[
            {
                "session": keys[v.session_id],
                "title": titles[keys[v.session_id]],
                "began": v.began,
                "ended": v.ended,
                "source": v.source,
            }
            for v in visits
        ],
    )


def _subject(p: Person) -> dict[str, Any]:
    return {
        "id": p.public_id,
        "name": p.name,
        "email": p.email or "",
        "organisation": p.organisation,
        "office": p.office,
        "role": p.role.value,
        "attends": p.attends,
        "wishes": list(p.wishes),
    }


def _link(request: web.Request, row: LinkRow, titles: dict[str, str]) -> dict[str, Any]:
    link: Link = row.to_model()
    return {
        "id": link.public_id,
        "session": link.session,
        "title": titles.get(link.session or "", ""),
        "url": request.app[SITE].link_url(request, link),
        "revoked": link.revoked,
        "reissued": row.reissued_at,
    }


async def change_link(request: web.Request) -> web.StreamResponse:
    """Revoke or reissue one link: what is open through it is cut at once."""
    await identify(request, may=Permission.ORGANISE)
    site, info = request.app[SITE], request.match_info
    verb = {"revoke": actions.revoke, "reissue": actions.reissue}[info["verb"]]
    async with site.store.unit() as unit:
        link = await verb(unit, info["person"], info["link"])
    await site.hall.cut_link(link.public_id)
    raise web.HTTPSeeOther(with_handle(f"/organise/people/{info['person']}", request.query.get("as")))


async def results(request: web.Request) -> web.StreamResponse:
    """Polls and feedback with charts."""
    identity = await identify(request, may=Permission.ORGANISE)
    async with request.app[SITE].store.reading() as db:
        polls = await poll_export.payload(db)
        feedback = await feedback_export.payload(db)
    return await render(
        request,
        "organise_results.html",
        identity,
        polls=[poll for poll in polls if poll["runs"]],
        feedback=feedback[0] if feedback else None,
    )


async def download(request: web.Request) -> web.StreamResponse:
    """An export as a file: for organisers; the log of the day for moderators too."""
    what, form = request.match_info["what"], request.match_info["form"]
    await identify(request, may=Permission.MODERATE if what == "log" else Permission.ORGANISE)
    site = request.app[SITE]
    async with site.store.reading() as db:
        key = (await sessions.conference(db)).key
        body = await export(db, what, form, site.store.clock.now())
    name = f"{key}-{TITLES[what].lower().replace('ü', 'ue')}.{form}"
    headers = {
        "Content-Type": CONTENT_TYPES[form],
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    return web.Response(body=body, headers=headers)


def routes() -> list[web.RouteDef]:
    """Organisation."""
    one = "/organise/people/{person}"
    return [
        web.get("/organise", day),
        web.get("/organise/people", people),
        web.post("/organise/people/import", take_people),
        web.get(one, person),
        web.post(one + "/links/{link}/{verb:revoke|reissue}", change_link),
        web.get("/organise/results", results),
        *(web.get(f"/organise/export/{{what:{what}}}.{{form:{'|'.join(forms(what))}}}", download) for what in WHATS),
    ]
