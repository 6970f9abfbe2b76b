"""A table to hand out: what its columns are called and mean, and its rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

Kind = Literal["text", "int", "decimal", "percent", "time", "datetime", "bool"]
Cell = str | int | float | Decimal | bool | datetime | time | timedelta | None


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        title: what stands in the header.
        kind: what its cells hold. ``None`` is an empty cell in every kind.
            ``text``: anything, by ``str()``. ``int``, ``decimal``: numbers. ``percent``: a number in per
            cent, so 87.5 is 87,5 %. ``datetime``: an aware datetime. ``time``: an aware datetime whose time
            of day is shown, a ``datetime.time`` in local time, or a ``timedelta`` in hours, minutes, seconds.
            ``bool``: Ja or Nein.
        width: in characters, in a workbook; ``None`` fits it to the content.
    """

    title: str
    kind: Kind = "text"
    width: int | None = None


@dataclass(frozen=True)
class Sheet:
    """A named table; every row has as many cells as there are columns.

    Raises:
        ValueError: a row is too short or too long.
    """

    name: str
    columns: tuple[Column, ...]
    rows: list[tuple[Cell, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for number, row in enumerate(self.rows):
            if len(row) != len(self.columns):
                raise ValueError(
                    f"row {number} of {self.name!r}: {len(row)} cells, {len(self.columns)} columns"
                )

    def records(self) -> list[dict[str, Cell]]:
        """The rows as mappings from column title to cell, for JSON."""
        titles = [column.title for column in self.columns]
        return [dict(zip(titles, row, strict=True)) for row in self.rows]


def local(instant: datetime, timezone: ZoneInfo) -> datetime:
    """An instant on the conference's clock: aware, in whole seconds.

    Raises:
        ValueError: the instant is naive; guessing its zone is how exports come to be two hours wrong.
    """
    if instant.tzinfo is None:
        raise ValueError(f"{instant!r} has no time zone")
    return instant.astimezone(timezone).replace(microsecond=0)


def number(cell: Cell) -> int | float | Decimal | None:
    """A cell of a number column; not-a-number and infinities become empty, as no office program knows them.

    Raises:
        TypeError: it is no number.
    """
    if isinstance(cell, bool) or not isinstance(cell, int | float | Decimal):
        raise TypeError(f"{cell!r} is no number")
    finite = Decimal(str(cell)).is_finite()
    return cell if finite else None


def yes_or_no(cell: Cell) -> str:
    """How a truth is written in German."""
    return "Ja" if cell else "Nein"


def plain_text(cell: Cell) -> str:
    """A text that every format can hold.

    Without lone surrogates, control characters other than tab and line breaks, U+FFFE, U+FFFF (XML 1.0 §2.2).
    """
    text = str(cell).encode("utf-8", "replace").decode("utf-8")
    return "".join(c for c in text if (c >= " " or c in "\t\n\r") and c not in "\ufffe\uffff")
