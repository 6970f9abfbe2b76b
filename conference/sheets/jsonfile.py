"""JSON with times that people and programs both understand."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from zoneinfo import ZoneInfo

from conference.sheets.model import local


def write_json(payload: object, timezone: ZoneInfo) -> bytes:
    """A payload as JSON: UTF-8, indented, instants as ISO 8601 with the local offset, durations in seconds.

    Dataclasses become objects, tuples and sets lists (sets in order), enumerations their values.

    Raises:
        ValueError: a naive datetime, not-a-number or an infinity.
        TypeError: something JSON has no word for.
    """
    text = json.dumps(_plain(payload, timezone), ensure_ascii=False, indent=2, allow_nan=False)
    return text.encode("utf-8", "replace") + b"\n"


def _plain(value: object, timezone: ZoneInfo) -> object:
    match value:
        case Enum():
            return _plain(value.value, timezone)
        case None | bool() | int() | float() | str():
            return value
        case datetime():
            return local(value, timezone).isoformat()
        case date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Decimal():
            return int(value) if value.is_finite() and value == int(value) else float(value)
        case dict():
            return {_key(key): _plain(item, timezone) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item, timezone) for item in value]
        case set() | frozenset():
            return sorted((_plain(item, timezone) for item in value), key=str)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name), timezone) for field in fields(value)}
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _key(key: object) -> str:
    return str(key.value if isinstance(key, Enum) else key)
