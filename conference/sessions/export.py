"""Attendance as rows: for spreadsheets, for JSON, for the organiser's page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from conference.core.roles import MAY, Permission, Role
from conference.people.model import Person
from conference.people.queries import everybody
from conference.sessions import queries
from conference.sessions.attendance import Attendance, Interval, attendance, total, union
from conference.sessions.model import Session
from conference.sessions.tables import ConferenceRow, PresenceRow
from conference.sheets.model import Column, Sheet

ROLE_NAMES = {
    Role.PARTICIPANT: "Teilnahme",
    Role.SPEAKER: "Vortrag",
    Role.MODERATOR: "Moderation",
    Role.ORGANISER: "Organisation",
    Role.PRODUCTION: "Produktion",
    Role.VENUE: "Saalbild",
}
PLACES = {
    frozenset({"online"}): "online",
    frozenset({"hall"}): "Saal",
    frozenset({"online", "hall"}): "Saal und online",
}


@dataclass(frozen=True)
class Attended:
    """One person's attendance of one session."""

    person: Person
    session: Session
    role: Role
    attendance: Attendance
    place: str
    counts: bool


@dataclass(frozen=True)
class Report:
    """Everything about attendance, read once.

    Attributes:
        rows: every person who can attend × every session, in programme order and by name.
        visits: every interval of presence with its person and session.
    """

    conference: ConferenceRow
    timezone: ZoneInfo
    sessions: Sequence[Session]
    runs: dict[int, list[Interval]]
    rows: list[Attended]
    visits: list[tuple[PresenceRow, Person, Session]]
    now: datetime


async def report(db: AsyncSession, now: datetime) -> Report:
    """Read attendance; open intervals and running sessions reach until now."""
    conference = await queries.conference(db)
    sessions = await queries.agenda(db)
    runs = await queries.runs(db, now)
    people = [p for p in await everybody(db) if Permission.JOIN in MAY[p.role]]
    presences = await queries.presences(db)
    by_key = {row.id: row for row in sessions}
    by_person = {person.id: person for person in people}
    rows = _rows(people, sessions, runs, presences, conference.attendance_threshold, now)
    visits = [(p, by_person[p.person_id], by_key[p.session_id]) for p in presences if p.person_id in by_person]
    return Report(conference, ZoneInfo(conference.timezone), sessions, runs, rows, visits, now)


def _rows(
    people: Sequence[Person],
    sessions: Sequence[Session],
    runs: dict[int, list[Interval]],
    presences: Sequence[PresenceRow],
    threshold: int,
    now: datetime,
) -> list[Attended]:
    seen: dict[tuple[int, int], list[PresenceRow]] = defaultdict(list)
    for row in presences:
        seen[row.session_id, row.person_id].append(row)
    return [
        _attended(person, session, seen[session.id, person.id], runs.get(session.id, []), threshold, now)
        for session in sessions
        for person in people
    ]


def _attended(
    person: Person,
    session: Session,
    presences: list[PresenceRow],
    runs: list[Interval],
    threshold: int,
    now: datetime,
) -> Attended:
    found = attendance([queries.closing(row, now) for row in presences], runs)
    place = PLACES.get(frozenset(row.source for row in presences), "") if found.present else ""
    return Attended(person, session, session.role_of(person), found, place, found.attended(threshold))


def sheets(report: Report) -> list[Sheet]:
    """Übersicht, Teilnahme, Verbindungen, Gruppenräume (if there were any), then one sheet per session."""
    per_session = [
        Sheet(s.title, _SESSION, [_session_cells(r) for r in report.rows if r.session is s]) for s in report.sessions
    ]
    in_rooms = [_rooms(report)] if any(visit.room for visit, _, _ in report.visits) else []
    return [overview(report), attendance_sheet(report), _connections(report), *in_rooms, *per_session]


def attendance_sheet(report: Report) -> Sheet:
    """A row per person and session; this one is the CSV."""
    return Sheet(
        "Teilnahme",
        (Column("Veranstaltung"), *_SESSION),
        [(r.session.title, *_session_cells(r)) for r in report.rows],
    )


_SESSION = (
    Column("Nachname"),
    Column("Vorname"),
    Column("E-Mail"),
    Column("Organisation"),
    Column("Rolle"),
    Column("Ort"),
    Column("Von", "datetime"),
    Column("Bis", "datetime"),
    Column("Minuten", "decimal"),
    Column("Anteil in %", "percent"),
    Column("Teilgenommen", "bool"),
    Column("Verbindungen", "int"),
)


def _session_cells(row: Attended) -> tuple[Any, ...]:
    a, p = row.attendance, row.person
    return (
        p.last_name,
        p.first_name,
        p.email or "",
        p.organisation,
        ROLE_NAMES[row.role],
        row.place,
        a.first,
        a.last,
        a.minutes,
        a.percent,
        row.counts,
        a.connections,
    )


def overview(report: Report) -> Sheet:
    """A row per session: when it was planned, when it ran, how many came."""
    columns = (
        Column("Veranstaltung"),
        Column("Beginn geplant", "datetime"),
        Column("Ende geplant", "datetime"),
        Column("Begonnen", "datetime"),
        Column("Beendet", "datetime"),
        Column("Minuten gelaufen", "decimal"),
        Column("Eingeladen", "int"),
        Column("Anwesend", "int"),
        Column("Teilgenommen", "int"),
        Column("Anteil in %", "percent"),
    )
    return Sheet("Übersicht", columns, [_overview_cells(report, session) for session in report.sessions])


def _overview_cells(report: Report, session: Session) -> tuple[Any, ...]:
    rows = [row for row in report.rows if row.session is session]
    present = [row for row in rows if row.attendance.present]
    ran = union(report.runs.get(session.id, []))
    share = round(100 * len(present) / len(rows), 1) if rows else 0.0
    running = session.running_since is not None
    return (
        session.title,
        session.starts,
        session.ends,
        ran[0][0] if ran else None,
        ran[-1][1] if ran and not running else None,
        round(total(ran).total_seconds() / 60, 1),
        len(rows),
        len(present),
        sum(row.counts for row in rows),
        share,
    )


def _connections(report: Report) -> Sheet:
    columns = (
        Column("Nachname"),
        Column("Vorname"),
        Column("E-Mail"),
        Column("Veranstaltung"),
        Column("Ort"),
        Column("Raum"),
        Column("Von", "datetime"),
        Column("Bis", "datetime"),
        Column("Minuten", "decimal"),
    )
    rows: list[tuple[Any, ...]] = []
    for row, person, session in report.visits:
        began, ended = queries.closing(row, report.now)
        rows.append(
            (
                person.last_name,
                person.first_name,
                person.email or "",
                session.title,
                "Saal" if row.source == "hall" else "online",
                _room_title(session, row.room),
                began,
                row.ended,
                round((ended - began).total_seconds() / 60, 1),
            )
        )
    return Sheet("Verbindungen", columns, rows)


def _rooms(report: Report) -> Sheet:
    """A row per person and room of working groups."""
    columns = (
        Column("Veranstaltung"),
        Column("Raum"),
        Column("Nachname"),
        Column("Vorname"),
        Column("E-Mail"),
        Column("Organisation"),
        Column("Minuten", "decimal"),
    )
    rows = [
        (session.title, _room_title(session, room), p.last_name, p.first_name, p.email or "", p.organisation, minutes)
        for session, room, p, minutes in _minutes_in_rooms(report)
    ]
    return Sheet("Gruppenräume", columns, sorted(rows))


def _minutes_in_rooms(report: Report) -> list[tuple[Session, str, Person, float]]:
    """How long people were in rooms of working groups; two devices at the same time count once."""
    intervals: dict[tuple[int, str, int], list[Interval]] = defaultdict(list)
    named: dict[tuple[int, str, int], tuple[Session, str, Person]] = {}
    for row, person, session in report.visits:
        if row.room:
            place = session.id, row.room, person.id
            intervals[place].append(queries.closing(row, report.now))
            named[place] = session, row.room, person
    return [(*named[place], _minutes(found)) for place, found in intervals.items()]


def _minutes(intervals: Sequence[Interval]) -> float:
    return round(total(union(intervals)).total_seconds() / 60, 1)


def _room_title(session: Session, key: str) -> str:
    """A room as the programme calls it; its key if it does no longer."""
    return next((str(room["title"]) for room in session.extra.get("rooms", ()) if room["key"] == key), key)


def payload(report: Report) -> dict[str, Any]:
    """The same for programs: minutes and per cent as numbers, times as instants."""
    return {
        "conference": {"key": report.conference.key, "title": report.conference.title},
        "threshold": report.conference.attendance_threshold,
        "sessions": [_session_payload(report, session) for session in report.sessions],
    }


def _session_payload(report: Report, session: Session) -> dict[str, Any]:
    ran = union(report.runs.get(session.id, []))
    visits: dict[int, list[PresenceRow]] = defaultdict(list)
    for row, person, visited in report.visits:
        if visited is session:
            visits[person.id].append(row)
    return {
        "key": session.key,
        "title": session.title,
        "starts": session.starts,
        "ends": session.ends,
        "ran": [{"began": began, "ended": ended} for began, ended in ran],
        "minutes": round(total(ran).total_seconds() / 60, 1),
        "people": [
            _person_payload(row, visits[row.person.id], report.now) for row in report.rows if row.session is session
        ],
    }


def _person_payload(row: Attended, visits: Sequence[PresenceRow], now: datetime) -> dict[str, Any]:
    a, p = row.attendance, row.person
    in_rooms: dict[str, list[Interval]] = defaultdict(list)
    for visit in visits:
        if visit.room:
            in_rooms[visit.room].append(queries.closing(visit, now))
    return {
        "name": p.name,
        "email": p.email,
        "organisation": p.organisation,
        "role": row.role.value,
        "minutes": a.minutes,
        "percent": a.percent,
        "attended": row.counts,
        "place": row.place,
        "first": a.first,
        "last": a.last,
        "rooms": [{"room": room, "minutes": _minutes(found)} for room, found in in_rooms.items()],
        "visits": [{"source": v.source, "room": v.room, "began": v.began, "ended": v.ended} for v in visits],
    }


async def live_attendance(db: AsyncSession, now: datetime) -> list[dict[str, Any]]:
    """Per session: ``{session, title, state, online, hall, came, attended, invited, minutes}``."""
    found = await report(db, now)
    lines = []
    for session in found.sessions:
        rows = [row for row in found.rows if row.session is session]
        lines.append(
            {
                "session": session.key,
                "title": session.title,
                "state": session.state,
                **await queries.presence(db, session.id),
                "came": sum(1 for row in rows if row.attendance.present),
                "attended": sum(row.counts for row in rows),
                "invited": len(rows),
                "minutes": round(total(found.runs.get(session.id, [])).total_seconds() / 60, 1),
            }
        )
    return lines


async def attendance_of(db: AsyncSession, person: Person, now: datetime) -> list[dict[str, Any]]:
    """One person's own record: ``{session, title, minutes, percent, attended}`` for every session that has run."""
    conference = await queries.conference(db)
    runs = await queries.runs(db, now)
    presences = await queries.presences(db, person.id)
    lines = []
    for session in await queries.agenda(db):
        if session.id not in runs:
            continue
        mine = [row for row in presences if row.session_id == session.id]
        row = _attended(person, session, mine, runs[session.id], conference.attendance_threshold, now)
        lines.append(
            {
                "session": session.key,
                "title": session.title,
                "minutes": row.attendance.minutes,
                "percent": row.attendance.percent,
                "attended": row.counts,
            }
        )
    return lines
