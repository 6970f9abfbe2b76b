"""The database engine. SQLite unless told otherwise; its pragmas are what makes it correct under load."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from conference.store.sqlite import Connection

Sessions = async_sessionmaker[AsyncSession]

_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "busy_timeout=15000",
    "foreign_keys=ON",
    "temp_store=MEMORY",
)


def database_url(data: Path) -> str:
    """The SQLite database of a data directory."""
    return f"sqlite+aiosqlite:///{data / 'conference.db'}"


def open_engine(url: str) -> AsyncEngine:
    """An engine for the URL; SQLite gets WAL, foreign keys, a busy timeout and ``BEGIN IMMEDIATE``."""
    if not url.startswith("sqlite"):
        return create_async_engine(url, pool_pre_ping=True)
    path = make_url(url).database or ""
    engine = create_async_engine(url, async_creator=lambda: Connection(path))  # it is awaited
    harden_sqlite(engine.sync_engine)
    return engine


def harden_sqlite(engine: Engine) -> None:
    """Set the pragmas on every connection and begin every transaction IMMEDIATE.

    Two transactions that read and then write would otherwise both read the old value; the second writer would win or
    fail with "database is locked" long after the reading.
    """

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        readonly = connection.get_execution_options().get("readonly", False)
        connection.exec_driver_sql("BEGIN" if readonly else "BEGIN IMMEDIATE")


def sessions(engine: AsyncEngine) -> Sessions:
    """The factory of writing sessions."""
    return async_sessionmaker(engine, expire_on_commit=False)


def readers(engine: AsyncEngine) -> Sessions:
    """The factory of reading sessions: they take a snapshot of the database and never wait for a writer.

    They share ``info["memo"]``, where a query may keep what it can tell to be unchanged.
    """
    return async_sessionmaker(engine.execution_options(readonly=True), expire_on_commit=False, info={"memo": {}})
