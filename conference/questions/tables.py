"""Rows of questions and hands."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from conference.questions.model import Settings
from conference.store.base import Base


class QuestionRow(Base):
    """One question. An anonymous one has no person: there is nothing in the row, nor beside it, that leads to one."""

    __tablename__ = "questions"
    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(40), unique=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    text: Mapped[str] = mapped_column(String(500))
    state: Mapped[str] = mapped_column(String(10))
    edited: Mapped[bool] = mapped_column(default=False)
    asked_at: Mapped[datetime]
    into_id: Mapped[int | None] = mapped_column(ForeignKey("questions.id", ondelete="SET NULL"))

    __table_args__ = (Index("ix_questions_session", "session_id", "id"),)


class QuestionVoteRow(Base):
    """That a person votes for a question: no time, no order. The primary key is the promise: one person, one vote."""

    __tablename__ = "question_votes"
    question_id: Mapped[int] = mapped_column(ForeignKey("questions.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)

    __table_args__ = ({"sqlite_with_rowid": False},)


class QuestionSettingsRow(Base):
    """What the moderation decided for a session, and the one question that is pinned."""

    __tablename__ = "question_settings"
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True)
    open: Mapped[bool] = mapped_column(default=True)
    approval: Mapped[bool] = mapped_column(default=True)
    anonymous: Mapped[bool] = mapped_column(default=True)
    hands: Mapped[bool] = mapped_column(default=True)
    reactions: Mapped[bool] = mapped_column(default=True)
    pinned_id: Mapped[int | None] = mapped_column(ForeignKey("questions.id", ondelete="SET NULL"))

    def to_model(self) -> Settings:
        return Settings(self.open, self.approval, self.anonymous, self.hands, self.reactions)

    def take(self, settings: Settings) -> None:
        """Carry the model's content over into the row."""
        self.open, self.approval, self.anonymous = settings.open, settings.approval, settings.anonymous
        self.hands, self.reactions = settings.hands, settings.reactions


class HandRow(Base):
    """A raised hand; gone when it is lowered: nobody's hands are kept."""

    __tablename__ = "hands"
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    raised_at: Mapped[datetime]
    called: Mapped[bool] = mapped_column(default=False)
