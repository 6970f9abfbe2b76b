"""Tables as offices send them, CSV in any dialect and encoding or a workbook, read into lines of plain text.

Pure: bytes in, tables out. A text file does not say how its cells are separated, and a workbook has several
sheets, so a file yields *readings*; whoever knows which header is wanted picks the one that makes sense.
Everything a hostile file could blow up is bounded before it is unpacked.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Literal

import openpyxl

MAX_BYTES = 5 * 1024 * 1024
MAX_LINES = 20_000
MAX_COLUMNS = 100  # what stands further to the right is not looked at
MAX_UNPACKED = 64 * 1024 * 1024  # octets of all parts of a workbook together
MAX_PARTS = 1_000  # files inside a workbook

SEPARATORS = ";\t,|"

_ZIP = b"PK\x03\x04"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # compound file: XLS, or an XLSX under a password
_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# Umlauts inside of words, as code page 850 and as Windows-1252 write them.
_DOS_UMLAUT = re.compile(rb"[A-Za-z][\x81\x84\x94\xe1]+[a-z]|[\x8e\x99\x9a][a-z]{2}")
_WINDOWS_UMLAUT = re.compile(rb"[A-Za-z][\xe4\xf6\xfc\xdf]+[a-z]|[\xc4\xd6\xdc][a-z]{2}")
_DECLARED_SEPARATOR = re.compile(r'^"?sep=([^\r\n"])"?\r?\n?', re.IGNORECASE)


class TableUnreadable(ValueError):
    """The file is no table that can be read; the text is a German sentence that says why."""


@dataclass(frozen=True)
class Row:
    """One line of a table.

    Attributes:
        line: number of its first line, from 1, as an editor (text) or Excel (workbook) counts.
        cells: the texts as they stand there, not stripped.
        last_line: its last line; above ``line`` when a quoted cell holds line breaks.
        closed: false if a quotation mark was opened and the file ended before it was closed.
    """

    line: int
    cells: tuple[str, ...]
    last_line: int
    closed: bool = True

    @property
    def blank(self) -> bool:
        """Whether nothing but space stands in it."""
        return not any(cell.strip() for cell in self.cells)


@dataclass(frozen=True)
class Table:
    """One way to read a file.

    Attributes:
        kind: where it comes from.
        name: the sheet's name, or the separator of a text file.
        rows: in the order of the file, blank ones included for text and left out for workbooks.
    """

    kind: Literal["text", "sheet"]
    name: str
    rows: tuple[Row, ...]


def read_tables(name: str, data: bytes) -> list[Table]:
    """Every reasonable reading of a file: one per visible sheet, or one per possible separator.

    Args:
        name: file name; only its ending is looked at, to say more about a file that cannot be read.
        data: the whole file. Content decides over the name: a workbook called ``.csv`` is read as a workbook.

    Raises:
        TableUnreadable: empty, too large, too long, broken, or no table at all.
    """
    if len(data) > MAX_BYTES:
        raise TableUnreadable(f"Die Datei ist größer als {MAX_BYTES // 1024 // 1024} MB.")
    if data.startswith(_ZIP):
        return _read_workbook(data)
    if data.startswith(_OLD_EXCEL):
        raise TableUnreadable(
            "Die Datei ist im alten Excel-Format oder mit einem Kennwort geschützt. "
            "Bitte in Excel ohne Kennwort als XLSX oder CSV speichern."
        )
    text = decode_text(data)
    if not text.strip():
        raise TableUnreadable("Die Datei ist leer.")
    if name.lower().endswith((".xlsx", ".xlsm")) and not any(mark in text for mark in SEPARATORS):
        raise TableUnreadable("Die Datei heißt wie eine Excel-Mappe, ist aber keine.")
    return read_separated(text)


def decode_text(data: bytes) -> str:
    """The text of a file of unknown encoding, without its byte order mark.

    In this order: UTF-8, UTF-16 or UTF-32 with byte order mark, UTF-8 without, then what old German
    PCs write: Windows-1252 or, if the umlauts only make sense there, code page 850 ("CSV (MS-DOS)").

    Raises:
        TableUnreadable: not text.
    """
    text = _decode(data)
    if "\0" in text or len(_CONTROL.findall(text)) > max(5, len(text) // 20):
        raise TableUnreadable("Die Datei ist keine Textdatei und keine Excel-Mappe.")
    return text


def _decode(data: bytes) -> str:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            try:
                return data[len(mark) :].decode(encoding)
            except UnicodeDecodeError as error:
                raise TableUnreadable("Die Zeichenkodierung der Datei ist beschädigt.") from error
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    dos, windows = len(_DOS_UMLAUT.findall(data)), len(_WINDOWS_UMLAUT.findall(data))
    try:
        return data.decode("cp850" if dos > windows else "cp1252")
    except UnicodeDecodeError:
        return data.decode("cp850")


def read_separated(text: str) -> list[Table]:
    """The readings of a text, one for each separator, or the only one its ``sep=`` line declares.

    Raises:
        TableUnreadable: more than 20,000 lines.
    """
    if text.count("\n") + text.count("\r") - text.count("\r\n") > MAX_LINES:
        raise TableUnreadable(f"Die Datei hat mehr als {MAX_LINES} Zeilen.")
    declared = _DECLARED_SEPARATOR.match(text)
    if declared:
        return [Table("text", declared[1], tuple(_rows(text[declared.end() :], declared[1], line=2)))]
    return [Table("text", separator, tuple(_rows(text, separator))) for separator in SEPARATORS]


def _rows(text: str, separator: str, line: int = 1) -> Iterator[Row]:
    """Rows of separated text (RFC 4180, and more forgiving); ``line`` is the number of its first line.

    An empty line is added at the end: if it does not come back by itself, a quotation mark before it was left
    open.
    """
    # newline="" splits at CR, LF and CRLF only, and keeps line breaks inside of quotes as they are.
    lines = [*io.StringIO(text, newline=""), ""]
    reader = csv.reader(lines, delimiter=separator)
    before = 0
    while before < len(lines) - 1:
        try:
            cells = tuple(next(reader))
        except csv.Error:  # a cell of more than 128 KB
            yield Row(line + before, (), line + len(lines) - 2, closed=False)
            return
        after = reader.line_num
        closed = after < len(lines)
        yield Row(line + before, cells, line + min(after, len(lines) - 1) - 1, closed)
        before = after


def _read_workbook(data: bytes) -> list[Table]:
    try:
        _check_package(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl tells what it does not keep; we keep nothing but text
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
            try:
                tables = [_read_sheet(sheet) for sheet in book.worksheets if sheet.sheet_state == "visible"]
            finally:
                book.close()
    except TableUnreadable:
        raise
    except Exception as error:  # a broken package breaks openpyxl and zipfile in a dozen ways
        raise TableUnreadable("Die Excel-Mappe ist beschädigt und lässt sich nicht lesen.") from error
    tables = [table for table in tables if table.rows]
    if not tables:
        raise TableUnreadable("Die Excel-Mappe ist leer.")
    return tables


def _check_package(data: bytes) -> None:
    """Refuse what is no workbook, or would be far larger unpacked than packed."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        parts = package.infolist()
        if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
            raise TableUnreadable("Die Excel-Mappe ist entpackt zu groß.")
        if "xl/workbook.xml" not in package.namelist():
            raise TableUnreadable("Die Datei ist keine Excel-Mappe. Bitte als XLSX oder CSV speichern.")
        for part in parts:
            # zipfile stops reading at the size that was declared, so the sum above holds.
            if part.filename.endswith((".xml", ".rels")) and _declares_entities(package.read(part)):
                raise TableUnreadable("Die Excel-Mappe enthält XML-Definitionen, die nicht erlaubt sind.")


def _declares_entities(xml: bytes) -> bool:
    """Whether a part has a document type, which no workbook needs and an XML bomb does."""
    return b"<!DOCTYPE" in xml.replace(b"\0", b"")


def _read_sheet(sheet: Any) -> Table:
    sheet.reset_dimensions()  # the size a file states for its sheets is often wrong
    rows = []
    for line, values in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True), start=1):
        if any(value is not None and value != "" for value in values):
            if line > MAX_LINES:
                raise TableUnreadable(f"Das Blatt »{sheet.title}« hat mehr als {MAX_LINES} Zeilen.")
            row = Row(line, _texts(values), line)
            if not row.blank:
                rows.append(row)
    return Table("sheet", sheet.title, tuple(rows))


def _texts(values: tuple[object, ...]) -> tuple[str, ...]:
    texts = [_cell_text(value) for value in values]
    while texts and not texts[-1]:
        texts.pop()
    return tuple(texts)


def _cell_text(value: object) -> str:
    """What a person sees in the cell, near enough: whole numbers without decimals, dates in German order."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Ja" if value else "Nein"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value).replace(".", ",")
    if isinstance(value, datetime):
        return value.strftime("%d.%m.%Y %H:%M:%S") if value.time() != time() else value.strftime("%d.%m.%Y")
    if isinstance(value, date):
        return value.strftime("%d.%m.%Y")
    return str(value)


def has_control_characters(text: str) -> bool:
    """Whether a text holds control characters other than tab and line breaks."""
    return not text.isprintable() and any(unicodedata.category(c) == "Cc" and c not in "\t\r\n" for c in text)
