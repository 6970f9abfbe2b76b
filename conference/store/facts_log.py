"""The log of facts: numbered per stream in the transaction that makes them true."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import String, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from conference.core.clock import iso
from conference.core.facts import LOGGED, Fact, Told
from conference.store.base import Base

T = TypeVar("T")


class StreamRow(Base):
    """The last number given out in a stream."""

    __tablename__ = "streams"
    stream: Mapped[str] = mapped_column(String(80), primary_key=True)
    last_number: Mapped[int] = mapped_column(default=0)


class FactRow(Base):
    """One fact. Never deleted while the conference is kept, never changed but by `blank` and `redact`."""

    __tablename__ = "facts"
    stream: Mapped[str] = mapped_column(String(80), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime]
    audience: Mapped[str] = mapped_column(String(80))
    body: Mapped[dict[str, Any]]
    actor: Mapped[str | None] = mapped_column(String(24))  # public id of who did it, for the facts of `LOGGED` alone


def upsert(db: AsyncSession) -> Any:
    """The dialect's ``insert`` with ``on_conflict_do_nothing`` and ``on_conflict_do_update``."""
    return postgres_insert if db.get_bind().dialect.name == "postgresql" else sqlite_insert


async def take_numbers(db: AsyncSession, stream: str, count: int) -> range:
    """Take the stream's next numbers; the row stays locked until the transaction ends, so numbers have no holes."""
    first = upsert(db)(StreamRow).values(stream=stream, last_number=count)
    raised = {"last_number": StreamRow.last_number + count}
    statement = first.on_conflict_do_update(index_elements=["stream"], set_=raised).returning(StreamRow.last_number)
    last = (await db.execute(statement)).scalar_one()
    return range(last - count + 1, last + 1)


async def record(
    db: AsyncSession, stream: str, facts: Sequence[Fact], at: datetime, actor: str | None = None
) -> list[Told]:
    """Write facts into the log under their stream's next numbers, and who did what belongs in the log of the day."""
    numbers = await take_numbers(db, stream, len(facts))
    told = [
        Told(stream, number, fact.name, iso(at) or "", fact.audience, fact.body())
        for number, fact in zip(numbers, facts, strict=True)
    ]
    rows = [
        {
            "stream": stream,
            "number": t.number,
            "name": t.name,
            "at": at,
            "audience": t.audience,
            "body": t.body,
            "actor": actor if t.name in LOGGED else None,
        }
        for t in told
    ]
    await db.execute(insert(FactRow), rows)
    return told


async def blank(db: AsyncSession, stream: str, name: str, key: str, body: dict[str, Any]) -> None:
    """Let no earlier fact of this name say anything but `body`; its numbers stay, so that nobody misses one.

    Args:
        key: of the bodies; facts in which it is null are blank already.
    """
    told = (FactRow.stream == stream, FactRow.name == name, FactRow.body[key].as_string().is_not(None))
    await db.execute(update(FactRow).where(*told).values(body=body).execution_options(synchronize_session=False))


async def redact(
    db: AsyncSession, stream: str, name: str, path: tuple[str, str], value: str, body: dict[str, Any]
) -> None:
    """Let the earlier facts of this name in which the body has `value` at `path` say nothing but `body`."""
    told = (FactRow.stream == stream, FactRow.name == name, FactRow.body[path].as_string() == value)
    await db.execute(update(FactRow).where(*told).values(body=body).execution_options(synchronize_session=False))


async def last_numbers(db: AsyncSession, streams: Iterable[str]) -> dict[str, int]:
    """The last number of each stream; 0 where nothing happened yet. A reader asks once: its picture stands still."""
    wanted = list(streams)
    known: dict[str, int] = db.info.setdefault("numbers", {}) if "memo" in db.info else {}
    if unknown := [stream for stream in wanted if stream not in known]:
        rows = await db.execute(select(StreamRow.stream, StreamRow.last_number).where(StreamRow.stream.in_(unknown)))
        known |= dict.fromkeys(unknown, 0) | dict(rows.all())
    return {stream: known[stream] for stream in wanted}


async def kept(db: AsyncSession, name: str, streams: Iterable[str], load: Callable[[], Awaitable[T]]) -> T:
    """What `load` reads; a reader may get what one before it read, as long as nothing happened in the streams.

    For what is the same for many people, and changes only with a fact in one of the streams, in the same transaction.
    Nobody may change what is returned.
    """
    memo: dict[str, tuple[dict[str, int], Any]] | None = db.info.get("memo")
    if memo is None:
        return await load()
    numbers = await last_numbers(db, streams)
    if memo.get(name, (None,))[0] != numbers:
        memo[name] = numbers, await load()
    found: T = memo[name][1]
    return found


async def since(
    db: AsyncSession, stream: str, number: int, limit: int, audiences: Collection[str] | None = None
) -> list[Told] | None:
    """The facts of a stream after a number, in order, all or those for some audiences.

    None when there are more than `limit`, or when the number lies ahead: that page has seen another database.
    """
    last = (await last_numbers(db, [stream]))[stream]
    if not 0 <= number <= last:
        return None
    query = select(FactRow).where(FactRow.stream == stream, FactRow.number > number)
    if audiences is not None:
        query = query.where(FactRow.audience.in_(audiences))
    rows = list((await db.execute(query.order_by(FactRow.number).limit(limit + 1))).scalars())
    if len(rows) > limit:
        return None
    return [Told(r.stream, r.number, r.name, iso(r.at) or "", r.audience, r.body) for r in rows]


async def count(db: AsyncSession) -> int:
    """How many facts there are."""
    return (await db.execute(select(func.count()).select_from(FactRow))).scalar_one()
