"""What can happen to questions and hands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from conference.core import audience
from conference.core.facts import Fact


@dataclass(frozen=True)
class QuestionChanged(Fact):
    """A question as it is now (QUESTION), told to those who may see it."""

    name: ClassVar[str] = "question.changed"
    question: dict[str, Any]
    _audience: str

    @property
    def audience(self) -> str:
        return self._audience


@dataclass(frozen=True)
class QuestionRemoved(Fact):
    """A question is no longer shown; who may see it all the same is told right after."""

    name: ClassVar[str] = "question.removed"
    question: str


@dataclass(frozen=True)
class QuestionMerged(Fact):
    """A question went over into another one, and its votes with it."""

    name: ClassVar[str] = "question.merged"
    question: str
    into: str


@dataclass(frozen=True)
class QuestionPinned(Fact):
    """The question that stands on stage and on the hall's screen; null: none."""

    name: ClassVar[str] = "question.pinned"
    question: str | None


@dataclass(frozen=True)
class QuestionsSet(Fact):
    """What the moderation decided for the session."""

    name: ClassVar[str] = "question.settings"
    open: bool
    approval: bool
    anonymous: bool
    hands: bool
    reactions: bool


@dataclass(frozen=True)
class QuestionVoted(Fact):
    """A person votes for a question, or no longer; told to that person's devices alone, the others hear a number."""

    name: ClassVar[str] = "question.voted"
    question: str
    up: bool
    _person: str

    @property
    def audience(self) -> str:
        return audience.person(self._person)


@dataclass(frozen=True)
class HandsChanged(Fact):
    """The hands that are up, in order. The log keeps the newest alone."""

    name: ClassVar[str] = "hands.changed"
    hands: list[dict[str, Any]] | None
