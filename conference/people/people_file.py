"""People files as German offices make them: CSV in any dialect or XLSX, read into entries and refusals.

Pure. A line that cannot be taken is refused with its number and a reason and holds up nobody else; a file
that cannot be understood at all raises. What is taken and what is refused never depends on the order of the
columns.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

from conference.core.errors import ConferenceError
from conference.sheets.reading import (
    MAX_COLUMNS,
    Row,
    Table,
    TableUnreadable,
    has_control_characters,
    read_tables,
)

MAX_NAME = 200
MAX_TEXT = 500  # organisation, office
MAX_WISH = 100
MAX_EMAIL = 254  # RFC 5321 §4.5.3.1.3, less the angle brackets
TITLE_ROWS = 10  # rows that may stand above the header

Attends = Literal["remote", "hall"]


@dataclass(frozen=True)
class PersonEntry:
    """One person of the file.

    Attributes:
        line: its line in the file, as an editor (text) or Excel (workbook) numbers it.
        first_name: with the academic title before it; may be empty if the file knows one name only.
        email: lower case, checked.
        attends: ``remote`` unless the file says otherwise.
        wishes: in order of preference, as written, each once.
    """

    line: int
    first_name: str
    last_name: str
    email: str
    organisation: str
    office: str
    attends: Attends
    wishes: tuple[str, ...]


@dataclass(frozen=True)
class RefusedLine:
    """A line nobody was taken from, and a German sentence that says why."""

    line: int
    reason: str


@dataclass(frozen=True)
class PeopleFile:
    """What a file holds.

    Attributes:
        entries: in the order of the file, every e-mail address once.
        refused: in the order of the file.
        duplicates: lines that said exactly what an earlier one had said.
    """

    entries: tuple[PersonEntry, ...]
    refused: tuple[RefusedLine, ...]
    duplicates: int


def read_people(name: str, data: bytes) -> PeopleFile:
    """Read a people file.

    Args:
        name: file name, for hints; what the file is, is decided by content.
        data: the whole file, at most 5 MB and 20,000 lines.

    Raises:
        ConferenceError: ``people.unreadable`` – no table, no header, no e-mail column, columns given twice.
    """
    try:
        header, rows = _find_people(read_tables(name, data))
    except TableUnreadable as error:
        raise _unreadable(str(error)) from error
    people = _take(header, rows)
    if not people.entries and people.refused and not header.has_name:
        raise _unreadable(
            f"Es fehlt die Spalte für den Namen (Vorname und Nachname, oder Name). {header.found}"
        )
    return people


def _unreadable(message: str) -> ConferenceError:
    return ConferenceError("people.unreadable", message)


def _take(header: _Header, rows: Sequence[Row]) -> PeopleFile:
    entries: dict[str, PersonEntry] = {}
    refused = []
    duplicates = 0
    for row in rows:
        try:
            entry = _entry(header, row)
            first = entries.setdefault(entry.email, entry)
            if first is not entry:
                _check_same(first, entry)
                duplicates += 1
        except _Refused as error:
            refused.append(RefusedLine(row.line, str(error)))
    return PeopleFile(tuple(entries.values()), tuple(refused), duplicates)


class _Refused(Exception):
    """Why a line is not taken."""


# --- the header -----------------------------------------------------------------------------------

_TITLES = {
    "first": "vorname vornamen rufname firstname forename givenname",
    "last": "nachname familienname zuname surname lastname familyname",
    "name": "name vollername vollständigername vorundnachname vornamenachname vornameundnachname vornamename "
    "fullname displayname anzeigename person teilnehmer teilnehmerin teilnehmende teilnehmendeperson",
    "last_first": "nachnamevorname namevorname nachnameundvorname nameundvorname familiennamevorname",
    "email": "email mail emailadresse mailadresse emailaddress mailaddress emaildienstlich dienstlicheemail "
    "dienstlicheemailadresse kontaktemail",
    "organisation": "organisation organization organisationseinheit org firma institution unternehmen "
    "company einrichtung behörde dienststelle arbeitgeber verband",
    "office": "funktion amt position office roletitle jobtitle amtsbezeichnung dienststellung stellung "
    "berufsbezeichnung",
    "title": "titel title akademischertitel akadtitel akademischergrad akadgrad academictitle",
    "attends": "teilnahme teilnahmeart teilnahmeform teilnahmemodus artderteilnahme formderteilnahme "
    "attendance attendancemode attends participation",
    "wishes": "wünsche wishes",
    "wish 1": "wunsch wish erstwunsch erstwahl",
    "wish 2": "zweitwunsch zweitwahl",
    "wish 3": "drittwunsch drittwahl",
}
_FIELDS = {title: field for field, titles in _TITLES.items() for title in titles.split()}
_NUMBERED_WISH = re.compile(r"(?:wunsch|wish|wahl|choice|priorität)(?:nr)?([1-9])")
_WISH_NUMBERED = re.compile(r"([1-9])(?:st|nd|rd|th)?(?:wunsch|wish|wahl|choice|priorität)")
_GERMAN = {
    "first": "Vorname",
    "last": "Nachname",
    "name": "Name",
    "last_first": "Nachname, Vorname",
    "email": "E-Mail",
    "organisation": "Organisation",
    "office": "Funktion",
    "title": "Titel",
    "attends": "Teilnahme",
    "wishes": "Wünsche",
}
_MAY_COME_TWICE = {"organisation", "office", "title"}  # the first cell that says something counts


@dataclass(frozen=True)
class _Header:
    """The line that names the columns.

    Attributes:
        columns: field → indexes of its cells, from 0.
        width: cells of the line, named or not.
    """

    row: Row
    columns: dict[str, tuple[int, ...]]

    @property
    def width(self) -> int:
        return len(self.row.cells)

    @property
    def has_name(self) -> bool:
        return bool(self.columns.keys() & {"first", "last", "name", "last_first"})

    @property
    def rank(self) -> tuple[bool, int]:
        """The more known columns, the more likely it is the header; without an e-mail column it is none."""
        return "email" in self.columns, len(self.columns)

    @property
    def found(self) -> str:
        """German sentence naming the columns that are there."""
        titles = [_short(_clean(cell), 30) for cell in self.row.cells[:MAX_COLUMNS] if cell.strip()]
        more = f" und {len(titles) - 12} weitere" if len(titles) > 12 else ""
        return "Gefunden: " + (", ".join(f"»{title}«" for title in titles[:12]) + more or "nichts") + "."


def _find_people(tables: Sequence[Table]) -> tuple[_Header, Sequence[Row]]:
    """The header, and the rows below it that say something."""
    found = [(header, table) for table in tables if (header := _find_header(table))]
    if not found:
        raise _unreadable("Die Datei ist leer.")
    best, table = max(found, key=lambda pair: pair[0].rank)  # max() keeps the first among equals
    if "email" not in best.columns:
        raise _unreadable(_what_is_missing(best))
    if table.kind == "sheet":
        _check_only_sheet(found)
    for field, indexes in best.columns.items():
        if len(indexes) > 1 and field not in _MAY_COME_TWICE:
            titles = " und ".join(f"»{_clean(best.row.cells[index])}«" for index in indexes)
            raise _unreadable(f"Mehrere Spalten bedeuten dasselbe: {titles}. Bitte nur eine davon behalten.")
    return best, _below(best, table)


def _find_header(table: Table) -> _Header | None:
    rows = islice((row for row in table.rows if not row.blank), TITLE_ROWS + 1)
    return max(map(_header, rows), key=lambda header: header.rank, default=None)


def _header(row: Row) -> _Header:
    columns: dict[str, tuple[int, ...]] = {}
    for index, cell in enumerate(row.cells[:MAX_COLUMNS]):
        field = _field(cell)
        if field:
            columns[field] = (*columns.get(field, ()), index)
    if "first" in columns and "last" not in columns and "name" in columns:
        columns["last"] = columns.pop("name")  # "Name; Vorname" is how many offices write it
    return _Header(row, columns)


def _field(title: str) -> str | None:
    """What a column title means: whole, else its first known part ("Firma / Institution")."""
    for part in (title, *re.split(r"/|\bbzw\.|\boder\b|\bor\b", title)):
        plain = unicodedata.normalize("NFKC", _clean(part)).casefold()
        plain = re.sub(r"\(.*?\)|\W|_", "", plain)
        wish = _NUMBERED_WISH.fullmatch(plain) or _WISH_NUMBERED.fullmatch(plain)
        field = f"wish {wish[1]}" if wish else _FIELDS.get(plain)
        if field:
            return field
    return None


def _below(header: _Header, table: Table) -> list[Row]:
    return [row for row in table.rows if row.line > header.row.line and not row.blank]


def _what_is_missing(header: _Header) -> str:
    needed = "Gebraucht werden E-Mail sowie Vorname und Nachname (oder Name)."
    if len(header.columns) >= 2:
        return f"Es fehlt die Spalte für die E-Mail-Adresse. {header.found} {needed}"
    return f"Es gibt keine Kopfzeile mit den Namen der Spalten. {header.found} {needed}"


def _check_only_sheet(found: Sequence[tuple[_Header, Table]]) -> None:
    """Two sheets with people: taking one of them silently would lose the other's."""
    sheets = [table.name for header, table in found if "email" in header.columns and _below(header, table)]
    if len(sheets) > 1:
        names = ", ".join(f"»{_short(name, 31)}«" for name in sheets)
        raise _unreadable(f"Personen stehen auf mehreren Blättern: {names}. Bitte nur ein Blatt behalten.")


# --- a line ---------------------------------------------------------------------------------------

_REMOTE = "remote online digital virtuell virtual onlineteilnahme livestream stream zuhause fern"
_HALL = "hall vorort saal imsaal präsenz inpräsenz präsenzteilnahme persönlich onsite inperson venue"
_ATTENDS: dict[str, Attends] = {
    "": "remote",
    **dict.fromkeys(_REMOTE.split(), "remote"),
    **dict.fromkeys(_HALL.split(), "hall"),
}
_EXCEL_ERRORS = {
    "#N/A",
    "#NV",
    "#REF!",
    "#BEZUG!",
    "#VALUE!",
    "#WERT!",
    "#NAME?",
    "#DIV/0!",
    "#NULL!",
    "#NUM!",
    "#ZAHL!",
}


def _entry(header: _Header, row: Row) -> PersonEntry:
    _check_shape(header, row)
    texts = {field: _text(header, row, field) for field in header.columns}
    display, address = _split_address(texts["email"])
    if not address:
        raise _Refused("Es fehlt die E-Mail-Adresse.")
    try:
        email = normal_email(address)
    except ValueError as error:
        raise _Refused(str(error)) from error
    first_name, last_name = _names(texts, display)
    return PersonEntry(
        line=row.line,
        first_name=first_name,
        last_name=last_name,
        email=email,
        organisation=texts.get("organisation", ""),
        office=texts.get("office", ""),
        attends=_attends(texts.get("attends", "")),
        wishes=tuple(_wishes(texts)),
    )


def _check_shape(header: _Header, row: Row) -> None:
    if not row.closed:
        raise _Refused(
            "Ein Anführungszeichen ist nicht geschlossen; "
            f"die Zeilen {row.line} bis {row.last_line} wurden nicht gelesen."
        )
    if row.last_line > row.line and _swallowed(header, row):
        raise _Refused(
            f"Die Zeilen {row.line} bis {row.last_line} hängen durch ein Anführungszeichen zusammen "
            "und wurden nicht gelesen."
        )
    if any(cell.strip() for cell in row.cells[header.width :]):
        raise _Refused(
            f"Die Zeile hat mehr Zellen als die Kopfzeile ({len(row.cells)} statt {header.width}). "
            "Steht ein Trennzeichen im Text, braucht er Anführungszeichen."
        )


def _swallowed(header: _Header, row: Row) -> bool:
    """Whether a stray quotation mark made one line of several: no name, address or wish spans lines."""
    for index, cell in enumerate(row.cells):
        if "\n" in cell.strip() or "\r" in cell.strip():
            fields = [field for field, indexes in header.columns.items() if index in indexes]
            if "@" in cell or (fields and fields[0] not in {"organisation", "office"}):
                return True
    return False


def _text(header: _Header, row: Row, field: str) -> str:
    """The first cell of a field that says something, cleaned and checked."""
    cells = [row.cells[index] for index in header.columns[field] if index < len(row.cells)]
    raw = next((cell for cell in cells if cell.strip()), "")
    title = _GERMAN.get(field, "Wunsch")
    if has_control_characters(raw):
        raise _Refused(f"In »{title}« stehen Steuerzeichen.")
    text = _clean(raw)
    if text in _EXCEL_ERRORS:
        raise _Refused(f"In »{title}« steht der Excel-Fehler {text}.")
    limit = MAX_WISH if field.startswith("wish ") else MAX_TEXT
    if len(text) > limit:
        raise _Refused(f"»{title}« ist länger als {limit} Zeichen.")
    return text


def _clean(text: str) -> str:
    """Composed (NFC), without invisible characters, any run of white space (no-break too) one space."""
    text = unicodedata.normalize("NFC", text)
    if not text.isprintable():
        # Joiners (U+200C, U+200D) are kept: they change what is read in some scripts.
        text = "".join(c for c in text if unicodedata.category(c) != "Cf" or c in "\u200c\u200d")
    return " ".join(text.split())


def _short(text: str, limit: int = 60) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _attends(text: str) -> Attends:
    plain = re.sub(r"\W|_", "", text.casefold())
    if plain not in _ATTENDS:
        raise _Refused(f"»{_short(text)}« ist keine Art der Teilnahme; möglich sind »remote« und »vor Ort«.")
    return _ATTENDS[plain]


def _wishes(texts: dict[str, str]) -> Iterator[str]:
    numbered = [texts[field] for field in sorted(texts) if field.startswith("wish ")]
    listed = re.split(r"[,;/|]", texts.get("wishes", ""))
    seen = set()
    for wish in (*numbered, *(text.strip() for text in listed)):
        if wish and wish.casefold() not in seen:
            seen.add(wish.casefold())
            yield wish


def _check_same(first: PersonEntry, again: PersonEntry) -> None:
    """Refuse a line that says something else about an address than an earlier line did."""
    again = replace(again, line=first.line)
    if again == first:
        return
    titles = {"first_name": "Vorname", "last_name": "Nachname", "organisation": "Organisation"}
    titles |= {"office": "Funktion", "attends": "Teilnahme", "wishes": "Wünsche"}
    differing = [title for name, title in titles.items() if getattr(first, name) != getattr(again, name)]
    raise _Refused(
        f"{first.email} steht schon in Zeile {first.line}, dort mit anderen Angaben ({', '.join(differing)})."
    )


# --- names ----------------------------------------------------------------------------------------

_SALUTATION = re.compile(r"^(?:Herrn?|Frau|Mrs?\.|Ms\.)(?:\s+|$)", re.IGNORECASE)
_SUFFIX = re.compile(
    r"(?:M|B)\.\s?(?:A|Sc|Eng|Ed)\.?|LL\.\s?[MB]\.?|MBA|MPA|MPH|Ph\.?\s?D\.?|M\.?d\.?[LB]\.?|Dipl\.-\S+",
    re.IGNORECASE,
)
_BEFORE_LAST_NAME = "von vom van de der den dem du da das do dos del della di la le ten ter zu zum zur al el"
_PARTICLES = frozenset(_BEFORE_LAST_NAME.split())


def _names(texts: dict[str, str], display: str) -> tuple[str, str]:
    """First and last name of a line, the title before the first name."""
    first, last = texts.get("first", ""), texts.get("last", "")
    if not first and not last:
        first, last = _full_name(texts.get("name", "") or texts.get("last_first", "") or display)
        if texts.get("last_first") and "," not in texts["last_first"] and first:
            raise _Refused("Nachname und Vorname bitte durch ein Komma trennen.")
    title = _SALUTATION.sub("", texts.get("title", ""))
    if title and not first.casefold().startswith(title.casefold()):
        first = f"{title} {first}".strip()
    first = _SALUTATION.sub("", first)
    if not last and (not first or first == title):
        raise _Refused("Es fehlt der Name.")
    if len(f"{first} {last}") > MAX_NAME:
        raise _Refused(f"Der Name ist länger als {MAX_NAME} Zeichen.")
    return first, last


def _full_name(name: str) -> tuple[str, str]:
    """First and last name of one text: "Dr. Eva von Hagen", "von Hagen, Eva", "Hagen, Eva, Dr." """
    name = _SALUTATION.sub("", name)
    before, *after = [part.strip() for part in name.split(",")]
    if after and all(_SUFFIX.fullmatch(part) for part in after):
        first, last = _full_name(before)
        return first, ", ".join([last, *after])
    if after:
        return " ".join([*after[1:], after[0]]).strip(), before
    words = name.split()
    particles = (index for index, word in enumerate(words) if index and word in _PARTICLES)
    start = min(next(particles, len(words)), len(words) - 1)
    return (" ".join(words[:start]), " ".join(words[start:])) if words else ("", "")


# --- addresses ------------------------------------------------------------------------------------

_ANGLE = re.compile(r"(?P<name>.*?)<(?P<address>[^<>]*)>", re.DOTALL)
_MAILTO = re.compile(r"mailto:", re.IGNORECASE)


def _split_address(text: str) -> tuple[str, str]:
    """Display name and address of "Eva Kohl <eva@example.org>", "mailto:eva@example.org", a bare address."""
    match = _ANGLE.fullmatch(text)
    name, address = (match["name"].strip(" \"'"), match["address"]) if match else ("", text)
    mailto = _MAILTO.match(address.strip())  # RFC 6068 §2: what follows a question mark are headers
    return name, address.strip()[mailto.end() :].split("?")[0] if mailto else address.strip()


def normal_email(text: str) -> str:
    """An e-mail address, stripped and in lower case.

    The check is a pragmatic one, for typing errors: one ``@``, a dot in the domain, labels of letters, digits
    and hyphens (any script, so IDN domains pass), no spaces, at most 254 characters and 64 before the ``@``
    (RFC 5321 §4.5.3.1).

    Raises:
        ValueError: with a German sentence.
    """
    email = _clean(text).lower()
    wrong = ValueError(f"»{_short(email)}« ist keine E-Mail-Adresse.")
    if email.count("@") > 1:
        raise ValueError("Statt einer E-Mail-Adresse stehen dort mehrere.")
    local, _, domain = email.partition("@")
    if not local or len(local) > 64 or len(email) > MAX_EMAIL or re.search(r"[\s,;:<>()\[\]\\\"]", email):
        raise wrong
    labels = domain.split(".")
    if len(labels) < 2 or labels[-1].isdigit() or not all(_is_label(label) for label in labels):
        raise wrong
    return email


def _is_label(label: str) -> bool:
    """Whether a part of a domain can be one: RFC 1123 §2.1, letters of any script (RFC 5890)."""
    letters = all(c == "-" or unicodedata.category(c)[0] in "LMN" for c in label)
    return 0 < len(label) <= 63 and letters and label[0] != "-" and label[-1] != "-"
