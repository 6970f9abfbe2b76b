"""One live connection of a person: a tab, a phone, the hall's screen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from conference.core.audience import hears
from conference.core.facts import Told
from conference.core.roles import Role
from conference.hall.outbox import Outbox
from conference.people.model import Link, Person


class Connection(Protocol):
    """What the hall needs of a transport."""

    async def send(self, event: str, body: object) -> None:
        """Put one event on its way."""

    def backlog(self) -> int:
        """Packets that wait in the transport."""

    async def close(self) -> None:
        """Hang up."""


@dataclass(eq=False)
class Visit:
    """A person's connection and what it listens to.

    Attributes:
        id: random; the key of its intervals of presence.
        session: the session whose page is open, or None on pages of the day.
        roles: the person's role in each stream that is heard.
        heard: the last number sent per stream; None until it was greeted.
        joined: sessions in which this visit is present.
        monitors: it is shown how the session's media are doing.
    """

    id: str
    person: Person
    link: Link
    session: str | None
    connection: Connection
    roles: dict[str, Role]
    heard: dict[str, int] | None = None
    joined: set[str] = field(default_factory=set)
    monitors: bool = False
    outbox: Outbox = field(init=False)
    _early: list[Told] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.outbox = Outbox(self.connection.send, self.connection.backlog)

    def hears(self, told: Told) -> bool:
        """Whether this visit is told the fact."""
        role = self.roles.get(told.stream)
        return role is not None and hears(told.audience, self.person.public_id, role)

    def tell(self, told: Told) -> None:
        """Queue a fact, unless it was sent already; before the greeting it waits for it."""
        if not self.hears(told):
            return
        if self.heard is None:
            self._early.append(told)
        elif told.number > self.heard.get(told.stream, 0):
            self.heard[told.stream] = told.number
            self.outbox.fact(told)

    def greet(self, numbers: dict[str, int]) -> None:
        """From here on it hears what comes after these numbers, also what came while they were read."""
        self.heard = dict(numbers)
        early, self._early = self._early, []
        for told in early:
            self.tell(told)
