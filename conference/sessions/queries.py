"""Reading the conference, its agenda, the stage, presence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from conference.core.clock import iso
from conference.core.errors import NotFound
from conference.core.facts import DAY
from conference.people.queries import VOTERS
from conference.people.tables import PersonRow
from conference.sessions.attendance import Interval
from conference.sessions.model import BACKSTAGE_SLOTS, SLOTS, Feed, Part, Session
from conference.sessions.tables import (
    ConferenceRow,
    PartRow,
    PresenceRow,
    RunRow,
    SessionRow,
    StageRow,
)
from conference.store.facts_log import kept


async def conference(db: AsyncSession) -> ConferenceRow:
    """The conference. Raises NotFound before the first import."""
    row = (await db.execute(select(ConferenceRow))).scalar_one_or_none()
    if row is None:
        raise NotFound("Eine Konferenz")
    return row


def conference_view(row: ConferenceRow) -> dict[str, Any]:
    """The conference as pages get it."""
    return {
        "key": row.key,
        "title": row.title,
        "motto": row.motto,
        "host": row.host,
        "venue": row.venue,
        "timezone": row.timezone,
        "language": row.language,
        "date": row.date.isoformat(),
        "attendance_threshold": row.attendance_threshold,
    }


async def rows(db: AsyncSession) -> list[SessionRow]:
    """The rows of all sessions in programme order, to be changed."""
    return list((await db.execute(select(SessionRow).order_by(SessionRow.position, SessionRow.id))).scalars())


async def row(db: AsyncSession, key: str) -> SessionRow:
    """The row of one session, to be changed. Raises NotFound."""
    found = (await db.execute(select(SessionRow).where(SessionRow.key == key))).scalar_one_or_none()
    if found is None:
        raise NotFound("Diese Veranstaltung")
    return found


async def agenda(db: AsyncSession) -> tuple[Session, ...]:
    """All sessions in programme order.

    Whatever changes the agenda tells a fact in the day's stream in the same transaction.
    """
    return await kept(db, "agenda", [DAY], lambda: _load_agenda(db))


async def _load_agenda(db: AsyncSession) -> tuple[Session, ...]:
    whole = (
        select(SessionRow)
        .options(selectinload(SessionRow.parts).selectinload(PartRow.speakers), selectinload(SessionRow.moderators))
        .order_by(SessionRow.position, SessionRow.id)
        .execution_options(populate_existing=True)
    )
    return tuple(found.to_model() for found in (await db.execute(whole)).scalars())


async def session(db: AsyncSession, key: str) -> Session:
    """One session. Raises NotFound."""
    for found in await agenda(db):
        if found.key == key:
            return found
    raise NotFound("Diese Veranstaltung")


def agenda_view(sessions: Iterable[Session]) -> list[dict[str, Any]]:
    """The agenda as pages get it."""
    return [_item_view(item) for item in sessions]


def _item_view(item: Session) -> dict[str, Any]:
    return {
        "key": item.key,
        "kind": item.kind,
        "title": item.title,
        "starts": iso(item.starts),
        "ends": iso(item.ends),
        "shifted": item.shifted,
        "state": item.state.value,
        "running_since": iso(item.running_since),
        "record": item.record,
        "parts": [_part_view(part) for part in item.parts],
    }


def _part_view(part: Part) -> dict[str, Any]:
    speakers = [{"name": s.name, "office": s.office, "where": s.place} for s in part.speakers]
    return {"key": part.key, "title": part.title, "format": part.format, "speakers": speakers}


async def stage(db: AsyncSession, session_id: int) -> list[StageRow]:
    """Everything on stage and backstage, in the order of entering."""
    query = select(StageRow).where(StageRow.session_id == session_id).order_by(StageRow.entered)
    return list((await db.execute(query)).scalars())


async def everything_on_stage(db: AsyncSession) -> list[tuple[StageRow, str]]:
    """Everything on stage and backstage of all sessions, with the session's key."""
    query = select(StageRow, SessionRow.key).join(SessionRow, SessionRow.id == StageRow.session_id)
    return [(row, key) for row, key in await db.execute(query)]


def entry_view(row: StageRow) -> dict[str, Any]:
    """A source as pages get it (ENTRY)."""
    return {
        "person": row.person.public_id,
        "name": row.person.name,
        "office": row.office,
        "source": row.source,
        "audio": row.audio,
        "video": row.video,
        "named": row.named,
        "going_on_at": iso(row.going_on_at),
        "waits": row.waits,
    }


def stage_view(rows: Iterable[StageRow], *, crew: bool) -> dict[str, Any]:
    """The stage as pages get it; backstage is the crew's business."""
    slots: list[dict[str, Any] | None] = [None] * SLOTS
    waiting = []
    speaker = None
    air = {}
    for row in rows:
        if crew and (row.automatic or row.feed != Feed.MAIN):
            air[row.person.public_id] = {"feed": row.feed, "automatic": row.automatic}
        if row.speaks:
            speaker = {"person": row.person.public_id, "source": row.source}
        if row.slot is not None:
            slots[row.slot] = entry_view(row)
        elif crew:
            waiting.append(entry_view(row))
    return {"slots": slots, "backstage": waiting, "speaker": speaker, "air": air}


def rooms(rows: Iterable[StageRow]) -> tuple[list[StageRow | None], list[StageRow | None]]:
    """Which source flows in which slot of the stage room, and of the backstage room (backstage first, then stage)."""
    rows = list(rows)
    on_stage: list[StageRow | None] = [None] * SLOTS
    for row in rows:
        if row.slot is not None:
            on_stage[row.slot] = row
    shown = [row for row in rows if row.slot is None] + [row for row in on_stage if row]
    padded: list[StageRow | None] = [*shown, *[None] * BACKSTAGE_SLOTS][:BACKSTAGE_SLOTS]
    return on_stage, padded


async def present_voters(db: AsyncSession, session_id: int) -> int:
    """How many people who may vote are present now, each once."""
    query = (
        select(func.count(PresenceRow.person_id.distinct()))
        .join(PersonRow, PersonRow.id == PresenceRow.person_id)
        .where(PresenceRow.session_id == session_id, PresenceRow.ended.is_(None), PersonRow.role.in_(VOTERS))
    )
    return (await db.execute(query)).scalar_one()


async def presence(db: AsyncSession, session_id: int) -> dict[str, int]:
    """People present now: ``online``, and ``hall`` for those who are only there."""
    open_now = PresenceRow.session_id == session_id, PresenceRow.ended.is_(None)
    query = select(PresenceRow.person_id, func.max(PresenceRow.source)).where(*open_now).group_by(PresenceRow.person_id)
    sources = [source for _, source in await db.execute(query)]  # "online" sorts after "hall"
    return {"online": sources.count("online"), "hall": sources.count("hall")}


async def in_hall(db: AsyncSession, person_id: int, key: str | None = None) -> bool:
    """Whether somebody was checked in in the hall at all, or is now in this session."""
    mine = select(PresenceRow.id).where(PresenceRow.person_id == person_id, PresenceRow.source == "hall")
    if key is not None:
        here = select(SessionRow.id).where(SessionRow.key == key).scalar_subquery()
        mine = mine.where(PresenceRow.session_id == here, PresenceRow.ended.is_(None))
    return (await db.execute(mine.limit(1))).first() is not None


async def people_present(db: AsyncSession, item: Session) -> list[dict[str, Any]]:
    """Who is present now, by name, with devices and whether in the hall."""
    query = (
        select(PersonRow, PresenceRow.source)
        .join(PresenceRow, PresenceRow.person_id == PersonRow.id)
        .where(PresenceRow.session_id == item.id, PresenceRow.ended.is_(None))
        .order_by(PersonRow.last_name, PersonRow.first_name, PersonRow.id)
    )
    found: dict[int, dict[str, Any]] = {}
    for person, source in await db.execute(query):
        entry = found.setdefault(
            person.id,
            {
                "person": person.public_id,
                "name": person.name,
                "organisation": person.organisation,
                "role": item.role_of(person.to_model()).value,
                "devices": 0,
                "hall": False,
            },
        )
        entry["devices"] += source == "online"
        entry["hall"] |= source == "hall"
    return list(found.values())


async def runs(db: AsyncSession, now: datetime) -> dict[int, list[Interval]]:
    """When each session was live, by its key in the database; a running one until now."""
    found: dict[int, list[Interval]] = defaultdict(list)
    for row in (await db.execute(select(RunRow).order_by(RunRow.began))).scalars():
        found[row.session_id].append((row.began, row.ended or now))
    return found


async def presences(db: AsyncSession, person_id: int | None = None) -> list[PresenceRow]:
    """All intervals of presence in the order they began, or one person's."""
    query = select(PresenceRow).order_by(PresenceRow.began, PresenceRow.id)
    if person_id is not None:
        query = query.where(PresenceRow.person_id == person_id)
    return list((await db.execute(query)).scalars())


def closing(row: PresenceRow, now: datetime) -> Interval:
    """The interval of a row; an open one reaches until now."""
    return row.began, row.ended or now
