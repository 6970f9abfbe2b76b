"""What a page's snapshot costs in CPU: statements in the event loop's thread, against each in aiosqlite's own.

The same database, the same reading; aiosqlite as it comes and ours take turns.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from conference.core.roles import Role
from conference.hall.snapshot import snapshot_for
from conference.people.queries import everybody
from conference.store.engine import database_url, harden_sqlite, open_engine, readers
from tests.bench import figures as table_of
from tests.bench.figures import Figure
from tests.house import put_day

TITLE = "A page's snapshot"
PAGES = {"live-1": "a live session", "arbeitsgruppen": "working groups"}
READINGS, TURNS = 50, 4
MARK = 0.7


def as_it_comes(url: str) -> AsyncEngine:
    """An engine that hands each statement to aiosqlite's thread."""
    engine = create_async_engine(url)
    harden_sqlite(engine.sync_engine)
    return engine


async def run() -> dict[str, Any]:
    """Measure; seconds of CPU for each snapshot, the least of the turns."""
    with tempfile.TemporaryDirectory() as directory:
        await put_day(Path(directory))
        url = database_url(Path(directory))
        engines = {"ours": open_engine(url), "theirs": as_it_comes(url)}
        found: dict[str, dict[str, float]] = {}
        for key in PAGES:
            taken: dict[str, list[float]] = {name: [] for name in engines}
            for _ in range(TURNS):
                for name, engine in engines.items():
                    taken[name].append(await _cost(engine, key))
            found[key] = {name: min(costs) for name, costs in taken.items()}
        for engine in engines.values():
            await engine.dispose()
    return found


async def _cost(engine: AsyncEngine, key: str) -> float:
    reading = readers(engine)
    async with reading() as db, db.begin():
        person = (await everybody(db, roles=[Role.PARTICIPANT]))[0]
    began = time.process_time()
    for _ in range(READINGS):
        async with reading() as db, db.begin():
            await snapshot_for(db, person, "p", key)
    return (time.process_time() - began) / READINGS


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    return "\n".join(
        f"{PAGES[key]}: {found['ours'] * 1000:.1f} ms, each statement in a thread {found['theirs'] * 1000:.1f} ms"
        for key, found in result.items()
    )


def figures(result: dict[str, Any]) -> list[Figure]:
    """Rows for the table."""
    rows = []
    for key, found in result.items():
        ratio = found["ours"] / found["theirs"]
        how = f"{found['ours'] * 1000:.1f} : {found['theirs'] * 1000:.1f} ms; least of {TURNS} × {READINGS} readings"
        what = f"CPU of a page's snapshot ({PAGES[key]}): in the loop's thread : in aiosqlite's"
        rows.append(Figure(what, f"≤ {MARK}", f"{ratio:.2f}", ratio <= MARK, how))
    return rows


def main() -> int:
    """Print what was found; 1 if a mark was missed."""
    return table_of.main(sys.modules[__name__])


if __name__ == "__main__":
    sys.exit(main())
