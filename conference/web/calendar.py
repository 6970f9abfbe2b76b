"""Calendar files and feeds: the address of a link with ``.ics`` behind it."""

from __future__ import annotations

from aiohttp import web

from conference.core.errors import NotFound
from conference.people.model import Link
from conference.sessions import queries
from conference.sessions.calendar import CalendarEntry, write_calendar
from conference.sessions.model import Session
from conference.sessions.tables import ConferenceRow
from conference.web.site import SITE


async def feed(request: web.Request) -> web.StreamResponse:
    """The day, or one session. Calendars that subscribe follow every shift (same UID, higher SEQUENCE)."""
    site = request.app[SITE]
    found = await site.doorman.by_token(request.match_info["token"])
    if found is None:
        raise NotFound("Dieser Kalender")
    link, _ = found
    async with site.store.reading() as db:
        conference = await queries.conference(db)
        rows = [row for row in await queries.agenda(db) if link.session in (None, row.key)]
    entries = [_entry(request, conference, row, link) for row in rows]
    body = write_calendar(conference.title, entries)
    headers = {
        "Content-Type": "text/calendar; charset=utf-8",
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{link.session or conference.key}.ics"',
    }
    return web.Response(body=body, headers=headers)


def _entry(request: web.Request, conference: ConferenceRow, row: Session, link: Link) -> CalendarEntry:
    url = request.app[SITE].link_url(request, link)
    speakers = [f"{s.name}, {s.office}".rstrip(", ") for part in row.parts for s in part.speakers]
    description = "\n".join([f"Ihr persönlicher Zugang: {url}", *speakers])
    return CalendarEntry(
        uid=f"{row.key}@{conference.key}",
        sequence=row.sequence,
        title=row.title,
        starts=row.starts,
        ends=row.ends,
        url=url,
        location=conference.venue,
        description=description,
        stamp=row.changed_at,
    )


def routes() -> list[web.RouteDef]:
    """Calendars."""
    return [web.get("/calendar/{token}.ics", feed)]
