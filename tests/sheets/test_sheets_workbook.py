"""XLSX, looked at with another library."""

from __future__ import annotations

import io
import warnings
import zipfile
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conference.sheets.model import Cell, Column, Kind, Sheet
from conference.sheets.reading import read_tables
from conference.sheets.workbook import sheet_names, write_xlsx

BERLIN = ZoneInfo("Europe/Berlin")


def opened(*sheets: Sheet, title: str = "Konferenz") -> openpyxl.Workbook:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return openpyxl.load_workbook(io.BytesIO(write_xlsx(sheets, BERLIN, title)))


def cell(kind: Kind, value: Cell) -> tuple[object, str]:
    page = opened(Sheet("S", (Column("T", kind),), [(value,)]))["S"]
    return page["A2"].value, page["A2"].number_format


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("int", 92, (92, "0")),
        ("decimal", Decimal("8.25"), (8.25, "0.0###")),
        ("decimal", float("inf"), (None, "General")),
        ("percent", 87.5, (0.875, "0.0%")),
        ("datetime", datetime(2026, 6, 17, 8, 3, 12, 9, tzinfo=UTC),
         (datetime(2026, 6, 17, 10, 3, 12), "dd.mm.yyyy hh:mm:ss")),
        ("time", datetime(2026, 1, 17, 8, 3, 12, tzinfo=UTC), (time(9, 3, 12), "hh:mm:ss")),
        ("time", time(9, 3), (time(9, 3), "hh:mm:ss")),
        ("time", timedelta(hours=26), (timedelta(hours=26), "[hh]:mm:ss")),
        ("bool", True, ("Ja", "General")),
        ("bool", False, ("Nein", "General")),
        ("text", "0123", ("0123", "General")),
        ("text", None, (None, "General")),
        ("text", "\x00a\uffff", ("a", "General")),
    ],
)  # fmt: skip
def test_cells(kind: Kind, value: Cell, shown: tuple[object, str]) -> None:
    assert cell(kind, value) == shown


@pytest.mark.parametrize(
    "text",
    ["=1+1", "{=1+1}", "+1", "@SUM(1)", "https://example.org", "mailto:a@b.de", "internal:S!A1", "1.5"],
)
def test_texts_are_neither_formulas_nor_links_nor_numbers(text: str) -> None:
    page = opened(Sheet("S", (Column(text),), [(text,)]))["S"]
    for found in (page["A1"], page["A2"]):
        assert (found.value, found.data_type, found.hyperlink) == (text, "s", None)


def test_a_text_longer_than_a_cell_is_cut() -> None:
    page = opened(Sheet("S", (Column("T"),), [("ä" * 40_000,), ("😀" * 20_000,)]))["S"]
    assert page["A2"].value == "ä" * 32_766 + "…"
    assert page["A3"].value == "😀" * 16_383 + "…"


def test_how_it_looks() -> None:
    columns = (Column("Name"), Column("E-Mail", width=30), Column("Ja", "bool"), Column("Text"))
    page = opened(Sheet("Anwesenheit", columns, [("Eva Kohl-Größler", "x", True, "lang " * 50)]))[
        "Anwesenheit"
    ]
    assert [page.column_dimensions[letter].width for letter in "ABCD"] == [
        pytest.approx(width + 5 / 7, abs=0.01) for width in (18, 30, 8, 60)
    ]
    assert page["A1"].font.b is True
    assert page.freeze_panes == "A2"
    assert page.auto_filter.ref == "A1:D2"
    assert page.page_setup.orientation == "landscape"
    assert (page.page_setup.fitToWidth, page.page_setup.fitToHeight) == (
        None,
        0,
    )  # one page wide is the default
    assert page.sheet_properties.pageSetUpPr.fitToPage is True
    assert page.page_setup.paperSize == 9
    assert page.print_title_rows == "$1:$1"


def test_the_title_is_printed_and_kept() -> None:
    book = opened(Sheet("S", (Column("T"),)), title="Anwesenheit & Rückmeldung")
    assert book.properties.title == "Anwesenheit & Rückmeldung"
    assert book["S"].oddHeader.left.text == "Anwesenheit && Rückmeldung"


def test_sheet_names() -> None:
    long = "Live-Session 1: Auswirkungen der Corona-Pandemie auf die Fachkräftesicherung"
    assert sheet_names([long, long, long.upper(), "a/b?", "", "'x'", "History", "x", "😀" * 20]) == [
        "Live-Session 1 Auswirkungen der",
        "Live-Session 1 Auswirkungen (2)",
        "LIVE-SESSION 1 AUSWIRKUNGEN (3)",
        "a b",
        "Tabelle 5",
        "x",
        "History (2)",
        "x (2)",
        "😀" * 15,
    ]


@given(st.lists(st.text(max_size=40), min_size=1, max_size=8))
@settings(max_examples=50)
def test_any_names_make_a_workbook(names: list[str]) -> None:
    legal = sheet_names(names)
    assert len({name.casefold() for name in legal}) == len(names)
    assert opened(*(Sheet(name, (Column("T"),)) for name in names)).sheetnames == legal


def test_the_same_content_in_every_row_and_sheet() -> None:
    rows: list[tuple[Cell, ...]] = [(f"Person {index}", index) for index in range(500)]
    sheets = [Sheet(name, (Column("Name"), Column("Nr", "int")), rows) for name in ("A", "B")]
    tables = read_tables("x.xlsx", write_xlsx(sheets, BERLIN, "T"))
    assert [table.name for table in tables] == ["A", "B"]
    for table in tables:
        expected = [("Name", "Nr"), *((f"Person {index}", str(index)) for index in range(500))]
        assert [row.cells for row in table.rows] == expected


def test_a_sheet_without_rows_and_one_without_columns() -> None:
    book = opened(Sheet("Leer", (Column("T"),)), Sheet("Nichts", ()))
    assert (book["Leer"].auto_filter.ref, book["Leer"]["A1"].value) == ("A1", "T")
    assert book["Nichts"].max_row == 1


def test_a_workbook_needs_a_sheet() -> None:
    with pytest.raises(ValueError, match="needs a sheet"):
        write_xlsx([], BERLIN, "T")


@pytest.mark.parametrize(
    ("kind", "value"), [("int", "7"), ("datetime", "heute"), ("time", 7), ("decimal", True)]
)
def test_cells_that_do_not_fit_their_column(kind: Kind, value: Cell) -> None:
    with pytest.raises(TypeError):
        cell(kind, value)


def test_the_package_is_sound() -> None:
    data = write_xlsx([Sheet("S", (Column("T"),), [("x",)])], BERLIN, "T")
    assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None
