"""The log of facts: numbered per stream in the transaction that makes them true."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import String, func, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from conference.core.clock import iso
from conference.core.facts import Fact, Told
from conference.store.base import Base


class StreamRow(Base):
    """The last number given out in a stream."""

    __tablename__ = "streams"
    stream: Mapped[str] = mapped_column(String(80), primary_key=True)
    last_number: Mapped[int] = mapped_column(default=0)


class FactRow(Base):
    """One fact. Never changed, never deleted while the conference is kept."""

    __tablename__ = "facts"
    stream: Mapped[str] = mapped_column(String(80), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime]
    audience: Mapped[str] = mapped_column(String(80))
    body: Mapped[dict[str, Any]]


def upsert(db: AsyncSession) -> Any:
    """The dialect's ``insert`` with ``on_conflict_do_nothing`` and ``on_conflict_do_update``."""
    return postgres_insert if db.get_bind().dialect.name == "postgresql" else sqlite_insert


async def next_number(db: AsyncSession, stream: str) -> int:
    """Take the stream's next number; the row stays locked until the transaction ends, so numbers have no holes."""
    await db.execute(
        upsert(db)(StreamRow).values(stream=stream, last_number=0).on_conflict_do_nothing(index_elements=["stream"])
    )
    raised = update(StreamRow).where(StreamRow.stream == stream).values(last_number=StreamRow.last_number + 1)
    return (await db.execute(raised.returning(StreamRow.last_number))).scalar_one()


async def record(db: AsyncSession, stream: str, fact: Fact, at: datetime) -> Told:
    """Write the fact into the log under its stream's next number."""
    number = await next_number(db, stream)
    db.add(FactRow(stream=stream, number=number, name=fact.name, at=at, audience=fact.audience, body=fact.body()))
    return Told(stream, number, fact.name, iso(at) or "", fact.audience, fact.body())


async def last_numbers(db: AsyncSession, streams: Iterable[str]) -> dict[str, int]:
    """The last number of each stream; 0 where nothing happened yet."""
    wanted = list(streams)
    rows = await db.execute(select(StreamRow.stream, StreamRow.last_number).where(StreamRow.stream.in_(wanted)))
    known = dict(rows.all())
    return {stream: known.get(stream, 0) for stream in wanted}


async def since(db: AsyncSession, stream: str, number: int, limit: int) -> list[Told] | None:
    """A stream's facts after a number, in order; None when there are more than `limit` or the number lies ahead."""
    last = (await last_numbers(db, [stream]))[stream]
    if last - number > limit or number > last or number < 0:
        return None
    query = select(FactRow).where(FactRow.stream == stream, FactRow.number > number).order_by(FactRow.number)
    rows = (await db.execute(query)).scalars()
    return [Told(r.stream, r.number, r.name, iso(r.at) or "", r.audience, r.body) for r in rows]


async def count(db: AsyncSession) -> int:
    """How many facts there are."""
    return (await db.execute(select(func.count()).select_from(FactRow))).scalar_one()
