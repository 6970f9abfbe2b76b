"""Reading films."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from conference.films.model import Screening
from conference.films.tables import FilmRow, ScreeningRow
from conference.sessions.model import Session
from conference.sessions.tables import SessionRow

FORMAT = "film"
"""Parts of this format are films."""


async def on_stage(db: AsyncSession, session_id: int) -> ScreeningRow | None:
    """The film on a session's stage, to be changed."""
    return await db.get(ScreeningRow, session_id)


async def all_on_stage(db: AsyncSession) -> dict[str, Screening]:
    """The films on stages, by the key of their session."""
    query = select(SessionRow.key, ScreeningRow).join(SessionRow, SessionRow.id == ScreeningRow.session_id)
    return {key: row.to_model() for key, row in await db.execute(query)}


async def film_view(db: AsyncSession, session_id: int) -> dict[str, Any] | None:
    """The film on stage as pages get it (FILM), or None."""
    row = await on_stage(db, session_id)
    return row.to_model().as_dict() if row else None


async def files(db: AsyncSession, item: Session) -> list[dict[str, Any]]:
    """The films of a session's programme in order, each with its file if there is one (FILM FILE)."""
    rows = await db.execute(select(FilmRow).where(FilmRow.session_id == item.id))
    filed = {row.part: row for row in rows.scalars()}
    parts = [part for part in item.parts if part.format == FORMAT]
    return [{"part": part.key, "title": part.title, "file": _file(filed.get(part.key))} for part in parts]


def _file(row: FilmRow | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {"name": row.name, "size": row.size, "duration": row.duration, "subtitles": row.subtitles}


async def by_key(db: AsyncSession, key: str) -> tuple[FilmRow, str, bool] | None:
    """A film, the key of its session, and whether it is on that stage now; None: there is no such film."""
    query = select(FilmRow, SessionRow.key).join(SessionRow, SessionRow.id == FilmRow.session_id)
    found = (await db.execute(query.where(FilmRow.key == key))).first()
    if found is None:
        return None
    row, session = found
    shown = await on_stage(db, row.session_id)
    return row, session, shown is not None and shown.key == key
