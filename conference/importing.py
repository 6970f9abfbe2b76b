"""Taking a programme and people over, all or nothing: the one place that reaches into several features at once."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, select

from conference.breakouts import actions as breakouts
from conference.core.errors import ConferenceError
from conference.core.facts import DAY
from conference.core.roles import Role
from conference.direction import actions as direction
from conference.people import actions as people
from conference.people.people_file import PeopleFile
from conference.people.tables import PersonRow
from conference.polls import actions as polls
from conference.polls.model import Kind, Poll
from conference.polls.tables import PollRow, PollRunRow
from conference.sessions import queries
from conference.sessions.facts import AgendaReplaced
from conference.sessions.model import State
from conference.sessions.programme import PollEntry, Programme, SessionEntry
from conference.sessions.tables import (
    ConferenceRow,
    ModeratorRow,
    PartRow,
    PresenceRow,
    RunRow,
    SessionRow,
    SpeakerRow,
)
from conference.store.unit import Unit


@dataclass(frozen=True)
class ImportReport:
    """What an import did.

    Attributes:
        sessions_added, sessions_changed, sessions_removed: counted over the programme.
        people: what became of the people's lines; None when only a programme came.
        links: how many new links were made.
        kept: sessions that the programme no longer has but that were attended, and so stay.
    """

    sessions_added: int
    sessions_changed: int
    sessions_removed: int
    people: people.Imported | None
    links: int
    kept: tuple[str, ...] = ()


async def import_all(unit: Unit, programme: Programme, file: PeopleFile | None) -> ImportReport:
    """Take a programme and, if given, people over in one transaction.

    Raises:
        ConferenceError: ``import.other_conference`` when this data directory holds another conference.
    """
    await _conference(unit, programme)
    staff = await _staff(unit, programme)
    rows = {row.key: row for row in await queries.rows(unit.db)}
    added, changed = 0, 0
    for position, entry in enumerate(programme.sessions):
        existing = rows.pop(entry.key, None)
        changed += await _session(unit, entry, position, existing, staff)
        added += existing is None
    removed, kept = await _remove(unit, list(rows.values()))
    counted = await people.import_people(unit, file.entries) if file else None
    agenda = await queries.agenda(unit.db)
    links = await people.ensure_links(unit, [session.key for session in agenda])
    await direction.prepare(unit)
    await unit.tell(DAY, AgendaReplaced(queries.agenda_view(agenda)))
    return ImportReport(added, changed, removed, counted, links, tuple(kept))


async def import_people(unit: Unit, file: PeopleFile) -> people.Imported:
    """Take people over into the conference that is here; new ones get their links."""
    await queries.conference(unit.db)
    counted = await people.import_people(unit, file.entries)
    agenda = await queries.agenda(unit.db)
    await people.ensure_links(unit, [session.key for session in agenda])
    if counted.changed:  # a speaker may have another name or office now
        await unit.tell(DAY, AgendaReplaced(queries.agenda_view(agenda)))
    return counted


async def _conference(unit: Unit, programme: Programme) -> None:
    entry = programme.conference
    row = (await unit.db.execute(select(ConferenceRow))).scalar_one_or_none()
    if row is None:
        row = ConferenceRow(id=1, key=entry.key)
        unit.db.add(row)
    elif row.key != entry.key:
        raise ConferenceError(
            "import.other_conference",
            f"Dieses Verzeichnis enthält »{row.key}«. Für »{entry.key}« bitte mit --data ein anderes wählen.",
        )
    row.title, row.motto, row.host, row.venue = entry.title, entry.motto, entry.host, entry.venue
    row.timezone, row.language, row.date = entry.timezone, entry.language, entry.date
    row.attendance_threshold = entry.attendance_threshold
    row.recordings = list(programme.recordings)


async def _staff(unit: Unit, programme: Programme) -> dict[str, PersonRow]:
    found = {}
    for entry in programme.staff:
        role = Role(entry.role)
        found[entry.email] = await people.ensure_person(unit, entry.name, entry.email, role, entry.organisation, "")
    await people.ensure_person(unit, "Saalbild", None, Role.VENUE, programme.conference.venue, "")
    return found


async def _session(
    unit: Unit, entry: SessionEntry, position: int, row: SessionRow | None, staff: dict[str, PersonRow]
) -> bool:
    """Add or update a session; whether an existing one changed."""
    new = {
        "kind": entry.kind,
        "title": entry.title,
        "starts": entry.starts,
        "ends": entry.ends,
        "record": entry.record,
        "extra": dict(entry.extra),
    }
    known = row is not None
    if row is None:
        fresh = {"key": entry.key, "sequence": 0, "changed_at": unit.now, "state": State.PLANNED.value}
        row = SessionRow(position=position, **fresh, **new)
        unit.db.add(row)
        await unit.db.flush()
    changed = any(getattr(row, field) != value for field, value in new.items())
    if changed:
        for field, value in new.items():
            setattr(row, field, value)
        row.sequence, row.changed_at, row.shifted = row.sequence + 1, unit.now, 0
    row.position = position
    await _parts(unit, entry, row, staff)
    await polls.prepare(unit, row.id, [_poll(poll) for poll in entry.polls])
    if entry.kind == "breakouts":
        await breakouts.prepare(unit, row.id, entry.extra)
    return known and changed


async def _parts(unit: Unit, entry: SessionEntry, row: SessionRow, staff: dict[str, PersonRow]) -> None:
    for table in (SpeakerRow, PartRow, ModeratorRow):
        await unit.db.execute(delete(table).where(table.session_id == row.id))
    unit.db.add_all(
        ModeratorRow(session_id=row.id, person_id=staff[email].id) for email in dict.fromkeys(entry.moderators)
    )
    for position, part in enumerate(entry.parts):
        unit.db.add(PartRow(session_id=row.id, key=part.key, position=position, title=part.title, format=part.format))
        await unit.db.flush()
        for place, speaker in enumerate(part.speakers):
            person = await people.ensure_person(unit, speaker.name, speaker.email, Role.SPEAKER, "", speaker.office)
            unit.db.add(
                SpeakerRow(
                    session_id=row.id,
                    part=part.key,
                    person_id=person.id,
                    position=place,
                    office=speaker.office,
                    place=speaker.where,
                )
            )
    await unit.db.flush()


def _poll(entry: PollEntry) -> Poll:
    return Poll(
        entry.key,
        entry.question,
        Kind(entry.kind),
        tuple(entry.options),
        entry.max_choices,
        entry.scale_from,
        entry.scale_to,
        entry.anonymous,
        entry.revisable,
    )


async def _remove(unit: Unit, rows: list[SessionRow]) -> tuple[int, list[str]]:
    """Sessions that the programme no longer has: gone if nothing ever happened there, kept otherwise."""
    kept = []
    for row in rows:
        if row.state != State.PLANNED or await _has_history(unit, row):
            kept.append(row.key)
        else:
            await unit.db.delete(row)
    await unit.db.flush()
    return len(rows) - len(kept), kept


async def _has_history(unit: Unit, row: SessionRow) -> bool:
    """Whether somebody was there, it ran, or a poll of it was voted on."""
    attended = select(PresenceRow.id).where(PresenceRow.session_id == row.id)
    ran = select(RunRow.id).where(RunRow.session_id == row.id)
    asked = select(PollRunRow.id).join(PollRow, PollRow.id == PollRunRow.poll_id).where(PollRow.session_id == row.id)
    for trace in (attended, ran, asked):
        if (await unit.db.execute(trace.limit(1))).first():
            return True
    return False
