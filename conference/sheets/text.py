"""CSV as a German Excel opens it with a double click."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from datetime import datetime, time, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from zoneinfo import ZoneInfo

from conference.sheets.model import Cell, Column, Sheet, local, number, plain_text, yes_or_no

_WIDE = Context(prec=400)  # no float has more digits before its decimal point
_INTRODUCTION = re.compile(r"[\s\"'`´‘’‚‛“”„‟«»‹›]*")


def write_csv(sheet: Sheet, timezone: ZoneInfo) -> bytes:
    """A sheet as CSV: ``;``, UTF-8 with byte order mark, CRLF (RFC 4180 §2), decimal comma, local times.

    Texts that a spreadsheet program would run as a formula get an apostrophe in front, header cells too.

    Raises:
        ValueError: a naive datetime.
        TypeError: a cell does not fit its column.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow([formula_safe(column.title) for column in sheet.columns])
    for row in sheet.rows:
        pairs = zip(sheet.columns, row, strict=True)
        writer.writerow([cell_text(column, cell, timezone) for column, cell in pairs])
    return out.getvalue().encode("utf-8-sig")


def cell_text(column: Column, cell: Cell, timezone: ZoneInfo) -> str:
    """A cell as a person reads it: "17.06.2026 10:03:12", "87,5", "Ja"."""
    if cell is None:
        return ""
    match column.kind:
        case "int" | "decimal":
            return _decimal(cell)
        case "percent":
            return _decimal(cell, places=1)
        case "bool":
            return yes_or_no(cell)
        case "datetime" | "time" if isinstance(cell, datetime):
            pattern = "%d.%m.%Y %H:%M:%S" if column.kind == "datetime" else "%H:%M:%S"
            return local(cell, timezone).strftime(pattern)
        case "time" if isinstance(cell, time):
            return cell.strftime("%H:%M:%S")
        case "time" if isinstance(cell, timedelta):
            return duration_text(cell)
        case "text":
            return formula_safe(str(cell))
    raise TypeError(f"{cell!r} does not fit a {column.kind} column")


def duration_text(duration: timedelta) -> str:
    """Hours, minutes and seconds, the hours without end: "26:03:12"."""
    seconds = int(abs(duration).total_seconds())
    sign = "-" if duration < timedelta() else ""
    return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _decimal(cell: Cell, places: int | None = None) -> str:
    value = number(cell)
    if value is None:
        return ""
    if isinstance(value, int) and places is None:
        return str(value)
    step = Decimal(1).scaleb(-(4 if places is None else places))
    # Half up, as Excel shows it: 7.25 is 7,3.
    text = f"{Decimal(str(value)).quantize(step, ROUND_HALF_UP, _WIDE):f}"
    if places is None:
        text = text.rstrip("0").rstrip(".")
    return text.replace(".", ",")


def formula_safe(text: str) -> str:
    """The text, with an apostrophe in front if a spreadsheet program might take it for a formula.

    Full-width and small forms of the signs count as the signs, and blanks and quotation marks before them are
    looked through: some programs do that too. (OWASP, "CSV Injection".)
    """
    text = plain_text(text)
    if text[:1] in {"\t", "\r", "\n"}:
        return "'" + text
    introduction = _INTRODUCTION.match(text)
    start = text[introduction.end() :][:1] if introduction else ""
    return "'" + text if start and unicodedata.normalize("NFKC", start) in {"=", "+", "-", "@"} else text
