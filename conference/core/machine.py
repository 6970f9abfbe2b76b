"""State machines as tables: all legal moves of a thing stand in one place, and the docs draw their diagram from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

from conference.core.errors import ConferenceError

State = TypeVar("State", bound=str)


class Machine(Generic[State]):
    """A table of legal moves.

    Args:
        name: what moves; the refusal's code is ``{name}.move``.
        moves: for each state the states that may follow.
    """

    def __init__(self, name: str, moves: Mapping[State, frozenset[State]]) -> None:
        self.name = name
        self.moves = moves

    def check(self, old: State, new: State) -> None:
        """Raise ConferenceError unless the move is in the table."""
        if new not in self.moves[old]:
            raise ConferenceError(f"{self.name}.move", f"Von »{old}« geht es nicht nach »{new}«.")

    def mermaid(self) -> str:
        """The table as a Mermaid state diagram."""
        lines = [f"    {old} --> {new}" for old, news in self.moves.items() for new in sorted(news)]
        return "\n".join(["stateDiagram-v2", *lines])
