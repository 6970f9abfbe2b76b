"""Working groups in real windows: all are taken along, see and hear their own group alone, and come back to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.browser.axe import violations
from tests.browser.clocked import turn
from tests.browser.people import PATIENCE, PHONE, Visitor, chromium, letter_by_letter, t, until, visitor
from tests.server import Server, running

pytestmark = pytest.mark.browser
MODERATOR = "oliver.lilie@example.org"
ANNA, BERND, CLARA = "violetta.kohl@example.org", "felix.groettner@example.org", "ildiko.beyer@example.org"
BEFORE, GROUPS = "live-1", "arbeitsgruppen"
START = datetime(2026, 6, 17, 9, 24, tzinfo=UTC)
FOREIGN = """(group) => fetch(`/whep/arbeitsgruppen?group=${group}`, {
  method: "POST", headers: { "Content-Type": "application/sdp" }, body: "v=0",
}).then(({ status }) => status)"""


async def in_room(person: Visitor, title: str) -> None:
    """Wait until the page shows the inside of a room."""
    await expect(person.page.locator(".group__bar h1")).to_have_text(title, timeout=PATIENCE)


async def id_of(person: Visitor) -> str:
    return str(await person.page.evaluate("JSON.parse(document.getElementById('snapshot').textContent).me.id"))


async def test_everybody_goes_into_the_group_and_comes_back(tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    now = START
    turn(clock, now)
    server = Server(tmp_path / "data", program=("-m", "tests.browser.clocked", str(clock)), media_workers=1)
    await server.import_day()

    def forward(seconds: int) -> None:
        nonlocal now
        now += timedelta(seconds=seconds)
        turn(clock, now)

    async with running(server), chromium() as browser:
        await server.command_as(MODERATOR, "session.move", session=BEFORE, to="live")
        anna = await visitor(browser, "anna", await server.link(ANNA, BEFORE))
        bernd = await visitor(browser, "bernd", await server.link(BERND, BEFORE), size=PHONE)
        clara = await visitor(browser, "clara", await server.link(CLARA, BEFORE))
        desk = await visitor(browser, "desk", await server.link(MODERATOR))
        everybody = [anna, bernd, clara, desk]
        for person in (anna, bernd, clara):
            await person.press("session.join")
            await person.page.evaluate("window.before = true")  # gone after a reload
        await desk.page.goto(f"{server.url}/s/{GROUPS}/moderation")

        # Places in one press, one moved by keyboard, one by drag; the wishes are counted.
        await desk.press_named("Plätze verteilen")
        await expect(desk.page.locator(".seat")).not_to_have_count(0)
        for room in ("ag2", "ag4"):
            await server.command_as(MODERATOR, "breakouts.resize", session=GROUPS, room=room, capacity=30)
        for person, room in ((anna, "ag2"), (bernd, "ag2"), (clara, "ag4")):
            seat = desk.page.locator(f'[data-person="{await id_of(person)}"]')
            if person is clara:
                await drag(desk, seat.locator(".seat__who"), desk.page.locator(f'[data-room="{room}"] header'))
            else:
                await seat.get_by_role("combobox").select_option(room)
            await expect(
                desk.page.locator(f'[data-room="{room}"] [data-person="{await id_of(person)}"]')
            ).to_be_visible()
        assert await violations(desk) == []

        # The call reaches everybody, in a pause too; who wants to stays; the others' pages change without a reload.
        await server.command_as(MODERATOR, "pause.start", session=BEFORE, minutes=10)
        for person in (anna, bernd, clara):
            await person.sees(t("pause.back"))
        await desk.press("desk.groups.start")
        for person in (anna, bernd, clara):
            await person.sees(t("call.title"))
        await clara.press("call.stay")
        await clara.sees(t("call.staying"))
        forward(21)
        await in_room(anna, "AG 2 – Weiterbildung im Wandel")
        await in_room(bernd, "AG 2 – Weiterbildung im Wandel")
        assert await anna.page.evaluate("window.before")
        assert anna.page.url.split("?")[0] == f"{server.url}/s/{GROUPS}"
        assert clara.page.url.split("?")[0] == f"{server.url}/s/{BEFORE}"
        await server.command_as(MODERATOR, "pause.end", session=BEFORE, run=1, at_once=True)
        await clara.press("call.go.after")
        await in_room(clara, "AG 4 – Vereinbarkeit und Arbeitszeit")

        # Picture and sound flow in the group, after a press, and nowhere else.
        assert await anna.page.evaluate("document.querySelector('conf-group-room').line") == "idle"
        await anna.press("groups.audio.on")
        await anna.press("groups.video.on")
        await bernd.sees_pictures()
        await bernd.hears()
        await other_device(browser, server, anna)
        await bernd.sees_pictures()
        await anna.press("groups.hand.raise")
        await bernd.sees(t("groups.hands"))
        await server.command_as(MODERATOR, "breakouts.call", session=GROUPS, person=await id_of(anna), called=True)
        await bernd.sees(t("groups.word"))
        await anna.sees(t("groups.word.mine"))
        await expect(bernd.page.locator(".tile[data-called]")).to_contain_text("Kohl")
        await clara.page.get_by_role("tab", name=t("chat.title")).click()
        await letter_by_letter(anna, bernd, "Unter ", "uns")
        await expect(clara.page.get_by_text("Unter uns")).to_have_count(0)
        assert await violations(bernd) == []
        assert (await clara.received())["bytes"] == 0
        assert await clara.page.evaluate(FOREIGN, "ag2") == 403
        assert await violations(anna) == []

        # After a reload one is back, with the same camera, microphone and hand.
        await anna.page.reload()
        await in_room(anna, "AG 2 – Weiterbildung im Wandel")
        await anna.sees(t("groups.word.mine"))
        await anna.sees(t("groups.video.off"))
        await bernd.sees_pictures()

        # Help is asked for, seen at the desk, answered.
        await bernd.press("groups.help")
        await bernd.press("groups.help.send")
        await bernd.sees(t("groups.help.place", place=1))
        await desk.press("desk.groups.coming")
        await bernd.sees(t("groups.help.answer", text=t("desk.groups.coming")))

        # The server dies and comes back: everybody is in the same room, picture and sound flow again.
        picture = bernd.page.locator(f'[data-feed="{await id_of(anna)}/camera"][data-playing]')
        await bernd.page.evaluate("scrollTo(0, 0)")  # what is not on the screen is not sent
        await expect(picture).to_have_count(1, timeout=PATIENCE)
        await server.kill()
        await expect(picture).to_have_count(0, timeout=PATIENCE)
        await server.start()
        for person in everybody:
            await person.is_connected()
        await in_room(anna, "AG 2 – Weiterbildung im Wandel")
        await anna.sees(t("groups.word.mine"))
        await expect(picture).to_have_count(1, timeout=PATIENCE)
        await in_room(clara, "AG 4 – Vereinbarkeit und Arbeitszeit")
        await until(lambda: _here(desk), "the desk does not see who is where")

        # Called back: the last minute is seen, then everybody is in the plenary.
        await desk.press("desk.groups.recall")
        await desk.press("desk.groups.recall", within="dialog")
        for person in (anna, bernd, clara):
            await person.sees(t("groups.closing"))
        forward(120)
        for person in (anna, bernd, clara):
            await person.sees(t("groups.back"))
        assert [problem for person in everybody for problem in person.problems] == []


async def line_is(person: Visitor, state: str) -> None:
    """How the line of one's own microphone and camera is doing."""

    async def so() -> bool:
        return bool(await person.page.evaluate("document.querySelector('conf-group-room').line") == state)

    await until(so, f"the line of {person.name} is not {state}")


async def other_device(browser: Browser, server: Server, anna: Visitor) -> None:
    """On a second device nothing goes on by itself; a press there takes picture and sound along, a press here back."""
    phone = await visitor(browser, "anna's phone", await server.link(ANNA, GROUPS), size=PHONE)
    await phone.press("session.join")
    await in_room(phone, "AG 2 – Weiterbildung im Wandel")
    await phone.page.get_by_role("button", name=t("groups.video.off")).wait_for()
    await line_is(phone, "idle")
    await line_is(anna, "connected")
    await phone.press("groups.video.off")
    await phone.press("groups.video.on")
    await line_is(phone, "connected")
    await line_is(anna, "idle")
    await phone.context.close()
    await anna.press("groups.audio.on")
    await anna.press("groups.video.on")
    await line_is(anna, "connected")


async def drag(person: Visitor, what: Locator, to: Locator) -> None:
    """Drag and drop, as the browser tells it to the page (Debian's headless Chromium begins no drag by the mouse)."""
    carried = await person.page.evaluate_handle("new DataTransfer()")
    for place, event in ((what, "dragstart"), (to, "dragover"), (to, "drop")):
        await place.dispatch_event(event, {"dataTransfer": carried})


async def _here(desk: Visitor) -> bool:
    return await desk.page.locator(".seat[data-here]").count() == 3
