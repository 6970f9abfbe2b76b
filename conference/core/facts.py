"""What happened: frozen, past tense, said once, after it is true."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar

from conference.core import audience

DAY = "day"
"""The stream of the agenda; every other stream is a session's key."""

LOGGED = frozenset(
    {
        "agenda.replaced", "session.moved", "session.shifted", "stage.brought_on", "stage.taken_off", "stage.on_air",
        "poll.created", "poll.edited", "poll.discarded", "poll.opened", "poll.closed", "poll.published", "poll.hidden",
        "pause.started", "pause.shifted", "pause.ended", "breakouts.changed", "breakouts.message",
        "direction.stepped", "direction.listed", "film.changed", "show.part", "show.screen", "show.message",
    }
)  # fmt: skip
"""Facts whose doer is written down, for the log of the day: what is done with the day. What people vote, rate, wish
and say is never among them."""


@dataclass(frozen=True)
class Fact:
    """Something that happened. Subclasses name it and say who hears it; their fields are its body on the wire."""

    name: ClassVar[str]

    @property
    def audience(self) -> str:
        return audience.ALL

    def body(self) -> dict[str, Any]:
        """The wire form: every field by its name. Fields that begin with ``_`` stay here."""
        return {f.name: getattr(self, f.name) for f in fields(self) if not f.name.startswith("_")}


@dataclass(frozen=True)
class Told:
    """A fact as it stands in the log.

    Attributes:
        stream: `DAY` or a session's key.
        number: rises by one within its stream.
        at: ISO 8601, UTC.
    """

    stream: str
    number: int
    name: str
    at: str
    audience: str
    body: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """What a page is sent: everything but the audience."""
        return {
            "stream": self.stream,
            "number": self.number,
            "name": self.name,
            "at": self.at,
            "body": self.body,
        }
