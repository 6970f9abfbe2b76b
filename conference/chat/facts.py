"""What can happen in a chat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from conference.core import audience
from conference.core.facts import Fact


@dataclass(frozen=True)
class _Written(Fact):
    """A fact for those who read this chat: a room's for those in it and staff, the session's for all (null)."""

    room: str | None

    @property
    def audience(self) -> str:
        return audience.ALL if self.room is None else audience.room(self.room)


@dataclass(frozen=True)
class ChatSaid(_Written):
    """A message (CHAT MESSAGE) and its number. The log forgets it when it is hidden, but for the number."""

    name: ClassVar[str] = "chat.said"
    message: dict[str, Any] | None
    number: int


@dataclass(frozen=True)
class ChatHidden(_Written):
    """A message is no longer shown."""

    name: ClassVar[str] = "chat.hidden"
    message: str


@dataclass(frozen=True)
class ChatKept(Fact):
    """What moderators see of a message that they hid, so that it may be shown again."""

    name: ClassVar[str] = "chat.kept"
    room: str | None
    message: dict[str, Any] | None

    @property
    def audience(self) -> str:
        return audience.MODERATORS


@dataclass(frozen=True)
class ChatSet(Fact):
    """The chat was switched on or off."""

    name: ClassVar[str] = "chat.settings"
    open: bool


@dataclass(frozen=True)
class ChatMuted(Fact):
    """A person may no longer write, or may again; told to that person's devices alone."""

    name: ClassVar[str] = "chat.muted"
    muted: bool
    _person: str

    @property
    def audience(self) -> str:
        return audience.person(self._person)


@dataclass(frozen=True)
class ChatMutes(Fact):
    """Who may not write."""

    name: ClassVar[str] = "chat.mutes"
    people: list[dict[str, str]]

    @property
    def audience(self) -> str:
        return audience.MODERATORS
