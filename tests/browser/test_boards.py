"""A board in real windows: typed together, nothing lost, seen by nobody else, shown on the stage."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Locator, expect

from tests.browser.axe import violations
from tests.browser.clocked import turn
from tests.browser.people import PATIENCE, PHONE, Visitor, chromium, t, until, visitor
from tests.server import Server, running

pytestmark = pytest.mark.browser
MODERATOR = "oliver.lilie@example.org"
ANNA, BERND, CLARA = "violetta.kohl@example.org", "felix.groettner@example.org", "ildiko.beyer@example.org"
GROUPS, STAGE = "arbeitsgruppen", "live-2"
START = datetime(2026, 6, 17, 9, 24, tzinfo=UTC)
CLOSING = " Das klären wir noch."
LEFT, RIGHT = "abcdefghijklmnopqrstuvwxyzäöü" * 3, "0123456789ABCDEFGHIJKLMNOPQRS" * 3


def field(person: Visitor, number: int = 0) -> Locator:
    return person.page.locator(f"#board-{number}")


async def saved(person: Visitor) -> None:
    """Wait until the server has confirmed all that was typed here."""
    await expect(person.page.locator(".board__state")).to_have_attribute("data-state", "saved", timeout=PATIENCE)


async def in_room(server: Server, people: list[tuple[Visitor, str]]) -> None:
    """Bring people into rooms."""
    for person, room in people:
        who = await person.page.evaluate("JSON.parse(document.getElementById('snapshot').textContent).me.id")
        await server.command_as(MODERATOR, "breakouts.move", session=GROUPS, person=who, room=room)


async def test_a_room_writes_its_board_together(tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    turn(clock, START)
    server = Server(tmp_path / "data", program=("-m", "tests.browser.clocked", str(clock)), media_workers=1)
    await server.import_day()
    async with running(server), chromium() as browser:
        anna = await visitor(browser, "anna", await server.link(ANNA, GROUPS))
        bernd = await visitor(browser, "bernd", await server.link(BERND, GROUPS), size=PHONE, dark=True)
        clara = await visitor(browser, "clara", await server.link(CLARA, GROUPS))
        everybody = [anna, bernd, clara]
        for person in everybody:
            await person.press("session.join")
        await in_room(server, [(anna, "ag2"), (bernd, "ag2"), (clara, "ag4")])
        await server.command_as(MODERATOR, "breakouts.start", session=GROUPS, minutes=30)
        turn(clock, START + timedelta(seconds=21))
        for person in everybody:
            await expect(field(person)).to_be_editable(timeout=PATIENCE)

        # Two type at once at both ends of one field; each word arrives whole, and who writes where is seen.
        await field(anna).fill("Mitte ")
        await expect(field(bernd)).to_have_value("Mitte ", timeout=PATIENCE)
        await field(anna).press("Control+Home")
        await field(bernd).press("Control+End")
        await asyncio.gather(
            field(anna).press_sequentially(LEFT, delay=12), field(bernd).press_sequentially(RIGHT, delay=12)
        )
        for person in (anna, bernd):
            await expect(field(person)).to_have_value(f"{LEFT}Mitte {RIGHT}", timeout=PATIENCE)
        await expect(bernd.page.locator(".board__writers .writer")).to_contain_text("Kohl")
        await expect(anna.page.locator(".cursor")).to_have_count(1)
        assert await violations(anna, "conf-board") == []
        assert await violations(bernd, "conf-board") == []

        # One's own typing is taken back, nobody else's.
        await field(anna, 1).fill("Wer zahlt?")
        await expect(field(bernd, 1)).to_have_value("Wer zahlt?", timeout=PATIENCE)
        await field(bernd, 1).press("Control+End")
        await field(bernd, 1).press_sequentially(" Und wann?")
        await expect(field(anna, 1)).to_have_value("Wer zahlt? Und wann?", timeout=PATIENCE)
        await field(anna, 1).press("Control+z")
        await expect(field(bernd, 1)).to_have_value(" Und wann?", timeout=PATIENCE)
        await field(anna, 1).press("Control+y")
        await saved(anna)
        await saved(bernd)

        # The server is killed; what is typed meanwhile is there afterwards, also after a reload of the page.
        await server.kill()
        await field(anna, 2).fill("Ein Runder Tisch 🤝")
        await field(bernd, 2).fill("Bis Mai")
        await server.start()
        await saved(anna)
        await saved(bernd)
        await until(lambda: _both(anna, bernd), "a line was lost")
        await bernd.page.reload()
        await until(lambda: _both(anna, bernd), "a line was lost by a reload")

        # The light is seen by all; another room's board is another one.
        await anna.page.locator(".light", has_text=t("board.light.done")).click()
        await expect(bernd.page.get_by_label(t("board.light.done"))).to_be_checked(timeout=PATIENCE)
        assert await field(clara).input_value() == ""
        await field(clara).press_sequentially("Mehr Zeit")
        await saved(clara)

        # Whoever types when the groups end has not typed in vain.
        await expect(bernd.page.locator("#board-2")).to_be_editable(timeout=PATIENCE)
        await field(bernd, 1).press("Control+End")
        await field(bernd, 1).press_sequentially(CLOSING)

        # Back in the plenary, the moderator orders the boards, shows them, and puts what is on them to the vote.
        await server.command_as(MODERATOR, "session.move", session=GROUPS, to="ended")
        await server.command_as(MODERATOR, "session.move", session=STAGE, to="live")
        clara = await visitor(browser, "clara in the plenary", await server.link(CLARA, STAGE))
        everybody.append(clara)
        await clara.press("session.join")
        desk = await visitor(browser, "desk", await server.link(MODERATOR))
        await desk.page.goto(f"{server.url}/s/{STAGE}/moderation")
        item = desk.page.locator(".board-desk__item", has_text="AG 2")
        await item.get_by_role("button", name=t("boards.up")).press("Enter", timeout=PATIENCE)
        await expect(desk.page.locator(".board-desk__item").first).to_contain_text("AG 2", timeout=PATIENCE)
        await desk.press("boards.first")
        await expect(clara.page.locator(".board-page")).to_contain_text("Ein Runder Tisch 🤝", timeout=PATIENCE)
        await expect(clara.page.locator(".board-page")).to_contain_text(CLOSING.strip(), timeout=PATIENCE)
        assert await violations(clara, "conf-board-page") == []
        assert await violations(desk, "conf-board-desk") == []
        await desk.page.locator(".direction__board").click()
        await expect(clara.page.locator(".board-page")).to_contain_text("Mehr Zeit", timeout=PATIENCE)
        await expect(desk.page.locator(".direction__board")).to_have_count(0, timeout=PATIENCE)
        await desk.press("boards.before")
        await expect(clara.page.locator(".board-page")).to_contain_text("Ein Runder Tisch 🤝", timeout=PATIENCE)
        await item.get_by_text(t("boards.vote.pick")).click()
        await item.get_by_role("button", name=t("boards.vote.field")).last.click()
        await desk.press("boards.vote.open")
        await clara.page.get_by_role("tab", name=t("hall.polls")).click()
        await expect(clara.page.locator("conf-polls, conf-poll-now")).to_contain_text(
            ["Runder Tisch"], timeout=PATIENCE
        )
        await desk.press("boards.hide")
        await expect(clara.page.locator(".board-page")).to_have_count(0, timeout=PATIENCE)
        assert [problem for person in (*everybody, desk) for problem in person.problems] == []
    exported = json.loads(await server.command("export", "boards", "--format", "json"))
    board = next(board for board in exported[0]["boards"] if board["room"] == "ag2")
    assert board["light"] == "done"
    assert board["fields"][0]["text"] == f"{LEFT}Mitte {RIGHT}"
    assert all(line in board["fields"][2]["text"] for line in ("Ein Runder Tisch 🤝", "Bis Mai"))


async def _both(*people: Visitor) -> bool:
    texts = [await field(person, 2).input_value() for person in people]
    return len(set(texts)) == 1 and all(line in texts[0] for line in ("Ein Runder Tisch 🤝", "Bis Mai"))
