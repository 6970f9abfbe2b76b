"""Statements run where they are asked for; what waits is done in a thread, and others go on meanwhile."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from conference.store.engine import database_url, open_engine, readers, sessions


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    engine = open_engine(database_url(tmp_path))
    async with sessions(engine)() as db, db.begin():
        await db.execute(text("CREATE TABLE sentence (words TEXT UNIQUE)"))
    yield engine
    await engine.dispose()


async def test_reading_needs_no_other_thread(engine: AsyncEngine) -> None:
    threads: list[int] = []
    async with readers(engine)() as db, db.begin():
        raw = await (await db.connection()).get_raw_connection()
        assert raw.driver_connection is not None
        raw.driver_connection._conn.create_function("here", 0, lambda: threads.append(threading.get_ident()) or 1)
        for _ in range(3):
            await db.execute(text("SELECT here()"))
    assert set(threads) == {threading.get_ident()}


async def test_waiting_for_another_writer_stops_nobody(engine: AsyncEngine, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "conference.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    async def write() -> None:
        async with sessions(engine)() as db, db.begin():
            await db.execute(text("INSERT INTO sentence VALUES ('nach dem anderen')"))

    writing = asyncio.create_task(write())
    for _ in range(20):
        await asyncio.sleep(0.01)
        async with readers(engine)() as db, db.begin():
            assert (await db.execute(text("SELECT count(*) FROM sentence"))).scalar_one() == 0
    assert not writing.done()
    other.execute("COMMIT")
    other.close()
    await writing
    async with readers(engine)() as db, db.begin():
        assert (await db.execute(text("SELECT words FROM sentence"))).scalars().all() == ["nach dem anderen"]


async def test_a_long_series_of_statements_leaves_others_their_turn(engine: AsyncEngine) -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    meanwhile = asyncio.create_task(other())
    async with sessions(engine)() as db, db.begin():
        for number in range(400):
            await db.execute(text("INSERT INTO sentence VALUES (:n)"), {"n": str(number)})
        assert turns > 1
    meanwhile.cancel()


async def test_what_is_refused_leaves_nothing(engine: AsyncEngine) -> None:
    async def write_twice() -> None:
        async with sessions(engine)() as db, db.begin():
            for _ in range(2):
                await db.execute(text("INSERT INTO sentence VALUES ('einmal')"))

    with pytest.raises(IntegrityError, match="UNIQUE"):
        await write_twice()
    async with readers(engine)() as db, db.begin():
        assert (await db.execute(text("SELECT count(*) FROM sentence"))).scalar_one() == 0
