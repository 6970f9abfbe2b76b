"""The store: nothing is lost, nothing is half done, nothing is told that is not true."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import ClassVar

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from conference.app import open_store
from conference.cli import main
from conference.config import Settings
from conference.core.audience import ALL, heard_by, person
from conference.core.clock import ManualClock
from conference.core.errors import ConferenceError
from conference.core.facts import Fact, Told
from conference.core.roles import Role
from conference.store import facts_log
from conference.store.base import Base
from conference.store.unit import Store
from tests.house import START


class Happened(Fact):
    """Something happened."""

    name: ClassVar[str] = "something.happened"


class Whispered(Fact):
    """Something only one person hears."""

    name: ClassVar[str] = "something.whispered"

    @property
    def audience(self) -> str:
        return person("p-1")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(Settings(data=str(tmp_path)), ManualClock(START)) as store:
        yield store


async def _counter(store: Store) -> int:
    async with store.reading() as db:
        return int((await db.execute(text("SELECT n FROM counter"))).scalar_one())


async def test_four_hundred_concurrent_changes_leave_four_hundred(store: Store, tmp_path: Path) -> None:
    async with store.unit() as unit:
        await unit.db.execute(text("CREATE TABLE counter (n INTEGER)"))
        await unit.db.execute(text("INSERT INTO counter VALUES (0)"))
    async with open_store(Settings(data=str(tmp_path)), ManualClock(START)) as other:  # as a second process would

        async def raise_it(by: Store) -> None:
            async with by.unit() as unit:
                n = (await unit.db.execute(text("SELECT n FROM counter"))).scalar_one()
                await unit.db.execute(text("UPDATE counter SET n = :n"), {"n": n + 1})

        await asyncio.gather(*(raise_it(by) for _ in range(200) for by in (store, other)))
    assert await _counter(store) == 400


async def test_facts_are_numbered_without_holes_and_told_after_their_commit_in_order(store: Store) -> None:
    told: list[Told] = []
    store.listener = told.extend

    async def one(number: int) -> None:
        try:
            async with store.unit() as unit:
                await unit.tell("a" if number % 2 else "b", Happened(), Whispered())
                if number % 5 == 0:
                    raise ConferenceError("x", "nein")
                assert len(unit.told) == 2
        except ConferenceError:
            pass

    await asyncio.gather(*(one(number) for number in range(50)))
    for stream in ("a", "b"):
        assert [fact.number for fact in told if fact.stream == stream] == list(range(1, 41))
    async with store.reading() as db:
        assert await facts_log.last_numbers(db, ["a", "b", "c"]) == {"a": 40, "b": 40, "c": 0}
        assert await facts_log.since(db, "a", 0, 100) == [fact for fact in told if fact.stream == "a"]
        assert await facts_log.count(db) == 80


async def test_readers_keep_what_cannot_have_changed(store: Store) -> None:
    read: list[int] = []

    async def load() -> int:
        read.append(len(read))
        return len(read)

    async def ask(*streams: str) -> int:
        async with store.reading() as db:
            return await facts_log.kept(db, "something", streams, load)

    assert [await ask("a", "b"), await ask("a", "b")] == [1, 1]
    async with store.unit() as unit:
        await unit.tell("c", Happened())
    assert await ask("a", "b") == 1, "elsewhere"
    async with store.reading() as before:
        assert await facts_log.kept(before, "something", ["a", "b"], load) == 1
        async with store.unit() as unit:
            await unit.tell("b", Happened())
            assert await facts_log.kept(unit.db, "something", ["a", "b"], load) == 2, "whoever writes reads"
        assert await facts_log.kept(before, "something", ["a", "b"], load) == 1, "its picture stands still"
    assert [await ask("a", "b"), await ask("a", "b")] == [3, 3]


async def test_what_happened_since(store: Store) -> None:
    async with store.unit() as unit:
        for _ in range(10):
            await unit.tell("a", Happened(), Whispered())
    stranger, addressed = heard_by("p-2", Role.PARTICIPANT), heard_by("p-1", Role.PARTICIPANT)
    async with store.reading() as db:

        async def numbers(after: int, limit: int, audiences: frozenset[str] | None = None) -> list[int] | None:
            found = await facts_log.since(db, "a", after, limit, audiences)
            return None if found is None else [fact.number for fact in found]

        assert await numbers(20, 5) == []
        assert await numbers(17, 5) == [18, 19, 20]
        assert await numbers(15, 5) == [16, 17, 18, 19, 20]
        assert await numbers(14, 5) is None
        assert await numbers(10, 5, stranger) == [11, 13, 15, 17, 19]
        assert await numbers(15, 5, addressed) == [16, 17, 18, 19, 20]
        assert await numbers(21, 5) is None
        assert await numbers(-1, 500) is None
        assert await facts_log.since(db, "nothing", 0, 5) == []


async def test_readers_see_one_picture_while_others_write(store: Store) -> None:
    async with store.unit() as unit:
        await unit.tell("a", Happened())
    async with store.reading() as db:
        assert await facts_log.count(db) == 1
        async with store.unit() as unit:
            await unit.tell("a", Happened())
        assert await facts_log.count(db) == 1
    async with store.reading() as db:
        assert await facts_log.count(db) == 2


async def test_the_pragmas_hold_on_every_connection(store: Store) -> None:
    async def pragma(name: str) -> object:
        async with store.reading() as db:
            return (await db.execute(text(f"PRAGMA {name}"))).scalar_one()

    found = {name: await pragma(name) for name in ("journal_mode", "foreign_keys", "busy_timeout")}
    assert found == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 15000}


async def test_the_migrations_end_where_the_tables_are(store: Store) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))

    async with store.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_an_old_database_is_refused_and_named_until_it_is_upgraded(store: Store, tmp_path: Path) -> None:
    async with store.unit() as unit:
        await unit.db.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    with pytest.raises(ConferenceError, match=r"database\.old"):
        async with open_store(Settings(data=str(tmp_path))):
            pass


def test_an_upgrade_makes_an_empty_database_and_is_harmless_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for said in ("leer → 0002\n", "0002 → 0002\n"):
        assert main(["--data", str(tmp_path), "db", "upgrade"]) == 0
        assert capsys.readouterr().out == f"Datenbank: {said}"


def test_audiences() -> None:
    crew, all_alone = frozenset({ALL, "crew", "person:p-1"}), frozenset({ALL, "person:p-1"})
    moderating = crew | {"moderators"}
    assert {role: heard_by("p-1", role) for role in Role} == {
        Role.PARTICIPANT: all_alone,
        Role.SPEAKER: crew,
        Role.MODERATOR: moderating,
        Role.ORGANISER: moderating,
        Role.PRODUCTION: crew,
        Role.VENUE: all_alone,
    }
