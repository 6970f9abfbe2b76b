"""Rows of feedback."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from conference.feedback.model import Answer
from conference.store.base import Base


class FeedbackRow(Base):
    """One person's feedback on one session: changeable until the session ends, never exported with the name."""

    __tablename__ = "feedback"
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    rating: Mapped[int]
    aspects: Mapped[dict[str, Any]]
    comment: Mapped[str]
    given_at: Mapped[datetime]

    def to_model(self) -> Answer:
        return Answer(self.rating, dict(self.aspects), self.comment)
