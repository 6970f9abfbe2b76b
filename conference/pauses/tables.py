"""Rows of pauses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from conference.pauses.model import Kind, Pause, Step
from conference.store.base import Base


class PauseRow(Base):
    """A pause as it was started, and what was shifted since. Two at once in a session are impossible."""

    __tablename__ = "pauses"
    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"))
    run: Mapped[int]
    kind: Mapped[str] = mapped_column(String(8))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    steps: Mapped[list[Any]]
    shifts: Mapped[list[Any]]
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        UniqueConstraint("session_id", "run", name="uq_pauses_session_run"),
        Index(
            "uq_pauses_running",
            "session_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    def to_model(self) -> Pause:
        steps = tuple(Step(**step) for step in self.steps)
        return Pause(self.run, Kind(self.kind), self.started_at, steps, tuple(self.shifts), self.version)

    def take(self, pause: Pause) -> None:
        """Keep what was shifted."""
        self.shifts, self.version = list(pause.shifts), pause.version


class PauseReturnRow(Base):
    """Somebody said *bin wieder da*. Gone when the pause is over: nobody's way back is kept."""

    __tablename__ = "pause_returns"
    pause_id: Mapped[int] = mapped_column(ForeignKey("pauses.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
