"""Questions: what may become of one, and what the moderation decides for a session. Without a database."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from conference.core.errors import ConferenceError
from conference.core.machine import Machine

TEXT_LENGTH = 500
QUESTIONS_PER_SESSION = 500
WAITING_PER_PERSON = 5
"""Questions with a name that one person may have waiting for the moderation at once."""


class State(StrEnum):
    """Where a question stands."""

    WAITING = "waiting"  # for the moderation; seen by it and by who asked
    OPEN = "open"  # everybody sees it and may vote for it
    ANSWERED = "answered"
    DISMISSED = "dismissed"  # not taken up; seen as while waiting
    MERGED = "merged"  # its votes went over to another question


SHOWN = frozenset({State.OPEN, State.ANSWERED})
"""States in which everybody sees a question."""

MOVES: Machine[State] = Machine(
    "question",
    {
        State.WAITING: frozenset({State.OPEN, State.DISMISSED, State.MERGED}),
        State.OPEN: frozenset({State.ANSWERED, State.DISMISSED, State.MERGED}),
        State.ANSWERED: frozenset({State.OPEN, State.DISMISSED, State.MERGED}),
        State.DISMISSED: frozenset({State.OPEN}),
        State.MERGED: frozenset(),
    },
)
"""All moves of a question. From *dismissed* it may be taken back."""


@dataclass(frozen=True)
class Settings:
    """What is possible in a session: asking at all, only after approval, without a name; hands; reactions."""

    open: bool = True
    approval: bool = True
    anonymous: bool = True
    hands: bool = True
    reactions: bool = True

    def as_dict(self) -> dict[str, bool]:
        """As pages get it."""
        return {
            "open": self.open,
            "approval": self.approval,
            "anonymous": self.anonymous,
            "hands": self.hands,
            "reactions": self.reactions,
        }

    def first(self) -> State:
        """The state of a question that has just been asked."""
        return State.WAITING if self.approval else State.OPEN


def checked(text: str) -> str:
    """A question's text on one line. Raises ConferenceError ``question.text``."""
    text = " ".join(text.split())
    if not text or len(text) > TEXT_LENGTH:
        raise ConferenceError("question.text", f"Eine Frage hat 1 bis {TEXT_LENGTH} Zeichen.")
    return text
