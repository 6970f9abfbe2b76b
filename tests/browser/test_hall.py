"""The hall: scanned, checked in, voted and asked by phone, seen on both screens; they live on when the server fails."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Any

import av
import pytest
from playwright.async_api import expect

from tests.browser.axe import violations
from tests.browser.people import PATIENCE, PHONE, PROJECTOR, Visitor, chromium, t, until, visitor
from tests.server import Server, running

pytestmark = pytest.mark.browser
ANNA, MODERATOR, PRODUCTION = "violetta.kohl@example.org", "oliver.lilie@example.org", "regie@example.org"
LIVE, PAUSE = "live-1", "aktiv-pause"
QUESTION = "Wer bildet in der Region aus?"
SIZES = ((1280, 720), (1024, 768), (3840, 2160), PROJECTOR)
NEWER = """
import sys
from conference import app, cli
app.pages_digest = lambda: "newer"
sys.exit(cli.main())
"""
SPILLS = """() => [document.documentElement, ...document.querySelectorAll(".venue, .venue *")]
  .filter((e) => e.matches("html") || (getComputedStyle(e).overflow !== "visible" && e.matches("div, section, ul")))
  .filter((e) => !e.matches(".kern-sr-only") && e.scrollHeight > e.clientHeight + 2)
  .map((e) => `${innerWidth} × ${innerHeight}: ${e.className || e.localName}`)"""
"""What has more to show than room."""


async def alpha(person: Visitor) -> list[int]:
    """How opaque the overlay is (0…255): in the middle of its left half, and in the lower right panel."""
    picture = await person.page.screenshot(omit_background=True)
    with av.open(io.BytesIO(picture)) as container:
        frame = next(container.decode(video=0)).reformat(format="rgba")
    plane = frame.planes[0]
    data, line = bytes(plane), plane.line_size
    return [data[y * line + x * 4 + 3] for x, y in ((480, 540), (1500, 990))]


async def test_the_hall_by_phone_and_on_its_screens(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", media_workers=1)
    await server.import_day()

    async def do(command: str, **body: Any) -> Any:
        return await server.command_as(MODERATOR, command, **{"session": LIVE, **body})

    async with running(server), chromium() as browser:
        await do("session.move", to="live")
        screen, overlay = await asyncio.gather(
            visitor(browser, "screen", await server.link(None), size=PROJECTOR),
            visitor(browser, "overlay", f"{await server.link(PRODUCTION)}?to=overlay", size=PROJECTOR),
        )
        screens = (screen, overlay)
        assert [s.page.url.removeprefix(server.url) for s in screens] == [f"/venue/{LIVE}", f"/overlay/{LIVE}"]
        code = (await screen.page.evaluate("fetch(`${location.pathname}/code`).then((answer) => answer.json())"))["url"]

        # Scanned by a phone that nobody knows yet; the link of the invitation brings it back into the hall.
        phone = await visitor(browser, "anna", code, size=PHONE)
        await phone.sees(t("checkin.own.mail"))
        assert await violations(phone) == []
        await phone.page.goto(await server.link(ANNA))
        await phone.press("checkin.press")
        await phone.sees(t("inhall.here"))
        assert phone.page.url.removeprefix(server.url) == f"/hall/{LIVE}"
        [anna] = [p for p in await do("session.people") if p["name"] == "Violetta Kohl"]
        assert (anna["hall"], anna["devices"]) == (True, 0)

        await do("poll.open", poll="lage")
        for each in screens:
            await expect(each.page.locator(".venue__poll .code svg")).to_be_visible(timeout=PATIENCE)
            await expect(each.page.locator(".venue__options li")).to_have_count(5)
        await phone.page.get_by_label("stark gestiegen", exact=True).check(timeout=PATIENCE)
        await phone.press("poll.vote")
        for each in screens:
            await expect(each.page.locator(".tally__figure").first).to_contain_text("100 %", timeout=PATIENCE)
            await expect(each.page.locator(".venue__count")).to_contain_text("1")
        await do("direction.screen", screen="turnout")
        await expect(screen.page.locator(".tally__figure")).to_have_count(0, timeout=PATIENCE)
        await expect(screen.page.locator(".venue__count")).to_contain_text("1")
        await do("direction.screen", screen="auto")
        await expect(overlay.page.locator(".tally__figure").first).to_be_visible(timeout=PATIENCE)
        clear, panel = await alpha(overlay)
        assert clear == 0
        assert panel > 200
        assert await violations(phone) + await violations(screen) == []
        for width, height in SIZES:
            await screen.page.set_viewport_size({"width": width, "height": height})
            await until(lambda: no_spill(screen), f"more than fits at {width} × {height}", 10)
        await do("poll.close", poll="lage")

        await phone.page.get_by_label(t("questions.label")).fill(QUESTION)
        await phone.press("questions.ask")
        await phone.sees(t("questions.sent.approval"))
        question = (await do("page.snapshot"))["questions"]["items"][0]["key"]
        await do("question.move", question=question, to="open")
        await do("question.pin", question=question)
        for each in (*screens, phone):
            await expect(each.page.locator(".pinned__text").first).to_have_text(QUESTION, timeout=PATIENCE)
        await phone.page.set_viewport_size({"width": 320, "height": 640})
        assert await phone.page.evaluate("document.documentElement.scrollWidth") <= 320
        assert await phone.page.evaluate("window.connections.length") == 0

        # The server fails and comes back with newer pages; one screen has lost its cookie meanwhile.
        await screen.page.evaluate("document.documentElement.dataset.born = 'before'")
        await overlay.context.clear_cookies()
        await server.kill()
        server.program = ["-c", NEWER]
        await server.start()
        await expect(screen.page.locator("html[data-born]")).to_have_count(0, timeout=PATIENCE)
        await screen.is_connected()
        await expect(screen.page.locator(".pinned__text")).to_have_text(QUESTION, timeout=PATIENCE)
        await expect(overlay.page.locator(".over")).to_have_count(0, timeout=PATIENCE)
        key = await overlay.context.new_page()
        await key.goto(f"{await server.link(PRODUCTION)}?to=overlay")
        await key.close()
        await expect(overlay.page.locator(".pinned__text")).to_have_text(QUESTION, timeout=PATIENCE)

        # The day goes on: both screens go along, and so does whoever is in the hall.
        await do("session.move", to="ended")
        await do("session.move", session=PAUSE, to="live")
        await expect(screen.page.locator(".pause__title")).to_be_visible(timeout=PATIENCE)
        await phone.sees(t("inhall.exercise"))
        await expect(overlay.page.locator(".over .countdown__figure")).to_be_visible(timeout=PATIENCE)

        async def there() -> bool:
            people = await do("session.people", session=PAUSE)
            return [(p["name"], p["hall"]) for p in people] == [("Violetta Kohl", True)]

        await until(there, "Anna is not in the hall during the pause")
        assert [problem for person in (*screens, phone) for problem in person.problems] == []


async def no_spill(screen: Visitor) -> bool:
    return await screen.page.evaluate(SPILLS) == []
