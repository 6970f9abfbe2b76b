"""What can happen to a poll."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from conference.core import audience
from conference.core.facts import Fact


class _ForModerators(Fact):
    @property
    def audience(self) -> str:
        return audience.MODERATORS


@dataclass(frozen=True)
class PollCreated(_ForModerators):
    """A draft was made on the spot."""

    name: ClassVar[str] = "poll.created"
    poll: dict[str, Any]


@dataclass(frozen=True)
class PollEdited(_ForModerators):
    """A draft was changed."""

    name: ClassVar[str] = "poll.edited"
    poll: dict[str, Any]


@dataclass(frozen=True)
class PollDiscarded(_ForModerators):
    """A draft was thrown away."""

    name: ClassVar[str] = "poll.discarded"
    poll: str


@dataclass(frozen=True)
class PollOpened(Fact):
    """A new run began; the whole poll, because most hear of it for the first time."""

    name: ClassVar[str] = "poll.opened"
    poll: dict[str, Any]


@dataclass(frozen=True)
class PollClosed(Fact):
    """A run ended; its result is frozen, and not shown yet."""

    name: ClassVar[str] = "poll.closed"
    poll: str
    run: int


@dataclass(frozen=True)
class PollResulted(_ForModerators):
    """What publishing would show; said to moderators at closing."""

    name: ClassVar[str] = "poll.resulted"
    poll: str
    run: int
    result: dict[str, Any]


@dataclass(frozen=True)
class PollPublished(Fact):
    """The moderator shows the result to everybody; of several, pages put the last published in front."""

    name: ClassVar[str] = "poll.published"
    poll: str
    run: int
    published_at: str | None
    result: dict[str, Any]


@dataclass(frozen=True)
class PollHidden(Fact):
    """The result is no longer shown."""

    name: ClassVar[str] = "poll.hidden"
    poll: str
    run: int


@dataclass(frozen=True)
class BallotCast(Fact):
    """A person's ballot was taken; told to that person's devices alone. `choice` is None when anonymous."""

    name: ClassVar[str] = "ballot.cast"
    poll: str
    run: int
    choice: list[Any] | int | str | None
    _person: str

    @property
    def audience(self) -> str:
        return audience.person(self._person)
