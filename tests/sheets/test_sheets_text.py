"""CSV for a German Excel."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conference.sheets.model import Cell, Column, Kind, Sheet
from conference.sheets.text import write_csv

BERLIN = ZoneInfo("Europe/Berlin")


def cell(kind: Kind, value: Cell) -> str:
    data = write_csv(Sheet("S", (Column("T", kind), Column("Z")), [(value, "z")]), BERLIN)
    header, row = data.decode("utf-8-sig").split("\r\n")[:2]
    assert (header, row[-2:]) == ("T;Z", ";z")
    return row[:-2]


def test_a_whole_file() -> None:
    columns = (
        Column("Name"),
        Column("Beitritt", "datetime"),
        Column("Anteil", "percent"),
        Column("Da", "bool"),
    )
    rows: list[tuple[Cell, ...]] = [
        ("Größler; Jörg", datetime(2026, 6, 17, 8, 3, 12, 999, tzinfo=UTC), 87.5, True),
        ('Kohl "Eva"', None, 100, False),
    ]
    assert (
        write_csv(Sheet("Anwesenheit", columns, rows), BERLIN)
        == (
            "\ufeffName;Beitritt;Anteil;Da\r\n"
            '"Größler; Jörg";17.06.2026 10:03:12;87,5;Ja\r\n'
            '"Kohl ""Eva""";;100,0;Nein\r\n'
        ).encode()
    )


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("int", 1234567, "1234567"),
        ("int", -3, "-3"),
        ("decimal", 8.2, "8,2"),
        ("decimal", 8.0, "8"),
        ("decimal", Decimal("8.25"), "8,25"),
        ("decimal", 1 / 3, "0,3333"),
        ("decimal", float("nan"), ""),
        ("percent", 0, "0,0"),
        ("percent", 33.333, "33,3"),
        ("percent", 7.25, "7,3"),
        ("decimal", 1e30, "1" + "0" * 30),
        ("time", datetime(2026, 1, 17, 9, 0, tzinfo=UTC), "10:00:00"),
        ("time", time(9, 5), "09:05:00"),
        ("time", timedelta(hours=26, seconds=61), "26:01:01"),
        ("time", timedelta(seconds=-61), "-00:01:01"),
        ("datetime", datetime(2026, 1, 17, 23, 30, tzinfo=UTC), "18.01.2026 00:30:00"),
        ("bool", None, ""),
        ("text", None, ""),
        ("text", 7, "7"),
        ("text", "Nul\x00l\ud800", "Null?"),
    ],
)
def test_cells(kind: Kind, value: Cell, text: str) -> None:
    assert cell(kind, value) == text


@pytest.mark.parametrize(
    "sign", [*"=+-@＝＋－＠﹢﹣﹦﹫", "\t=", " =", '"=', "„=", "\u00a0 '+", "\ttext", "\rtext", "\n@"]
)
def test_no_text_is_a_formula(sign: str) -> None:
    (row,) = read_back(write_csv(Sheet("S", (Column("T"),), [(sign + "HYPERLINK(1)",)]), BERLIN))[1:]
    assert row == ["'" + sign + "HYPERLINK(1)"]


def test_no_header_is_a_formula() -> None:
    assert read_back(write_csv(Sheet("S", (Column("=1+1"),)), BERLIN)) == [["'=1+1"]]


@pytest.mark.parametrize("text", ["a=b", "eva@example.org", "2026-06-17", "„Eva“ = Kohl", "'", "", "Öl"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert read_back(write_csv(Sheet("S", (Column("T"), Column("U")), [(text, "x")]), BERLIN))[1:] == [
        [text, "x"]
    ]


@pytest.mark.parametrize(
    ("kind", "value"),
    [("int", "7"), ("decimal", True), ("datetime", "heute"), ("time", 7), ("datetime", time(1))],
)
def test_cells_that_do_not_fit_their_column(kind: Kind, value: Cell) -> None:
    with pytest.raises(TypeError):
        cell(kind, value)


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        cell("datetime", datetime(2026, 6, 17))


def test_rows_have_as_many_cells_as_there_are_columns() -> None:
    with pytest.raises(ValueError, match="row 1 of 'S': 1 cells, 2 columns"):
        Sheet("S", (Column("A"), Column("B")), [("a", "b"), ("a",)])


def test_records() -> None:
    assert Sheet("S", (Column("A"), Column("B", "int")), [("a", 1)]).records() == [{"A": "a", "B": 1}]


def read_back(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=";"))


tame = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), max_size=30)


@given(st.lists(st.tuples(tame, tame), max_size=20))
def test_any_table_is_read_back(rows: list[tuple[str, str]]) -> None:
    data = write_csv(Sheet("S", (Column("A"), Column("B")), [*rows]), BERLIN)
    header, *read = read_back(data)
    assert header == ["A", "B"]
    assert [[text.removeprefix("'") for text in row] for row in read] == [
        [text.removeprefix("'") for text in row] for row in rows
    ]
