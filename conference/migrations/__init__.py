"""The database's history (Alembic), and how it is brought up to date."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

_HERE = Path(__file__).parent


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.attributes["connection"] = connection
    return config


async def upgrade(engine: AsyncEngine) -> None:
    """Bring the database to the newest revision; an empty one is made."""
    async with engine.begin() as connection:
        await connection.run_sync(lambda sync: command.upgrade(_config(sync), "head"))


async def standing(engine: AsyncEngine) -> tuple[str | None, str | None]:
    """``(revision of the database or None when empty, newest revision)``."""
    async with engine.connect() as connection:
        now = await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
    return now, ScriptDirectory.from_config(_config()).get_current_head()
