"""Pages that stand open all day: do they grow with what passes over them?

The hall's screens, a participant's page and the moderator's console stay open in one Chromium, while polls, pauses,
messages, hands, reactions and shifted times come and go about as often as on three days. What is alive in each page
after garbage collection is compared with what was after the first rounds.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any

import aiohttp

from tests.bench import figures as table_of
from tests.bench.figures import Figure
from tests.bench.hall import SESSION, Page, arrive
from tests.browser.people import PROJECTOR, Visitor, chromium, visitor
from tests.server import Server, running

TITLE = "Pages that stand open all day"
MODERATOR, PRODUCTION, ANNA = "oliver.lilie@example.org", "regie@example.org", "violetta.kohl@example.org"
VOTERS = 5
FIRST, ROUNDS = 20, 120
"""Rounds after which it is looked first, and in all; in each a poll, a pause and much else come and go."""
SETTLED = 10.0
"""Seconds after which what is shown for a moment is gone."""
HEAP, NODES = 1.2, 1.1
"""What a page may hold at the end, for 1 after the first rounds."""
COUNTS = {"JSHeapUsedSize": "heap", "Nodes": "nodes", "JSEventListeners": "listeners"}


async def run() -> dict[str, Any]:
    """Measure; per page what was alive after the first rounds and at the end."""
    with tempfile.TemporaryDirectory() as directory:
        server = Server(Path(directory), media_workers=1)
        await server.import_day()
        async with running(server), chromium() as browser, aiohttp.ClientSession() as http:
            await server.command_as(MODERATOR, "session.move", session=SESSION, to="live")
            _, desk = await arrive(http, await server.link(MODERATOR, SESSION))
            links = [link for link in await server.links() if link["session"] == SESSION]
            others = [str(link["url"]) for link in links if link["role"] == "participant" and link["email"] != ANNA]
            voters = [(await arrive(http, url))[1] for url in others[:VOTERS]]
            pages = {
                "screen of the hall": await visitor(browser, "screen", await server.link(None), size=PROJECTOR),
                "overlay": await visitor(
                    browser, "overlay", f"{await server.link(PRODUCTION)}?to=overlay", size=PROJECTOR
                ),
                "participant": await visitor(browser, "anna", await server.link(ANNA, SESSION)),
                "console": await visitor(browser, "moderator", await server.link(MODERATOR, SESSION)),
            }
            await pages["participant"].press("session.join")
            await pages["console"].page.goto(f"{server.url}/s/{SESSION}/moderation")
            alive: dict[str, list[dict[str, float]]] = {name: [] for name in pages}
            for number in range(1, ROUNDS + 1):
                await _round(desk, voters, number)
                if number in (FIRST, ROUNDS):
                    await asyncio.sleep(SETTLED)
                    for name, person in pages.items():
                        if name != "overlay":  # it shows nothing of the kind
                            await person.is_connected()
                        alive[name].append(await _alive(person))
            problems = [problem for person in pages.values() for problem in person.problems]
            for page in (desk, *voters):
                await page.close()
    assert problems == [], problems
    return {"alive": alive}


async def _round(desk: Page, voters: list[Page], number: int) -> None:
    """What comes and goes."""

    async def do(page: Page, command: str, **body: Any) -> Any:
        answer = await page.ask(command, session=SESSION, **body)
        assert answer["ok"], (command, answer)
        return answer["result"]

    await do(desk, "direction.say", text=f"Hinweis {number}")
    await do(desk, "session.shift", minutes=5, following=True)
    await do(desk, "poll.open", poll="lage")
    for voter in voters:
        await do(voter, "poll.vote", poll="lage", run=number, choice=number % 5)
        await do(voter, "hand.raise", up=True)
        await do(voter, "reaction.send", kind="clap")
    await do(desk, "poll.close", poll="lage")
    await do(desk, "poll.publish", poll="lage")
    for screen in ("poll", "card", "auto"):
        await do(desk, "direction.screen", screen=screen)
        await asyncio.sleep(0.3)
    await do(desk, "hand.lower", person=None)
    await do(desk, "poll.hide", poll="lage")
    run = (await do(desk, "pause.start", minutes=5))["run"]
    await asyncio.sleep(0.5)
    await do(desk, "pause.end", run=run, at_once=True)
    await do(desk, "session.shift", minutes=-5, following=True)
    await do(desk, "direction.say", text="")
    await asyncio.sleep(0.3)


async def _alive(person: Visitor) -> dict[str, float]:
    """Bytes, nodes and listeners that garbage collection leaves."""
    tools = await person.context.new_cdp_session(person.page)
    await tools.send("Performance.enable")
    for _ in range(3):
        await tools.send("HeapProfiler.collectGarbage")
        await asyncio.sleep(0.5)
    metrics = {m["name"]: m["value"] for m in (await tools.send("Performance.getMetrics"))["metrics"]}
    await tools.detach()
    return {ours: metrics[theirs] for theirs, ours in COUNTS.items()}


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    lines = []
    for name, (first, last) in result["alive"].items():
        heap = f"{first['heap'] / 2**20:.1f} → {last['heap'] / 2**20:.1f} MB"
        counts = ", ".join(f"{first[what]:.0f} → {last[what]:.0f} {what}" for what in ("nodes", "listeners"))
        lines.append(f"{name}: {heap}, {counts}")
    return "\n".join(lines)


def figures(result: dict[str, Any]) -> list[Figure]:
    """Rows for the table: the page that grew most."""
    rows = []
    for what, mark in (("heap", HEAP), ("nodes", NODES), ("listeners", NODES)):
        grown = {name: last[what] / first[what] for name, (first, last) in result["alive"].items()}
        most = max(grown, key=lambda name: grown[name])
        how = f"after {ROUNDS} rounds for 1 after {FIRST}; four pages, most: {most}"
        rows.append(Figure(f"a page open all day: {what}", f"≤ {mark}", f"{grown[most]:.2f}", grown[most] <= mark, how))
    return rows


if __name__ == "__main__":
    sys.exit(table_of.main(sys.modules[__name__]))
