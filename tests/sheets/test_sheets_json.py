"""JSON with local times."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

import pytest

from conference.sheets.jsonfile import write_json

BERLIN = ZoneInfo("Europe/Berlin")


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Visit:
    person: str
    joined: datetime


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (datetime(2026, 6, 17, 8, 3, 12, 500, tzinfo=UTC), "2026-06-17T10:03:12+02:00"),
        (datetime(2026, 1, 17, 8, 0, tzinfo=UTC), "2026-01-17T09:00:00+01:00"),
        (date(2026, 6, 17), "2026-06-17"),
        (time(10, 5), "10:05:00"),
        (timedelta(minutes=1, milliseconds=500), 60.5),
        (Decimal("8.2"), 8.2),
        (Decimal("8"), 8),
        (Colour.RED, "red"),
        ({Colour.RED: {3, 1, 2}}, {"red": [1, 2, 3]}),
        ((None, True, "ä\n"), [None, True, "ä\n"]),
        (
            [Visit("Eva", datetime(2026, 6, 17, 8, tzinfo=UTC))],
            [{"person": "Eva", "joined": "2026-06-17T10:00:00+02:00"}],
        ),
    ],
)
def test_values(value: object, plain: object) -> None:
    assert json.loads(write_json(value, BERLIN)) == plain


def test_it_is_readable() -> None:
    assert write_json({"name": "Jörg", "x": [1]}, BERLIN).decode() == (
        '{\n  "name": "Jörg",\n  "x": [\n    1\n  ]\n}\n'
    )


@pytest.mark.parametrize(
    "value", [datetime(2026, 6, 17), float("nan"), Decimal("Infinity"), Decimal("NaN"), timedelta]
)
def test_what_has_no_form_is_refused(value: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        write_json(value, BERLIN)


def test_a_lone_surrogate_does_not_stop_an_export() -> None:
    assert json.loads(write_json("\ud800", BERLIN)) == "?"
