"""The active pause in real windows: the same moment for everybody, whatever their clocks say; and where it leads."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.axe import violations
from tests.browser.clocked import turn
from tests.browser.people import PATIENCE, PHONE, PROJECTOR, Visitor, chromium, t, until, visitor
from tests.server import Server, running

pytestmark = pytest.mark.browser
MODERATOR, ANNA, BERND = "oliver.lilie@example.org", "violetta.kohl@example.org", "felix.groettner@example.org"
SPEAKER = "michael.fleig@example.org"
LIVE, PAUSE, NEXT = "live-1", "aktiv-pause", "arbeitsgruppen"
TEN_MINUTES_FAST = """{
  const Real = Date;
  const ahead = 600_000;
  window.Date = class extends Real {
    constructor(...given) { super(...(given.length ? given : [Real.now() + ahead])); }
    static now() { return Real.now() + ahead; }
  };
}"""
VOICES = """
const voice = (name, localService) => ({ name, localService, lang: "de-DE", default: !localService, voiceURI: name });
Object.defineProperty(window, "speechSynthesis", { value: Object.assign(new EventTarget(), {
  getVoices: () => [voice("far away", false), voice("at home", true)],
  speak: (said) => (window.said ??= []).push([said.given.name, said.text]),
  cancel: () => {},
}) });
window.SpeechSynthesisUtterance = class {
  constructor(text) { this.text = text; }
  set voice(voice) { this.given = voice; }
};
"""
SOUNDS = """
window.sounds = 0;
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...given) { window.sounds += 1; return start.apply(this, given); };
"""
LINES_MADE = (
    """document.querySelector("conf-stage").pictures.stats().then(({ attempts, repairs }) => attempts + repairs)"""
)
SILENCE_NOTICED = 6_000
"""Milliseconds after which a page has noticed that nothing arrives (static/js/line.js looks every second)."""


def at(minute: int, second: int = 0) -> datetime:
    """Past eleven in Magdeburg."""
    return datetime(2026, 6, 17, 9, minute, second, tzinfo=UTC)


async def shown(person: Visitor) -> tuple[str, int]:
    """The step that a page shows, and the seconds left in it."""
    page = person.page
    title, left = await page.evaluate(
        "[...document.querySelectorAll('.pause__title, .pause__left')].map((part) => part.textContent)"
    )
    minutes, seconds = left.split(":")
    return title, 60 * int(minutes) + int(seconds)


async def step(person: Visitor, title: str) -> None:
    await expect(person.page.locator(".pause__title")).to_have_text(title, timeout=PATIENCE)


async def test_everybody_pauses_at_the_same_moment_and_goes_on_together(tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    turn(clock, at(9))
    server = Server(tmp_path / "data", program=("-m", "tests.browser.clocked", str(clock)), media_workers=1)
    await server.import_day()
    async with running(server), chromium() as browser:
        link = lambda email: server.link(email, PAUSE if email else None)  # noqa: E731
        anna = await visitor(browser, "anna", await link(ANNA))
        bernd = await visitor(browser, "bernd", await link(BERND), size=PHONE, reduced_motion="reduce")
        hall = await visitor(browser, "hall", await link(None), size=PROJECTOR)
        desk = await visitor(browser, "desk", await link(MODERATOR))
        everybody = [anna, bernd, hall, desk]
        await anna.context.add_init_script(VOICES + SOUNDS)
        await bernd.context.add_init_script(TEN_MINUTES_FAST)
        for person, path in ((anna, "/s/"), (bernd, "/s/"), (hall, "/venue/"), (desk, "/s/")):
            end = "/moderation" if person is desk else ""
            await person.page.goto(f"{server.url}{path}{PAUSE}{end}")
        fast = await bernd.page.evaluate("Date.now()") - await anna.page.evaluate("Date.now()")
        assert 590_000 < fast < 610_000
        for person in (anna, bernd):
            await person.press("session.join")

        await desk.press("pausedesk.start")
        for person in (anna, bernd, hall):
            await step(person, "Schultern kreisen")
        await _same_moment(anna, bernd, hall)
        await anna.sees(t("pause.many", n=2))
        moving = "document.querySelector('.pause__figure .figure__arm--l').getAnimations().length"
        assert [await person.page.evaluate(moving) for person in (anna, bernd)] == [1, 0]

        await anna.page.get_by_label(t("pause.standing"), exact=True).check()
        await anna.sees("Hüftbreit stehen")
        await bernd.sees("Aufrecht sitzen")
        await anna.page.get_by_role("button", name=t("pause.voice")).click()
        [[voice, text]] = await anna.page.evaluate("window.said")
        assert (voice, text) == ("at home", "Schultern kreisen. Hüftbreit stehen, Schultern langsam rückwärts kreisen.")
        assert await bernd.page.get_by_role("button", name=t("pause.voice")).is_disabled()

        before = await anna.page.evaluate("window.sounds")
        await desk.press("pausedesk.skip")
        await step(anna, "Blick in die Ferne")
        await until(lambda: _more(anna, "window.sounds", before), "the change of steps makes no sound")
        assert (await anna.page.evaluate("window.said.at(-1)"))[1].startswith("Blick in die Ferne. Zum Fenster gehen")
        await anna.page.get_by_role("button", name=t("pause.sound")).click()
        silent = await anna.page.evaluate("window.sounds")
        await desk.press_named(t("pausedesk.more.s", n=30))
        await until(lambda: _left_over(hall, 50), "nobody gets more time")
        await _same_moment(anna, bernd, hall)

        await bernd.page.reload()
        await step(bernd, "Blick in die Ferne")
        turn(clock, at(14, 30))
        for person in (anna, bernd, hall):
            await step(person, t("pause.rest"))
        await bernd.press("pause.back")
        for person in (anna, hall, desk):
            await person.sees(t("pause.returned", n=1, of=2))
        found = [problem for person in everybody for problem in await violations(person)]

        await desk.press("pausedesk.end")
        for person in (anna, bernd, hall):
            await expect(person.page.locator(".pause__handover")).to_contain_text("Fünf parallele Arbeitsgruppen")
        found += [problem for person in (anna, bernd, hall) for problem in await violations(person)]
        ahead = float(clock.read_text("ascii"))
        clock.write_text(str(ahead + 30), "ascii")
        for person in (anna, bernd):
            await person.page.wait_for_url(f"**/s/{NEXT}**", timeout=PATIENCE)
            await person.sees(t("session.joined"))
        assert await anna.page.evaluate("window.sounds ?? 0") in (0, silent)
        agenda = (await server.command_as(ANNA, "page.snapshot", session=PAUSE))["agenda"]
        assert {item["key"]: item["state"] for item in agenda}[PAUSE] == "ended"
        people = await server.command_as(MODERATOR, "session.people", session=NEXT)
        assert len(people) == 2
        assert [problem for person in everybody for problem in person.problems] == []
    assert found == []


async def _more(person: Visitor, what: str, than: float) -> bool:
    return bool(await person.page.evaluate(what) > than)


async def _left_over(person: Visitor, seconds: int) -> bool:
    return (await shown(person))[1] > seconds


async def _same_moment(*people: Visitor) -> None:
    """All show the same step, and no more than a second apart; measured until it is so, clocks need a few readings."""

    async def same() -> bool:
        found: list[Any] = [await shown(person) for person in people]
        lefts = [left for _, left in found]
        return len({title for title, _ in found}) == 1 and max(lefts) - min(lefts) <= 1

    await until(same, "pages are not at the same moment")


async def test_no_camera_is_seen_while_a_stage_pauses(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", media_workers=1)
    await server.import_day()
    async with running(server), chromium() as browser:
        desk = await visitor(browser, "desk", await server.link(MODERATOR, LIVE))
        await desk.page.goto(f"{server.url}/s/{LIVE}/moderation")
        speaker = await visitor(browser, "speaker", await server.link(SPEAKER, LIVE))
        await speaker.page.goto(f"{server.url}/s/{LIVE}/backstage")
        await desk.press("move.planned.backstage", within=".run__item:has([aria-current])")
        await speaker.press("devices.start")
        await speaker.press("backstage.enter")
        await desk.press_named(f"{t('desk.bring_on')}: Dr. Michael Fleig")
        await desk.press("move.backstage.live")
        await desk.sees_pictures()
        lines = await desk.page.evaluate(LINES_MADE)
        await desk.press_named(t("pausedesk.minutes", n=5))
        await speaker.sees(t("pause.backstage.more"))
        await until(lambda: _nothing_comes(desk), "the camera is still seen")
        await desk.page.wait_for_timeout(SILENCE_NOTICED)
        assert await desk.page.evaluate(LINES_MADE) == lines, "a silent pause is taken for a broken line"
        await desk.press("pausedesk.end")
        await desk.press("pausedesk.now")
        await desk.sees_pictures()
        await speaker.sees(t("backstage.live"))
        assert [problem for person in (desk, speaker) for problem in person.problems] == []


async def _nothing_comes(person: Visitor) -> bool:
    """No frame is decoded and nothing is heard for a second."""
    before = await person.received()
    await person.page.wait_for_timeout(1000)
    after = await person.received()
    return all(before[what] == after[what] for what in ("frames", "energy"))
