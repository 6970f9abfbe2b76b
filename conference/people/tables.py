"""Rows of people and links."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from conference.core.roles import Role
from conference.people.model import Attends, Link, Person
from conference.store.base import Base


class PersonRow(Base):
    """Somebody invited; the e-mail address is what an import recognises a person by."""

    __tablename__ = "people"
    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(24), unique=True)
    name: Mapped[str] = mapped_column(String(420))
    first_name: Mapped[str] = mapped_column(String(200))
    last_name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    organisation: Mapped[str] = mapped_column(String(300), default="")
    office: Mapped[str] = mapped_column(String(300), default="")
    role: Mapped[str] = mapped_column(String(20), default=Role.PARTICIPANT.value)
    attends: Mapped[str] = mapped_column(String(10), default="remote")
    wishes: Mapped[list[str]] = mapped_column(default=list)

    def to_model(self) -> Person:
        attends: Attends = "hall" if self.attends == "hall" else "remote"
        return Person(
            self.id,
            self.public_id,
            self.name,
            self.first_name,
            self.last_name,
            self.email,
            self.organisation,
            self.office,
            Role(self.role),
            attends,
            tuple(self.wishes),
        )


class LinkRow(Base):
    """A personal link. `session` is a session's key, or null for the whole day."""

    __tablename__ = "links"
    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(24), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    session: Mapped[str | None] = mapped_column(String(64))
    nonce: Mapped[str] = mapped_column(String(32))
    generation: Mapped[int] = mapped_column(default=1)
    revoked_at: Mapped[datetime | None]
    reissued_at: Mapped[datetime | None]

    __table_args__ = (
        Index("uq_links_person_session", "person_id", "session", unique=True),
        Index(
            "uq_links_person_day",
            "person_id",
            unique=True,
            sqlite_where=text("session IS NULL"),
            postgresql_where=text("session IS NULL"),
        ),
    )

    def to_model(self) -> Link:
        return Link(
            self.id,
            self.public_id,
            self.person_id,
            self.session,
            self.nonce,
            self.generation,
            self.revoked_at is not None,
        )
