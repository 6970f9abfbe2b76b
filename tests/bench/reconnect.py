"""How long until somebody is back in picture, pressing nothing: after a reload, a pulled cable, a killed server."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.browser.people import CHROMIUM, Visitor, chromium, visitor
from tests.browser.stage import SESSION, programme
from tests.netns import Namespace
from tests.server import Server, running

ANNA = "violetta.kohl@example.org"
MARK = 5.0
"""Seconds within which one shall be back."""
TIMES = 3
OUTAGES = (1.0, 8.0, 25.0)
"""Seconds without a network: a hiccup, longer than the page's patience, longer than a socket lives."""


async def back_in_picture(anna: Visitor, began: float) -> float:
    """Seconds until frames that were decoded after `began` are counted."""
    before = (await anna.received())["frames"]
    async with asyncio.timeout(60):
        while True:
            frames = (await anna.received())["frames"]
            if frames > before + 3:
                return time.perf_counter() - began
            before = min(before, frames)
            await asyncio.sleep(0.05)


async def after_reload(anna: Visitor) -> float:
    """From the press of F5."""
    began = time.perf_counter()
    await anna.page.reload(wait_until="commit")
    return await back_in_picture(anna, began)


async def after_outage(anna: Visitor, away: Namespace, seconds: float) -> float:
    """From the moment that the cable is plugged in again."""
    await away.line(up=False)
    await asyncio.sleep(seconds)
    await away.line(up=True)
    return await back_in_picture(anna, time.perf_counter())


async def run() -> dict[str, Any]:
    """Measure each a few times, with a real Chromium on another host."""
    with tempfile.TemporaryDirectory() as name:
        return {"seconds": await _measure(Path(name))}


async def _measure(directory: Path) -> dict[str, list[float]]:
    server = Server(directory / "data", host="0.0.0.0")
    await server.import_day()
    async with Namespace() as away:
        browser_there = away.wrapper(CHROMIUM, directory)
        async with running(server), chromium(browser_there) as browser, programme(server):
            anna = await visitor(browser, "anna", await server.link(ANNA, SESSION, at=away.ours))
            await anna.press("session.join")
            await anna.sees_pictures()
            figures: dict[str, list[float]] = {"reload": [await after_reload(anna) for _ in range(TIMES)]}
            for seconds in OUTAGES:
                title = f"network away for {seconds:.0f} s"
                figures[title] = [await after_outage(anna, away, seconds) for _ in range(TIMES)]
    return figures


def table(figures: dict[str, Any]) -> str:
    """The figures for reading."""
    lines = [f"{'back in picture after':36}{'best':>8}{'worst':>8}{'worst : mark':>14}"]
    for title, seconds in figures["seconds"].items():
        lines.append(f"{title:36}{min(seconds):7.1f}s{max(seconds):7.1f}s{max(seconds) / MARK:14.2f}")
    return "\n".join(lines)


def main() -> int:
    """Print the table; 1 if somebody was away for longer than the mark."""
    figures = asyncio.run(run())
    print(table(figures))
    return int(any(value > MARK for seconds in figures["seconds"].values() for value in seconds))


if __name__ == "__main__":
    sys.exit(main())
