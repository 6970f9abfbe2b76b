"""What is rehearsed: a programme in a directory of its own, with as many people as wanted, in less time."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from conference.app import open_store
from conference.breakouts.boards.model import fields_of
from conference.breakouts.tables import RoomRow
from conference.config import Settings
from conference.core.errors import ConferenceError
from conference.core.facts import DAY
from conference.core.roles import Role
from conference.demo import HERE as DEMO
from conference.importing import import_all, import_people
from conference.people.people_file import PeopleFile, PersonEntry, read_people
from conference.people.tables import PersonRow
from conference.sessions import queries
from conference.sessions.facts import AgendaReplaced
from conference.sessions.model import Session, State
from conference.sessions.programme import read_programme
from conference.sessions.tables import SessionRow
from conference.store.engine import database_url
from conference.store.unit import Unit

MADE_UP = "probe{number}@example.org"
LEAD = timedelta(seconds=4)
"""From the preparation to the beginning of the day: the server starts meanwhile."""


@dataclass(frozen=True)
class Plan:
    """A day to live through.

    Attributes:
        agenda: as it will be, in order.
        kinds: of sessions by key; `speakers`: e-mail addresses by session.
        groups: the session of the working groups, if there is one; `rooms`: their keys; `board_fields`: how many.
        parts: e-mail addresses of those who speak, by session and part.
        speed: how much quicker than planned.
    """

    title: str
    agenda: tuple[Session, ...]
    kinds: Mapping[str, str]
    speakers: Mapping[str, frozenset[str]]
    parts: Mapping[tuple[str, str], frozenset[str]]
    groups: str
    rooms: tuple[str, ...]
    board_fields: int
    people: int
    speed: float

    def seconds(self, session: str) -> float:
        """How long a session is to take."""
        return next((item.ends - item.starts).total_seconds() for item in self.agenda if item.key == session)

    def place(self, name: str) -> int:
        """A number for a stage or a room, from 1."""
        return [*self.kinds, *self.rooms].index(name) + 1

    @property
    def length(self) -> timedelta:
        """From the first beginning to the last end."""
        return self.agenda[-1].ends - self.agenda[0].starts


async def prepare(
    directory: Path, source: Settings | None, people: int | None, speed: float, minutes: float | None
) -> Plan:
    """Put the day into an empty directory.

    Args:
        source: where the programme and its people are copied from; None: the demo's.
        people: how many take part; None: as many as there are.
        speed: how much quicker than planned; `minutes` instead of it: how long the day is to take.

    Raises:
        ConferenceError: ``rehearsal.nothing``, ``rehearsal.begun``, ``rehearsal.database``.
    """
    if source is not None:
        _copy(source, directory)
    async with open_store(Settings(data=str(directory))) as store:
        async with store.unit() as unit:
            if source is None:
                await _demo(unit, people)
            made_up = await _fill(unit, people)
        async with store.unit() as unit:
            agenda = await queries.agenda(unit.db)
            if any(item.state is not State.PLANNED for item in agenda):
                raise ConferenceError("rehearsal.begun", "Dieser Tag hat schon begonnen. Geprobt wird vorher.")
            planned = agenda[-1].ends - agenda[0].starts
            if minutes is not None:
                speed = max(planned / timedelta(minutes=minutes), 1.0)
            await _hurry(unit, agenda[0].starts, unit.now + LEAD, speed)
            if made_up:
                await _widen(unit)
        async with store.unit() as unit:
            return await _plan(unit, people, speed)


def _copy(source: Settings, directory: Path) -> None:
    """A copy of the database as it is now; the key stays where it is, so no real link opens anything here."""
    path = source.directory / "conference.db"
    if source.database_url != database_url(source.directory):
        raise ConferenceError("rehearsal.database", "Geprobt wird mit SQLite; diese Datenbank ist eine andere.")
    if not path.is_file():
        raise ConferenceError("rehearsal.nothing", f"In {source.directory} ist noch kein Programm.")
    directory.mkdir(parents=True, exist_ok=True)
    original = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    copy = sqlite3.connect(directory / path.name)
    try:
        original.backup(copy)
    finally:
        original.close()
        copy.close()


async def _demo(unit: Unit, people: int | None) -> None:
    programme = read_programme((DEMO / "kooperationskonferenz.yaml").read_bytes())
    file = read_people("people.csv", (DEMO / "people.csv").read_bytes())
    await import_all(unit, programme, PeopleFile(file.entries[:people], (), 0))


async def _fill(unit: Unit, people: int | None) -> int:
    """Make up whom the programme lacks; how many."""
    query = select(func.count()).where(PersonRow.role == Role.PARTICIPANT.value)
    there = (await unit.db.execute(query)).scalar_one()
    missing = range(there, people or there)
    entries = tuple(
        PersonEntry(0, "Probe", f"Person {n + 1}", MADE_UP.format(number=n + 1), f"Stelle {n % 17}", "", "remote", ())
        for n in missing
    )
    if entries:
        await import_people(unit, PeopleFile(entries, (), 0))
    return len(entries)


async def _widen(unit: Unit) -> None:
    """Room in the working groups for those who were made up."""
    query = select(func.count()).where(PersonRow.role == Role.PARTICIPANT.value)
    people = (await unit.db.execute(query)).scalar_one()
    rooms = list((await unit.db.execute(select(RoomRow))).scalars())
    for row in rooms:
        row.capacity = max(row.capacity, -(-people // len(rooms)) + 2)


async def _hurry(unit: Unit, first: datetime, begin: datetime, speed: float) -> None:
    """Let the day begin then, and all its times and exercises be so much shorter."""
    for row in (await unit.db.execute(select(SessionRow))).scalars():
        row.starts, row.ends = begin + (row.starts - first) / speed, begin + (row.ends - first) / speed
        if "steps" in row.extra:
            steps = [{**step, "seconds": max(round(step["seconds"] / speed), 1)} for step in row.extra["steps"]]
            row.extra = {**row.extra, "steps": steps}
    await unit.db.flush()
    await unit.tell(DAY, AgendaReplaced(queries.agenda_view(await queries.agenda(unit.db))))


async def _plan(unit: Unit, people: int | None, speed: float) -> Plan:
    agenda = tuple(await queries.agenda(unit.db))
    everybody = list((await unit.db.execute(select(PersonRow))).scalars())
    emails = {row.id: row.email or "" for row in everybody}
    there = sum(row.role == Role.PARTICIPANT.value for row in everybody)
    groups = next((item for item in agenda if item.kind == "breakouts"), None)
    rooms: Sequence[str] = ()
    if groups is not None:
        query = select(RoomRow.key).where(RoomRow.session_id == groups.id).order_by(RoomRow.position)
        rooms = list((await unit.db.execute(query)).scalars())
    return Plan(
        (await queries.conference(unit.db)).title,
        agenda,
        {item.key: item.kind for item in agenda},
        {
            item.key: frozenset(emails[speaker.person_id] for part in item.parts for speaker in part.speakers)
            for item in agenda
        },
        {
            (item.key, part.key): frozenset(emails[speaker.person_id] for speaker in part.speakers)
            for item in agenda
            for part in item.parts
        },
        groups.key if groups else "",
        tuple(rooms),
        len(fields_of(groups.extra)) if groups else 0,
        min(people or there, there),
        speed,
    )
