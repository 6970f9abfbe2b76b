"""One live connection of a person: a tab, a phone, the hall's screen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from conference.breakouts.facts import lets_into
from conference.core.audience import hears
from conference.core.facts import Told
from conference.core.roles import Permission, Role, may
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
        reads: of which room's chat it is told the letters while they are typed; ``""`` is the session's own.
        rooms: rooms of working groups whose facts it hears: its person's own; all for staff.
        room: the room that this page is in.
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
    reads: str | None = None
    rooms: frozenset[str] = frozenset()
    room: str | None = None
    outbox: Outbox = field(init=False)
    _early: list[Told] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.outbox = Outbox(self.connection.send, self.connection.backlog)

    def hears(self, told: Told) -> bool:
        """Whether this visit is told the fact."""
        role = self.roles.get(told.stream)
        return role is not None and hears(told.audience, self.person.public_id, role, self.rooms)

    def tell(self, told: Told) -> None:
        """Queue a fact, unless it was sent already; before the greeting it waits for it."""
        if self.heard is None:
            self._early.append(told)  # which rooms it hears is not known before the greeting
        elif self.hears(told) and told.number > self.heard.get(told.stream, 0):
            self.heard[told.stream] = told.number
            self.outbox.fact(told)
            self._move(told)

    def _move(self, told: Told) -> None:
        """Whoever is given another room hears what is said there from then on, and no longer what is said elsewhere."""
        rooms = lets_into(told)
        if rooms is not None and not may(self.roles[told.stream], Permission.MODERATE):
            self.rooms = rooms

    def greet(self, numbers: dict[str, int]) -> None:
        """From here on it hears what comes after these numbers, also what came while they were read."""
        self.heard = dict(numbers)
        early, self._early = self._early, []
        for told in early:
            self.tell(told)
