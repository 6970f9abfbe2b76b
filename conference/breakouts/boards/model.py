"""What a board is, and how much of it there may be. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

UPDATE_BYTES = 32 * 1024
"""One update of a page, before Base64."""
STATE_BYTES = 4 * 1024
"""What a page knows already (a Yjs state vector)."""
FIELD_LETTERS = 4000
"""UTF-16 units in one field. Pages stop people at half of it, so that what several add at once still finds room."""
BOARD_BYTES = 512 * 1024
"""A whole board with all that was ever deleted from it."""
POINTER_LETTERS = 120
"""A cursor's place (a Yjs relative position, Base64)."""


LATE_SECONDS = 60
"""How long after the end of the groups what was typed before it may still arrive."""


class Light(StrEnum):
    """How far a room is: the traffic light on its board."""

    OPEN = "open"
    WORKING = "working"
    DONE = "done"


def fields_of(extra: Mapping[str, Any]) -> list[str]:
    """The fields that the programme gives the boards of a session."""
    return list(extra.get("board", ()))


def in_order(rooms: Iterable[str], wanted: Sequence[str]) -> list[str]:
    """Rooms as the moderation put them; those that it did not name come behind in their own order."""
    rooms = list(rooms)
    named = [room for room in wanted if room in rooms]
    return [*named, *(room for room in rooms if room not in named)]


def root(index: int) -> str:
    """Under which name a field's text stands in the document."""
    return f"field-{index}"


def lines(text: str) -> list[str]:
    """What somebody put down in a field, a line each, without bullets."""
    found = (line.strip().lstrip("-–•*").strip() for line in text.splitlines())
    return [line for line in found if line]


def markdown(title: str, boards: Sequence[Mapping[str, Any]]) -> str:
    """Boards as a text that can be read as it is (CommonMark).

    Args:
        boards: ``{title, fields: [{name, text}]}`` each.
    """
    parts = [f"# {_plain(title)}"]
    for board in boards:
        parts.append(f"## {_plain(board['title'])}")
        for field in board["fields"]:
            said = lines(field["text"])
            parts.append(f"### {_plain(field['name'])}")
            parts.append("\n".join(f"- {_plain(line)}" for line in said) if said else "–")
    return "\n\n".join(parts) + "\n"


def _plain(text: str) -> str:
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]<>#|~&" else letter for letter in text)
