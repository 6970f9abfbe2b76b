"""XLSX workbooks that are pleasant to open, to filter and to print."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import xlsxwriter

from conference.sheets.model import Cell, Column, Kind, Sheet, local, number, plain_text, yes_or_no
from conference.sheets.text import cell_text

MAX_CELL = 32_767  # UTF-16 units Excel keeps in a cell
MAX_ROWS = 1_048_576
MAX_NAME = 31  # characters of a sheet's name
NARROWEST, WIDEST = 8, 60  # of a column whose width is fitted to its content, in characters

_OPTIONS = {
    "in_memory": True,  # rows hold personal data: none of them in temporary files
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_NUMBER_FORMATS: dict[Kind, str] = {
    "int": "0",
    "decimal": "0.0###",
    "percent": "0.0%",
    "time": "hh:mm:ss",
    "datetime": "dd.mm.yyyy hh:mm:ss",
}
_DURATION_FORMAT = "[hh]:mm:ss"
_A4 = 9


def write_xlsx(sheets: Sequence[Sheet], timezone: ZoneInfo, title: str) -> bytes:
    """A workbook, one page for each sheet; real numbers and dates, in local time; no text is ever a formula.

    Args:
        sheets: at least one; names are made legal and distinct.
        title: for the file's properties and the top of printed pages.

    Raises:
        ValueError: no sheet, a naive datetime, or more rows than a sheet holds.
        TypeError: a cell does not fit its column.
    """
    if not sheets:
        raise ValueError("a workbook needs a sheet")
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, _OPTIONS)
    book.set_properties({"title": plain_text(title)[:255]})
    formats = _Formats(book)
    for sheet, name in zip(sheets, sheet_names([sheet.name for sheet in sheets]), strict=True):
        _write_sheet(book.add_worksheet(name), sheet, timezone, formats)
        _set_up_print(book.get_worksheet_by_name(name), title)
    book.close()
    return out.getvalue()


def sheet_names(wanted: Sequence[str]) -> list[str]:
    """Names that Excel accepts: at most 31 characters, none of ``[]:*?/\\``, distinct regardless of case.

    No apostrophe at either end, and not "History", which Excel keeps for itself.
    """
    names: list[str] = []
    taken = {"history"}
    for number_, name in enumerate(wanted, start=1):
        plain = " ".join(re.sub(r"[\[\]:*?/\\]", " ", plain_text(name)).split()).strip("' ")
        base = plain or f"Tabelle {number_}"
        unique, copy = _cut(base), 1
        while unique.casefold() in taken:
            copy += 1
            unique = _cut(base, f" ({copy})")
        taken.add(unique.casefold())
        names.append(unique)
    return names


def _cut(name: str, ending: str = "") -> str:
    room = MAX_NAME - len(ending)
    while len(name.encode("utf-16-le")) // 2 > room:
        name = name[:-1]
    return name.rstrip("' ") + ending


class _Formats:
    """The few formats of a workbook: the header, one per kind of column, and durations."""

    def __init__(self, book: Any) -> None:
        top = {"valign": "top"}
        wrapped = {"text_wrap": True, **top}
        header = {"bold": True, "bottom": 1, "bg_color": "#E8EEF4"} | wrapped
        self.header = book.add_format(header)
        self.text = book.add_format(wrapped)
        self.duration = book.add_format({"num_format": _DURATION_FORMAT, **top})
        self._numbers = {
            kind: book.add_format({"num_format": pattern, **top}) for kind, pattern in _NUMBER_FORMATS.items()
        }

    def of(self, kind: Kind) -> Any:
        return self._numbers.get(kind, self.text)


def _write_sheet(page: Any, sheet: Sheet, timezone: ZoneInfo, formats: _Formats) -> None:
    if len(sheet.rows) >= MAX_ROWS:
        raise ValueError(f"{sheet.name!r} has more than {MAX_ROWS - 1} rows")
    for x, column in enumerate(sheet.columns):
        page.set_column(x, x, column.width or _fitting_width(sheet, x, timezone))
        page.write_string(0, x, _fitting_text(column.title), formats.header)
    for y, row in enumerate(sheet.rows, start=1):
        for x, (column, cell) in enumerate(zip(sheet.columns, row, strict=True)):
            if cell is not None:
                _write_cell(page, y, x, column, cell, timezone, formats)
    page.freeze_panes(1, 0)
    if sheet.columns:
        page.autofilter(0, 0, len(sheet.rows), len(sheet.columns) - 1)


def _write_cell(
    page: Any, y: int, x: int, column: Column, cell: Cell, timezone: ZoneInfo, formats: _Formats
) -> None:
    match column.kind:
        case "text":
            page.write_string(y, x, _fitting_text(str(cell)), formats.text)
        case "bool":
            page.write_string(y, x, yes_or_no(cell), formats.text)
        case "int" | "decimal" | "percent":
            value = number(cell)
            if value is not None:
                page.write_number(
                    y, x, value / 100 if column.kind == "percent" else value, formats.of(column.kind)
                )
        case "datetime" | "time" if isinstance(cell, datetime):
            instant = local(cell, timezone).replace(tzinfo=None)  # Excel knows no zones
            shown = instant if column.kind == "datetime" else instant.time()
            page.write_datetime(y, x, shown, formats.of(column.kind))
        case "time" if isinstance(cell, time):
            page.write_datetime(y, x, cell.replace(tzinfo=None, microsecond=0), formats.of("time"))
        case "time" if isinstance(cell, timedelta):
            page.write_number(y, x, cell.total_seconds() / 86_400, formats.duration)
        case _:
            raise TypeError(f"{cell!r} does not fit a {column.kind} column")


def _fitting_text(text: str) -> str:
    """The text, cut where Excel would refuse the whole cell."""
    text = plain_text(text)
    units = text.encode("utf-16-le")
    if len(units) <= 2 * MAX_CELL:
        return text
    return units[: 2 * (MAX_CELL - 1)].decode("utf-16-le", "ignore") + "…"


def _fitting_width(sheet: Sheet, x: int, timezone: ZoneInfo) -> int:
    """Characters of the longest line in a column; the header needs room for the filter's arrow too."""
    column = sheet.columns[x]
    texts = (cell_text(column, row[x], timezone) for row in sheet.rows)
    longest = max((len(line) for text in texts for line in text.splitlines()), default=0)
    return min(max(longest + 2, len(column.title) + 4, NARROWEST), WIDEST)


def _set_up_print(page: Any, title: str) -> None:
    """Landscape A4, all columns on one page's width, the header on every page, page numbers."""
    page.set_landscape()
    page.set_paper(_A4)
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)
    page.set_margins(left=0.5, right=0.5, top=0.8, bottom=0.7)  # inches
    page.set_header("&L" + plain_text(title).replace("&", "&&")[:200] + "&R&A")
    page.set_footer("&RSeite &P von &N")
