"""On stage: ten seconds to it, a shared screen, a moderator who mutes, a speaker who reloads, a film in step."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.axe import violations
from tests.browser.people import PATIENCE, PHONE, Visitor, chromium, t, until, visitor
from tests.films.made import SUBTITLES, make_film
from tests.server import Server, running
from tests.the_day import FILM

pytestmark = pytest.mark.browser
SOON = f"{t('desk.bring_on')} {t('desk.bring_on.in.more', n=10)}: Dr. Michael Fleig"
ANNA, SPEAKER, MODERATOR = "violetta.kohl@example.org", "michael.fleig@example.org", "oliver.lilie@example.org"
ORGANISER = "organisation@example.org"
WITH_FILM = "live-2"


async def test_camera_and_screen(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    await server.import_day()
    async with running(server), chromium() as browser:
        await server.command_as(MODERATOR, "session.move", session="live-1", to="live")
        moderator = await visitor(browser, "moderator", await server.link(MODERATOR, "live-1"))
        await moderator.page.goto(f"{server.url}/s/live-1/moderation")
        anna = await visitor(browser, "anna", await server.link(ANNA, "live-1"))
        await anna.press("session.join")
        speaker = await visitor(browser, "speaker", await server.link(SPEAKER, "live-1"))
        await speaker.page.goto(f"{server.url}/s/live-1/backstage")
        await speaker.press("devices.start")
        await speaker.press("backstage.enter")
        await speaker.sees(t("feed.connected"))
        await expect(anna.page.locator("conf-stage .card")).to_contain_text(t("card.soon"))
        await moderator.press_named(SOON)
        await expect(speaker.page.locator(".going-on__title")).to_contain_text("auf der Bühne", timeout=PATIENCE)
        await speaker.press("backstage.not_yet")
        await moderator.sees(t("desk.said.not_yet", name="Dr. Michael Fleig"))
        await moderator.press_named(SOON)
        await expect(moderator.page.locator("conf-stage-desk conf-countdown")).to_be_visible(timeout=PATIENCE)
        await speaker.page.reload()
        await expect(speaker.page.locator(".going-on__figure")).to_be_visible(timeout=PATIENCE)
        assert await violations(speaker) == []
        await speaker.sees(t("backstage.live"))
        third = anna.page.locator("conf-stage .third[data-shown]")
        await expect(third).to_contain_text("Betriebsleiter der Sinarmas Cepsa", timeout=PATIENCE)
        await speaker.press("backstage.screen.share")
        await speaker.sees(t("backstage.screen.waiting"))
        await moderator.press_named(f"{t('desk.bring_on')}: Dr. Michael Fleig")
        screen = anna.page.locator(".tile[data-source='screen'] video")
        await expect(screen).to_be_visible(timeout=PATIENCE)
        await until(lambda: screen.evaluate("video => video.videoWidth > 0"), "the shared screen is not seen")
        await anna.sees_pictures()
        await expect(third).to_have_count(0, timeout=PATIENCE)
        await moderator.press_named(f"{t('desk.name')}: Dr. Michael Fleig")
        await expect(third).to_have_count(1, timeout=PATIENCE)

        await moderator.press_named(f"{t('desk.mute')}: Dr. Michael Fleig")
        await expect(speaker.page.get_by_role("button", name=t("backstage.audio.off"))).to_be_visible(timeout=PATIENCE)
        await speaker.press("backstage.audio.off")
        await anna.hears()

        await speaker.page.reload()
        await speaker.sees(t("backstage.live"))
        await anna.sees_pictures()
        assert [problem for person in (anna, speaker, moderator) for problem in person.problems] == []


_LINES = """() => document.querySelector("conf-backstage").lines.map(({ state }) => state)"""


async def test_of_a_speakers_devices_one_sends(tmp_path: Path) -> None:
    """Pressed on the phone picture and sound come from there, pressed on the laptop again from it; nobody goes."""
    server = Server(tmp_path / "data", media_workers=1)
    await server.import_day()
    async with running(server), chromium() as browser:
        await server.command_as(MODERATOR, "session.move", session="live-1", to="live")
        anna = await visitor(browser, "anna", await server.link(ANNA, "live-1"))
        await anna.press("session.join")
        laptop = await visitor(browser, "laptop", await server.link(SPEAKER, "live-1"))
        phone = await visitor(browser, "phone", await server.link(SPEAKER, "live-1"), size=PHONE)
        for device, entrance in ((laptop, "backstage.enter"), (phone, "backstage.here")):
            await device.page.goto(f"{server.url}/s/live-1/backstage")
            await device.press("devices.start")
            await device.press(entrance)
            await device.sees(t("feed.connected"))
            if device is laptop:
                snapshot = await server.command_as(MODERATOR, "page.snapshot", session="live-1")
                [waiting] = snapshot["stage"]["backstage"]
                on = {"person": waiting["person"], "source": "camera"}
                await server.command_as(MODERATOR, "stage.bring_on", session="live-1", **on)
                await anna.sees_pictures()
        for here, there in ((phone, laptop), (laptop, phone)):
            await expect(there.page.get_by_role("button", name=t("backstage.here"))).to_be_visible(timeout=PATIENCE)
            assert await violations(there) == []
            assert await there.page.evaluate(_LINES) == []
            assert await here.page.evaluate(_LINES) == ["connected"]
            await anna.sees_pictures()
            await anna.hears()
            assert await anna.page.locator(".tile").count() == 1
            if there is laptop:
                await there.press("backstage.here")
                await there.sees(t("feed.connected"))
        assert [problem for person in (anna, laptop, phone) for problem in person.problems] == []


_PLACE = """() => {
  const film = document.querySelector("conf-film");
  const video = film?.querySelector("video");
  return video && { at: Date.now() / 1000, here: video.currentTime, runs: !video.paused && video.readyState > 2 };
}"""


async def _apart(one: Visitor, other: Visitor) -> float | None:
    """By how many seconds two pages' films differ at one moment; None while one of them does not run."""
    first, second = await asyncio.gather(one.page.evaluate(_PLACE), other.page.evaluate(_PLACE))
    if not (first and second and first["runs"] and second["runs"]):
        return None
    return abs((first["here"] - first["at"]) - (second["here"] - second["at"]))


async def _in_step(one: Visitor, other: Visitor) -> None:
    async def near() -> bool:
        apart = await _apart(one, other)
        return apart is not None and apart < 0.3

    await until(near, "the films do not run in step", seconds=25)


async def test_a_film_in_step(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", media_workers=1)
    await server.import_day()
    film = make_film(tmp_path / "Krise als Chance.webm", 40)
    subtitles = tmp_path / "film.vtt"
    subtitles.write_text(SUBTITLES, "utf-8")
    async with running(server), chromium() as browser:
        await server.command_as(MODERATOR, "session.move", session=WITH_FILM, to="live")
        organiser = await visitor(browser, "organiser", await server.link(ORGANISER))
        await organiser.page.goto(f"{server.url}/organise/films")
        await organiser.page.get_by_label(t("films.choose")).set_input_files(film)
        await organiser.page.get_by_label(t("films.subtitles"), exact=True).set_input_files(subtitles)
        await organiser.press("films.send")
        await expect(organiser.page.locator(".film-file")).to_contain_text("Krise als Chance.webm", timeout=PATIENCE)
        assert await violations(organiser) == []
        lilie = await visitor(browser, "lilie", await server.link(MODERATOR, WITH_FILM))
        await lilie.page.goto(f"{server.url}/s/{WITH_FILM}/moderation")
        anna = await visitor(browser, "anna", await server.link(ANNA, WITH_FILM))
        await anna.press("session.join")
        hall = await visitor(browser, "hall", await server.link(None, WITH_FILM), size=PHONE)
        desk = lilie.page.locator("conf-film-desk")
        await desk.get_by_role("button", name=t("film.desk.start")).click()
        await expect(anna.page.locator("conf-film .film__title")).to_contain_text("Krise als Chance", timeout=PATIENCE)
        await _in_step(anna, hall)
        await anna.page.reload()
        await _in_step(anna, hall)
        assert (
            await anna.page.evaluate("() => document.querySelector('conf-film video').textTracks[0].mode") == "showing"
        )
        await desk.get_by_role("button", name=t("film.desk.pause")).click()
        await expect(anna.page.locator(".film__note")).to_have_text(t("film.paused"), timeout=PATIENCE)
        places = [await who.page.evaluate(_PLACE) for who in (anna, hall)]
        assert abs(places[0]["here"] - places[1]["here"]) < 0.3
        assert await violations(anna) == []
        await desk.get_by_role("button", name=t("film.desk.play")).click()
        await _in_step(anna, hall)
        await server.command_as(MODERATOR, "film.seek", session=WITH_FILM, part=FILM, position=38_000)
        await expect(anna.page.locator("conf-film")).to_have_count(0, timeout=PATIENCE)
        await expect(anna.page.locator("conf-stage .card")).to_be_visible()
        assert [problem for person in (anna, hall, lilie, organiser) for problem in person.problems] == []
