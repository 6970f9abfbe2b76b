"""Tables in any dialect and encoding."""

from __future__ import annotations

import csv
import io

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conference.sheets.reading import (
    SEPARATORS,
    Row,
    Table,
    TableUnreadable,
    decode_text,
    read_separated,
    read_tables,
)

GERMAN = ["Größe", "Köln", "Übermorgen", "Straße", "Jürgen Müller & Söhne", "März", "Änne", "ASCII", "", "1"]

cells = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=20)
german_cells = st.sampled_from(GERMAN)


def rows_of(table: Table) -> list[list[str]]:
    return [list(row.cells) for row in table.rows]


def written(rows: list[list[str]], separator: str, quoting: int, end: str) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator, quoting=quoting, lineterminator=end).writerows(rows)  # type: ignore[arg-type]
    return out.getvalue()


def tables(content: st.SearchStrategy[str]) -> st.SearchStrategy[list[list[str]]]:
    widths = st.integers(2, 5)
    return widths.flatmap(
        lambda n: st.lists(st.lists(content, min_size=n, max_size=n), min_size=1, max_size=10)
    )


separators = st.sampled_from(list(SEPARATORS))
quotings = st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL])
ends = st.sampled_from(["\n", "\r\n", "\r"])


@given(
    tables(cells | st.just("a\nb") | st.just('"') | st.just(";,\t|")),
    separators,
    quotings,
    st.sampled_from(["\n", "\r\n"]),
)
def test_any_table_is_read_back_from_text(
    rows: list[list[str]], separator: str, quoting: int, end: str
) -> None:
    readings = read_separated("sep=" + separator + "\n" + written(rows, separator, quoting, end))
    (table,) = readings
    assert rows_of(table) == rows
    assert all(row.closed for row in table.rows)


@given(
    tables(cells),
    separators,
    quotings,
    ends,
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
)
def test_any_table_is_read_back_from_unicode(
    rows: list[list[str]], separator: str, quoting: int, end: str, encoding: str
) -> None:
    rows = [["Kopf", "Größe"], *rows]
    found = read_tables("x.csv", written(rows, separator, quoting, end).encode(encoding))
    assert rows in [rows_of(table) for table in found if table.name == separator]


@given(tables(german_cells), separators, quotings, ends, st.sampled_from(["cp1252", "cp850"]))
def test_german_tables_are_read_back_from_old_encodings(
    rows: list[list[str]], separator: str, quoting: int, end: str, encoding: str
) -> None:
    found = read_tables("x.csv", written([["Kopf", "Zahl"], *rows], separator, quoting, end).encode(encoding))
    assert [["Kopf", "Zahl"], *rows] in [rows_of(table) for table in found if table.name == separator]


def test_lines_are_counted_as_an_editor_does() -> None:
    table = read_separated('a;b\n\n"x\ny";z\n"offen;\n;')[0]
    assert table.rows == (
        Row(1, ("a", "b"), 1),
        Row(2, (), 2),
        Row(3, ("x\ny", "z"), 4),
        Row(5, ("offen;\n;",), 6, closed=False),
    )


def test_a_cell_larger_than_any_cell_is_an_open_quotation_mark() -> None:
    table = read_separated('a;b\nc;"' + "x\n" * 10_000 + "y" * 200_000)[0]
    assert table.rows[1:] == (Row(2, (), 10_002, closed=False),)


def test_line_separators_of_unicode_are_text() -> None:
    assert rows_of(read_separated("a\u2028b;c\x85d\n")[0]) == [["a\u2028b", "c\x85d"]]


@pytest.mark.parametrize("encoding", ["cp1252", "cp850"])
def test_umlauts_tell_old_encodings_apart(encoding: str) -> None:
    text = "Vorname;Ort\nJürgen;Köthen\nÄnne;Weißenfels\n"
    assert decode_text(text.encode(encoding)) == text


def test_a_workbook_formatted_down_to_its_last_row_is_read_too() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(("a", "b"))
    sheet.cell(1_048_576, 1).number_format = "0.0"
    out = io.BytesIO()
    book.save(out)
    (table,) = read_tables("x.xlsx", out.getvalue())
    assert rows_of(table) == [["a", "b"]]


def test_a_workbook_of_too_many_lines_is_refused() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.cell(20_001, 1).value = "x"
    out = io.BytesIO()
    book.save(out)
    with pytest.raises(TableUnreadable, match="Das Blatt »Sheet« hat mehr als 20000 Zeilen"):
        read_tables("x.xlsx", out.getvalue())
