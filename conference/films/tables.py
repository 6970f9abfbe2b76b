"""Rows of films."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from conference.films.model import Screening
from conference.store.base import Base


class FilmRow(Base):
    """The file of a part. `key` names it on disk and in its address, and cannot be guessed; lengths in milliseconds.

    A programme that is imported again makes its parts anew: a film is known by the part's key.
    """

    __tablename__ = "films"
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True)
    part: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(4))  # mp4, webm
    size: Mapped[int] = mapped_column(BigInteger)  # bytes
    duration: Mapped[int]
    subtitles: Mapped[bool]
    filed_at: Mapped[datetime]


class ScreeningRow(Base):
    """The film that is on a session's stage. `started_at` None: paused at `position` (milliseconds)."""

    __tablename__ = "screenings"
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True)
    part: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(300))
    key: Mapped[str] = mapped_column(String(40))
    media_type: Mapped[str] = mapped_column(String(20))
    subtitles: Mapped[bool]
    duration: Mapped[int]
    started_at: Mapped[datetime | None]
    position: Mapped[int]

    def to_model(self) -> Screening:
        return Screening(
            self.part,
            self.title,
            self.key,
            self.media_type,
            self.subtitles,
            self.duration,
            self.started_at,
            self.position,
        )

    def take(self, screening: Screening) -> None:
        """Keep where it stands."""
        self.started_at, self.position = screening.started_at, screening.position
