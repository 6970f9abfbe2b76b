"""What can happen to feedback."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from conference.core import audience
from conference.core.facts import Fact


@dataclass(frozen=True)
class FeedbackGiven(Fact):
    """A person rated, or changed the rating; told to that person's devices alone."""

    name: ClassVar[str] = "feedback.given"
    rating: int
    aspects: dict[str, int]
    comment: str
    _person: str

    @property
    def audience(self) -> str:
        return audience.person(self._person)
