"""How long until somebody is back in picture, pressing nothing: after a reload, a pulled cable, a killed worker."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.async_api import Browser

from tests.bench import figures as table_of
from tests.bench.figures import Figure
from tests.browser.people import CHROMIUM, Visitor, chromium, t, visitor
from tests.browser.stage import MODERATOR, SESSION, programme
from tests.netns import Namespace
from tests.server import Server, running

ANNA, SPEAKER = "violetta.kohl@example.org", "michael.fleig@example.org"
SETTLED = 3.0
"""Seconds after which a worker that was killed has a successor."""
MARK = 5.0
"""Seconds within which one shall be back."""
TIMES = 2
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


async def after_death(anna: Visitor, server: Server) -> float:
    """From the moment that the media worker dies that she is connected to."""
    (port,) = await anna.media_ports()
    began = time.perf_counter()
    os.kill(server.worker(port - server.media_port), signal.SIGKILL)
    while port in await anna.media_ports():
        await asyncio.sleep(0.02)
    return await back_in_picture(anna, began)


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
    figures["her media worker was killed"], figures["the speaker's was killed"] = [], []
    for number in range(TIMES):
        hers, the_speakers = await _measure_deaths(directory / f"deaths-{number}")
        figures["her media worker was killed"].append(hers)
        figures["the speaker's was killed"].append(the_speakers)
    return figures


async def _measure_deaths(directory: Path) -> tuple[float, float]:
    """A speaker's camera and one viewer are on the first of two workers, she is on the second; each dies once."""
    server = Server(directory, program=("-m", "tests.spreading"), media_workers=2)
    await server.import_day()
    async with running(server), chromium() as browser:
        speaker = await _on_stage(server, browser)
        people = []
        while not people or await people[-1].media_ports() != {server.media_port + 1}:
            people.append(await visitor(browser, "anna", await server.link(ANNA, SESSION)))
            await people[-1].press("session.join")
            await people[-1].sees_pictures()
        hers = await after_death(people[-1], server)
        await asyncio.sleep(SETTLED)
        (port,) = {port for port in await speaker.media_ports() if port == server.media_port}
        began = time.perf_counter()
        os.kill(server.worker(port - server.media_port), signal.SIGKILL)
        while port in await speaker.media_ports():
            await asyncio.sleep(0.02)
        return hers, await back_in_picture(people[-1], began)


async def _on_stage(server: Server, browser: Browser) -> Visitor:
    """A speaker with a camera on the stage of a live session."""
    await server.command_as(MODERATOR, "session.move", session=SESSION, to="live")
    moderator = await visitor(browser, "moderator", await server.link(MODERATOR, SESSION))
    await moderator.page.goto(f"{server.url}/s/{SESSION}/moderation")
    speaker = await visitor(browser, "speaker", await server.link(SPEAKER, SESSION))
    await speaker.page.goto(f"{server.url}/s/{SESSION}/backstage")
    await speaker.press("devices.start")
    await speaker.press("backstage.enter")
    await moderator.press_named(f"{t('desk.bring_on.now')}: Dr. Michael Fleig")
    await speaker.sees(t("backstage.live"))
    await moderator.page.close()
    return speaker


def table(figures: dict[str, Any]) -> str:
    """The figures for reading."""
    lines = [f"{'back in picture after':36}{'best':>8}{'worst':>8}{'worst : mark':>14}"]
    for title, seconds in figures["seconds"].items():
        lines.append(f"{title:36}{min(seconds):7.1f}s{max(seconds):7.1f}s{max(seconds) / MARK:14.2f}")
    return "\n".join(lines)


def figures(result: dict[str, Any]) -> list[Figure]:
    """Rows for the table."""
    return [
        Figure(f"back in picture: {title}", f"≤ {MARK:.0f} s", f"{max(seconds):.1f} s", max(seconds) <= MARK,
               f"the worst of {len(seconds)}; nothing pressed, a real Chromium")
        for title, seconds in result["seconds"].items()
    ]  # fmt: skip


def main() -> int:
    """Print the table; 1 if somebody was away for longer than the mark."""
    return table_of.main(sys.modules[__name__])


if __name__ == "__main__":
    sys.exit(main())
