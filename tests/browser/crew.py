"""More pictures for ``docs/screens``: the crew's desks and the organiser's pages before anything has happened.

``python -m tests.browser.crew [NAME …]`` takes every picture, or those named alone.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.browser.clocked import turn
from tests.browser.people import chromium
from tests.browser.screens import (
    LIVE,
    MODERATOR,
    ORGANISER,
    PHONE,
    PICTURES,
    SMALL_LAPTOP,
    WITH_FILM,
    Day,
    at,
)
from tests.browser.states import people
from tests.server import Server, running

DESK = f"/s/{LIVE}/moderation"


async def before(day: Day) -> None:
    """An empty morning: desk, organisation, films, a film without a file."""
    day.turn(9, 41)
    await day.look("moderation-vorher", MODERATOR, DESK, size=SMALL_LAPTOP)
    await day.look("organisation-vorher", ORGANISER, "/organise")
    await day.look("organisation-telefon", ORGANISER, "/organise", size=PHONE, dark=True)
    await day.look("ergebnisse-leer", ORGANISER, "/organise/results")
    await day.look("filme-leer", ORGANISER, "/organise/films")
    await day.look("film-fehlt", MODERATOR, f"/s/{WITH_FILM}/moderation", size=SMALL_LAPTOP)


async def main(wanted: Sequence[str]) -> None:
    """Play the day."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        clock = Path(directory) / "clock"
        turn(clock, at(9, 35))
        server = Server(Path(directory) / "data", program=("-m", "tests.browser.clocked", str(clock)))
        await server.import_day(people(Path(directory)))
        async with running(server), chromium() as browser:
            day = Day(server, browser, clock, wanted)
            await day.begin()
            await before(day)
            await day.moderator.sio.disconnect()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
