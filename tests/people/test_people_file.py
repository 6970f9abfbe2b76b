"""People files as offices send them."""

from __future__ import annotations

import csv
import io
import zipfile
from importlib.resources import files

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conference.core.errors import ConferenceError
from conference.people.people_file import PeopleFile, PersonEntry, RefusedLine, normal_email, read_people

EVA = PersonEntry(2, "Eva", "Kohl", "eva.kohl@example.org", "Stadtwerke", "", "remote", ("ag2", "ag3"))
HEADER = "Vorname;Nachname;E-Mail;Organisation;Wunsch 1;Wunsch 2\n"
LINE = "Eva;Kohl;eva.kohl@example.org;Stadtwerke;ag2;ag3\n"


def read(text: str) -> PeopleFile:
    return read_people("personen.csv", text.encode())


def only(text: str) -> PersonEntry:
    file = read(text)
    assert file.refused == ()
    (entry,) = file.entries
    return entry


def reasons(*lines: str, header: str = HEADER) -> list[tuple[int, str]]:
    return [(refused.line, refused.reason) for refused in read(header + "\n".join(lines)).refused]


def unreadable(data: bytes, name: str = "personen.csv") -> str:
    with pytest.raises(ConferenceError) as caught:
        read_people(name, data)
    assert caught.value.code == "people.unreadable"
    return caught.value.message


def workbook(*rows: tuple[object, ...], title: str = "Personen") -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.title = title
    for row in rows:
        book.active.append(row)
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_the_demo_conference_has_92_people() -> None:
    data = files("conference.demo").joinpath("people.csv").read_bytes()
    file = read_people("people.csv", data)
    assert (len(file.entries), file.refused, file.duplicates) == (92, (), 0)
    assert file.entries[0] == PersonEntry(
        line=2,
        first_name="Violetta",
        last_name="Kohl",
        email="violetta.kohl@example.org",
        organisation="Hochschule Musterstadt",
        office="",
        attends="remote",
        wishes=("ag2", "ag3", "ag5"),
    )
    assert sum(entry.attends == "hall" for entry in file.entries) > 0


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252", "cp850"]
)  # utf-16 and utf-32 with byte order mark
@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_separators_and_line_ends(encoding: str, separator: str, end: str) -> None:
    rows = [["Vorname", "Nachname", "E-Mail"], ["Jörg", "Größler", "j@example.org"]]
    text = "".join(separator.join(row) + end for row in rows)
    (entry,) = read_people("x.csv", text.encode(encoding)).entries
    assert (entry.line, entry.first_name, entry.last_name) == (2, "Jörg", "Größler")


def test_big_endian_utf_16() -> None:
    data = b"\xfe\xff" + (HEADER + LINE).encode("utf-16-be")
    assert read_people("x.txt", data).entries == (EVA,)


@pytest.mark.parametrize(
    "header",
    [
        "Vorname;Nachname;E-Mail;Organisation;Wunsch 1;Wunsch 2",
        "First name;Surname;Email;Company;Wish 1;Wish 2",
        "Given name;Last name;Mail;Institution;1. Wunsch;2. Wunsch",
        "VORNAME ; Familienname*;E-Mail-Adresse;Firma / Institution;Erstwunsch;Zweitwunsch",
        "\ufeffVorname:;\u00a0Nachname\u00a0;e-mail (dienstlich);Unternehmen;Wunsch1;Wunsch2",
        "sep=;\nVorname;Name;Mail;Organisation;Wahl 1;Wahl 2",
    ],
)
def test_usual_names_of_columns(header: str) -> None:
    entry = only(f"{header}\n{LINE}")
    assert entry == PersonEntry(
        entry.line, "Eva", "Kohl", "eva.kohl@example.org", "Stadtwerke", "", "remote", ("ag2", "ag3")
    )


def test_columns_in_any_order_and_unknown_ones() -> None:
    assert only("Nr;Mail;Anrede;Nachname;Vorname;Wunsch 2;Wunsch 1;Organisation\n1;" + "eva.kohl@example.org"
                ";Frau;Kohl;Eva;ag3;ag2;Stadtwerke") == EVA  # fmt: skip


def test_the_header_may_stand_below_title_rows() -> None:
    titles = "Teilnehmerliste;;\n\nKonferenz am;17.06.2026;\nE-Mail;buero@example.org;\n" + "x\n" * 7
    file = read(titles + HEADER + LINE)
    assert [(entry.line, entry.email) for entry in file.entries] == [(13, "eva.kohl@example.org")]


def test_line_numbers_are_those_of_the_editor() -> None:
    text = HEADER + '\n;;;;;\nEva;Kohl;eva.kohl@example.org;"Stadt;\nwerke";ag2;ag3\n' + "Max;Muster;max;;;\n"
    file = read(text)
    assert [(entry.line, entry.organisation) for entry in file.entries] == [(4, "Stadt; werke")]
    assert file.refused == (RefusedLine(6, "»max« ist keine E-Mail-Adresse."),)


def test_a_declared_separator_counts_as_a_line() -> None:
    assert only("sep=,\r\nName,E-Mail\r\nEva Kohl,e@example.org").line == 3


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Eva Kohl", "Eva", "Kohl"),
        ("Dr. Eva von der Heide", "Dr. Eva", "von der Heide"),
        ("von der Heide, Eva", "Eva", "von der Heide"),
        ("Heide, Eva, Prof. Dr.", "Prof. Dr. Eva", "Heide"),
        ("Frau Eva Maria Kohl", "Eva Maria", "Kohl"),
        ("Eva Kohl, M.A.", "Eva", "Kohl, M.A."),
        ("Kohl", "", "Kohl"),
    ],
)
def test_full_names(name: str, first: str, last: str) -> None:
    entry = only(f"Name;E-Mail\n{name};e@example.org")
    assert (entry.first_name, entry.last_name) == (first, last)


def test_the_name_may_stand_in_the_address() -> None:
    entry = only('E-Mail\n"""Kohl, Eva"" <Eva.Kohl@Example.ORG>"')
    assert (entry.first_name, entry.last_name, entry.email) == ("Eva", "Kohl", "eva.kohl@example.org")


def test_titles_stand_before_the_first_name_once() -> None:
    header = "Anrede;Titel;Vorname;Nachname;E-Mail\n"
    assert only(header + "Frau;Prof. Dr.;Eva;Kohl;e@example.org").first_name == "Prof. Dr. Eva"
    assert only(header + "Frau;Dr.;Dr. Eva;Kohl;e@example.org").first_name == "Dr. Eva"
    assert only(header + "Frau;Frau Dr.;Eva;Kohl;e@example.org").first_name == "Dr. Eva"


@pytest.mark.parametrize("word", ["hall", "vor Ort", "Vor-Ort", "Saal", "in Präsenz", "PRÄSENZ", "on site"])
def test_in_the_hall(word: str) -> None:
    assert only(f"Name;E-Mail;Teilnahme\nEva Kohl;e@example.org;{word}").attends == "hall"


@pytest.mark.parametrize("word", ["remote", "Online", "digital", "virtuell", "", " "])
def test_from_afar(word: str) -> None:
    assert only(f"Name;E-Mail;Attendance\nEva Kohl;e@example.org;{word}").attends == "remote"


def test_another_way_to_attend_is_refused() -> None:
    assert reasons("Eva Kohl;e@example.org;ja", header="Name;E-Mail;Teilnahme\n") == [
        (2, "»ja« ist keine Art der Teilnahme; möglich sind »remote« und »vor Ort«.")
    ]


def test_wishes_are_kept_once_and_in_order() -> None:
    header = "Name;E-Mail;Wunsch 3;Wunsch 1;Wunsch 2\n"
    assert only(header + "Eva Kohl;e@example.org;AG1;ag2;ag1").wishes == ("ag2", "ag1")
    assert only('Name;E-Mail;Wünsche\nEva Kohl;e@example.org;"ag2, ag1"').wishes == ("ag2", "ag1")


def test_spaces_of_every_kind_and_invisible_characters_are_tidied() -> None:
    line = "\u00a0Eva \u200b; Kohl\u00ad;\u200emailto:Eva.Kohl@example.org ;Stadtwerke\u00a0; ag2;ag3\n"
    assert only(HEADER + line) == EVA


def test_names_are_composed() -> None:
    assert only("Name;E-Mail\nJo\u0308rg Kohl;e@example.org").first_name == "Jörg"


def test_refused_lines_name_their_reason_and_stop_nobody() -> None:
    lines = [
        "Eva;Kohl;;;;",
        "Eva;Kohl;eva.kohl;;;",
        "Eva;Kohl;a@example.org, b@example.org;;;",
        ";;c@example.org;;;",
        "Eva;Kohl;d@example.org;Stadtwerke;;;zu viel",
        f"{'E' * 150};{'K' * 60};e@example.org;;;",
        "Eva\x1b;Kohl;f@example.org;;;",
        "#NV;Kohl;g@example.org;;;",
        "Max;Muster;max@example.org;;;",
    ]
    assert reasons(*lines) == [
        (2, "Es fehlt die E-Mail-Adresse."),
        (3, "»eva.kohl« ist keine E-Mail-Adresse."),
        (4, "Statt einer E-Mail-Adresse stehen dort mehrere."),
        (5, "Es fehlt der Name."),
        (
            6,
            "Die Zeile hat mehr Zellen als die Kopfzeile (7 statt 6). "
            "Steht ein Trennzeichen im Text, braucht er Anführungszeichen.",
        ),
        (7, "Der Name ist länger als 200 Zeichen."),
        (8, "In »Vorname« stehen Steuerzeichen."),
        (9, "In »Vorname« steht der Excel-Fehler #NV."),
    ]
    assert [entry.line for entry in read(HEADER + "\n".join(lines)).entries] == [10]


def test_doubled_people_fold_and_contradicting_ones_are_refused() -> None:
    shouting = LINE.replace("eva.kohl@example.org", "EVA.KOHL@example.org")
    file = read(HEADER + LINE + LINE + shouting + LINE.replace("Stadtwerke", "Jobcenter"))
    assert file.entries == (EVA,)
    assert file.duplicates == 2
    assert file.refused == (
        RefusedLine(
            5, "eva.kohl@example.org steht schon in Zeile 2, dort mit anderen Angaben (Organisation)."
        ),
    )


def test_a_quotation_mark_that_is_never_closed_loses_nobody_silently() -> None:
    assert reasons('Eva;"Kohl;e@example.org;;;', "Max;Muster;max@example.org;;;") == [
        (2, "Ein Anführungszeichen ist nicht geschlossen; die Zeilen 2 bis 3 wurden nicht gelesen.")
    ]


def test_a_quotation_mark_that_swallows_lines_loses_nobody_silently() -> None:
    lines = [
        'Eva;Kohl;e@example.org;"Stadtwerke;;',
        'Max;Muster;max@example.org;"Werke";;',
        "Ida;Lau;i@example.org;;;",
    ]
    file = read(HEADER + "\n".join(lines))
    assert [entry.line for entry in file.entries] == [4]
    assert file.refused == (
        RefusedLine(
            2, "Die Zeilen 2 bis 3 hängen durch ein Anführungszeichen zusammen und wurden nicht gelesen."
        ),
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "Die Datei ist leer."),
        (b"\xef\xbb\xbf \r\n", "Die Datei ist leer."),
        (b"sep=;", "Die Datei ist leer."),
        (b"\x00\x01\x02", "Die Datei ist keine Textdatei und keine Excel-Mappe."),
        (bytes(range(1, 32)) * 9, "Die Datei ist keine Textdatei und keine Excel-Mappe."),
        (b"\xff\xfe\x00\xd8", "Die Zeichenkodierung der Datei ist beschädigt."),
        (b"PK\x03\x04 broken", "Die Excel-Mappe ist beschädigt und lässt sich nicht lesen."),
        (b"x" * (5 * 1024 * 1024 + 1), "Die Datei ist größer als 5 MB."),
        (b"\n" * 20_001, "Die Datei ist leer."),
        (b"E-Mail\n" * 20_001, "Die Datei hat mehr als 20000 Zeilen."),
        (
            b"Vorname;Nachname;Ort\nEva;Kohl;Genthin",
            "Es fehlt die Spalte für die E-Mail-Adresse. Gefunden: »Vorname«, »Nachname«, »Ort«. "
            "Gebraucht werden E-Mail sowie Vorname und Nachname (oder Name).",
        ),
        (
            b"Eva;Kohl;e@example.org",
            "Es gibt keine Kopfzeile mit den Namen der Spalten. "
            "Gefunden: »Eva«, »Kohl«, »e@example.org«. "
            "Gebraucht werden E-Mail sowie Vorname und Nachname (oder Name).",
        ),
        (
            b"E-Mail;Ort\ne@example.org;Genthin",
            "Es fehlt die Spalte für den Namen (Vorname und Nachname, oder Name). Gefunden: »E-Mail«, »Ort«.",
        ),
        (
            b"Name;E-Mail;Mail\n",
            "Mehrere Spalten bedeuten dasselbe: »E-Mail« und »Mail«. Bitte nur eine davon behalten.",
        ),
    ],
)
def test_files_that_cannot_be_understood(data: bytes, message: str) -> None:
    assert unreadable(data) == message


def test_a_header_alone_holds_nobody() -> None:
    assert read(HEADER) == PeopleFile((), (), 0)


# --- workbooks ------------------------------------------------------------------------------------


def test_a_workbook_whatever_it_is_called() -> None:
    header = ("Vorname", "Nachname", "E-Mail", "Organisation", "Wunsch 1", "Wunsch 2")
    eva = ("Eva", "Kohl", "eva.kohl@example.org", "Stadtwerke", "ag2", "ag3")
    data = workbook(("Liste",), (), header, eva, (), ("Max", "Muster", None, 7, 1.0, 2.5))
    for name in ("personen.xlsx", "personen.csv", ""):
        file = read_people(name, data)
        assert [entry.line for entry in file.entries] == [4]
        assert file.refused == (RefusedLine(6, "Es fehlt die E-Mail-Adresse."),)


def test_numbers_in_a_workbook_are_read_as_they_look() -> None:
    data = workbook(("Name", "Mail", "Wunsch 1", "Firma"), ("Eva Kohl", "e@example.org", 2.0, 4711))
    (entry,) = read_people("x.xlsx", data).entries
    assert (entry.wishes, entry.organisation) == (("2",), "4711")


def test_the_sheet_with_people_is_found_and_hidden_ones_are_not_looked_at() -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(("Konferenz", "2026"))
    people = book.create_sheet("Personen")
    people.append(("Name", "E-Mail"))
    people.append(("Eva Kohl", "e@example.org"))
    hidden = book.create_sheet("Alt")
    hidden.append(("Name", "E-Mail", "Firma"))
    hidden.append(("Max Muster", "m@example.org", "x"))
    hidden.sheet_state = "hidden"
    assert [entry.email for entry in read_people("x.xlsx", saved(book)).entries] == ["e@example.org"]
    hidden.sheet_state = "visible"
    assert unreadable(saved(book)) == (
        "Personen stehen auf mehreren Blättern: »Personen«, »Alt«. Bitte nur ein Blatt behalten."
    )


def repacked(data: bytes, name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            if part != name:
                new.writestr(part, old.read(part))
        new.writestr(name, content)
    return out.getvalue()


def test_workbooks_that_would_burst_are_not_unpacked() -> None:
    data = workbook(("Name", "E-Mail"))
    assert unreadable(repacked(data, "xl/bomb.bin", b"\0" * 70_000_000)) == (
        "Die Excel-Mappe ist entpackt zu groß."
    )
    laughs = b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><sst>&b;</sst>'
    for bomb in (laughs, laughs.decode().encode("utf-16")):
        assert unreadable(repacked(data, "xl/sharedStrings.xml", bomb)) == (
            "Die Excel-Mappe enthält XML-Definitionen, die nicht erlaubt sind."
        )


def test_other_office_files_are_named_as_such() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    assert unreadable(out.getvalue()) == (
        "Die Datei ist keine Excel-Mappe. Bitte als XLSX oder CSV speichern."
    )
    old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512
    assert unreadable(old, "personen.xls").startswith("Die Datei ist im alten Excel-Format")


def test_a_broken_sheet_is_unreadable() -> None:
    data = repacked(workbook(("Name", "E-Mail")), "xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row")
    assert unreadable(data) == "Die Excel-Mappe ist beschädigt und lässt sich nicht lesen."


def test_a_cell_far_to_the_right_costs_nothing() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(("Name", "E-Mail"))
    sheet.append(("Eva Kohl", "e@example.org"))
    sheet["XFD3"] = "!"
    assert len(read_people("x.xlsx", saved(book)).entries) == 1


# --- addresses ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "email"),
    [
        (" Eva.Kohl@Example.ORG ", "eva.kohl@example.org"),
        ("o'neil+konferenz@example.co.uk", "o'neil+konferenz@example.co.uk"),
        ("info@Bürgeramt-Köln.de", "info@bürgeramt-köln.de"),
        ("a@xn--brgeramt-n4a.de", "a@xn--brgeramt-n4a.de"),
    ],
)
def test_addresses(text: str, email: str) -> None:
    assert normal_email(text) == email


@pytest.mark.parametrize(
    "text",
    [
        "", "@", "a@", "@b.de", "a@b", "a@b..de", "a@.de", "a@-b.de", "a b@c.de", "a@b c.de",
        "a@b.de,", "a@1.2.3.4",
        "a@b@c.de", "<a@b.de", "a@b_c.de", "a@b.de\x07", "a" * 65 + "@b.de", "a@" + "b" * 64 + ".de",
        "a@" + ".".join(["b" * 60] * 5) + ".de",
    ],
)  # fmt: skip
def test_no_addresses(text: str) -> None:
    with pytest.raises(ValueError, match="E-Mail-Adresse"):
        normal_email(text)


# --- whatever comes -------------------------------------------------------------------------------

words = st.text(st.characters(categories=["Lu", "Ll", "Nd"]), min_size=1, max_size=20)
plain = st.lists(st.from_regex(r"[a-z0-9]{1,12}", fullmatch=True), min_size=1, max_size=30, unique=True)


@given(locals_=plain, data=st.data())
def test_everybody_comes_through_any_dialect(locals_: list[str], data: st.DataObject) -> None:
    people = [(data.draw(words), data.draw(words), f"{local}@example.org") for local in locals_]
    order = data.draw(st.permutations([0, 1, 2]))
    out = io.StringIO(newline="")
    writer = csv.writer(
        out,
        delimiter=data.draw(st.sampled_from(";,\t|")),
        quoting=data.draw(st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL])),
        lineterminator=data.draw(st.sampled_from(["\n", "\r\n"])),
    )
    for row in (("Vorname", "Nachname", "E-Mail"), *people):
        writer.writerow([row[index] for index in order])
    encoding = data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))
    file = read_people("x.csv", out.getvalue().encode(encoding))
    assert file.refused == ()
    assert [entry.email for entry in file.entries] == [email for _, _, email in people]
    assert [entry.line for entry in file.entries] == [*range(2, len(people) + 2)]


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    for start in (b"", HEADER.encode(), b"PK\x03\x04", b"\xff\xfe"):
        try:
            read_people("x", start + data)
        except ConferenceError as error:
            assert error.code == "people.unreadable"  # noqa: PT017 - nothing else may be raised
