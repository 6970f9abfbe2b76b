"""More pictures for ``docs/screens``: the crew's desks when much happens at once, and when something fails.

``python -m tests.browser.crew [NAME …]`` plays a short day and takes every picture, or those named alone.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from playwright.async_api import expect

from conference.hall.hall import HEARTBEAT_SECONDS
from tests.browser.people import t
from tests.browser.screens import (
    FLEIG,
    GROUPS,
    LIVE,
    MODERATOR,
    MOEBBECK,
    ORGANISER,
    PHONE,
    PRODUCTION,
    SMALL_LAPTOP,
    WITH_FILM,
    Day,
    bring_on,
    photograph,
    playing,
)
from tests.browser.stage import encoder
from tests.browser.states import CHAT, HELP, QUESTIONS, TO_ALL, people
from tests.house import Client

ASKED, APPROVED, HANDS = 12, 5, 10
DESK = f"/s/{LIVE}/moderation"
CALLS = (("ag2", "technical", HELP), ("ag4", "moderation", "Wer fasst bei uns zusammen?"), ("ag5", "time", ""))


async def before(day: Day) -> None:
    """An empty morning: desk, Regie, organisation."""
    day.turn(9, 41)
    await day.look("moderation-vorher", MODERATOR, DESK, size=SMALL_LAPTOP)
    await day.look("organisation-vorher", ORGANISER, "/organise")
    await day.look("organisation-telefon", ORGANISER, "/organise", size=PHONE, dark=True)
    await day.look("ergebnisse-leer", ORGANISER, "/organise/results")
    await day.look("filme-leer", ORGANISER, "/organise/films")
    await day.look("film-fehlt", MODERATOR, f"/s/{WITH_FILM}/moderation", size=SMALL_LAPTOP)


async def busy(day: Day) -> None:
    """Questions, hands and chat at once, two feeds of the programme, somebody announced, talk-back, a lost feed."""
    day.turn(9, 52)
    await day.do("session.move", to="backstage")
    fleig, moebbeck = await day.enter(FLEIG), await day.enter(MOEBBECK)
    day.turn(9, 59)
    await day.do("session.move", to="live")
    day.turn(10, 24)
    await day.fill(LIVE)
    await ask(day)
    desk = await day.window(MODERATOR, DESK, size=SMALL_LAPTOP)
    async with encoder(day.server) as main, encoder(day.server, "?source=backup"):
        await playing(desk, 1)
        await bring_on(day, FLEIG)
        await playing(desk, 2)
        person = await day.person(MOEBBECK)
        await day.do("stage.bring_on", person=person, source="camera", seconds=60)
        await day.take("moderation-voll", desk)
        await desk.page.locator("conf-stage-desk").scroll_into_view_if_needed()
        await day.take("moderation-auf-die-buehne", desk)
        await desk.page.locator("conf-question-desk").scroll_into_view_if_needed()
        await day.take("moderation-fragen", desk)
        phone = await day.window(MODERATOR, DESK, size=PHONE, dark=True)
        await day.take("moderation-telefon", phone)
        await phone.context.close()
        await moebbeck.page.set_viewport_size({"width": 390, "height": 844})
        await day.take("backstage-gleich-telefon", moebbeck)
        await day.do("stage.call_off", person=person, source="camera")
        regie = await day.window(PRODUCTION, f"/regie/{LIVE}", size=SMALL_LAPTOP)
        await expect(regie.page.locator(".panel .tile[data-playing]")).to_have_count(4, timeout=30_000)
        await regie.press("talkback.speak.all")
        await moebbeck.page.locator(".talkback").wait_for()
        await day.take("backstage-ansprache-telefon", moebbeck)
        await day.take("regie-zwei-wege", regie)
        await regie.press("talkback.on")
        main.send_signal(signal.SIGSTOP)
        await expect(regie.page.locator(".panel[data-level=bad]")).to_have_count(1, timeout=30_000)
        await day.take("regie-ersatzweg", regie, wait=5_000)
        await desk.page.locator("conf-stage-desk").scroll_into_view_if_needed()
        await day.take("moderation-ersatzweg", desk)
        main.send_signal(signal.SIGCONT)
    os.kill(day.server.worker(1), signal.SIGKILL)
    await day.take("regie-ohne-einspeisung", regie, wait=4_000)
    for window in (fleig, moebbeck, desk, regie):
        await window.context.close()
    await day.do("hand.lower", person=None)
    await asyncio.sleep(HEARTBEAT_SECONDS + 1)
    await day.do("session.move", to="ended")
    await day.look("moderation-nachher", MODERATOR, DESK, size=SMALL_LAPTOP)


async def ask(day: Day) -> None:
    """Twelve questions, five of them let through, one pinned; ten hands; a chat."""
    for number in range(ASKED):
        key = f"q-crew-{number:013d}"
        text = QUESTIONS[number % len(QUESTIONS)]
        await day.crowd[number].do("question.ask", session=LIVE, question=key, text=text, anonymous=number % 4 == 1)
        if number < APPROVED:
            await day.do("question.move", question=key, to="open")
    await day.do("question.pin", question="q-crew-0000000000000")
    for number, text in enumerate(CHAT):
        await day.crowd[number].do("chat.say", session=LIVE, message=f"m-crew-{number:013d}", text=text)
    for client in day.crowd[:HANDS]:
        await client.do("hand.raise", session=LIVE, up=True)


async def groups(day: Day) -> None:
    """Groups at the desk: before, given places, announced, open with three calls for help, called back."""
    day.turn(11, 25)
    desk = await day.window(MODERATOR, f"/s/{GROUPS}/moderation", size=SMALL_LAPTOP)
    await day.do("session.move", session=GROUPS, to="live")
    await day.take("gruppen-moderation-vorher", desk)
    await day.do("breakouts.assign", session=GROUPS, fresh=True)
    await day.take("gruppen-moderation-plaetze", desk)
    await day.do("breakouts.start", session=GROUPS, minutes=60)
    await day.take("gruppen-moderation-gleich", desk, wait=500)
    await day.fill(GROUPS)
    day.turn(11, 51)
    await desk.sees(t("desk.groups.recall"))
    inside: dict[str, Client] = {}
    for client in day.crowd:
        inside.setdefault((await client.do("breakouts.enter", session=GROUPS))["room"], client)
    for key, kind, text in CALLS:
        await inside[key].do("breakouts.help", session=GROUPS, kind=kind, text=text)
    await day.do("breakouts.message", session=GROUPS, room=None, text=TO_ALL)
    await day.take("gruppen-moderation", desk)
    await desk.page.locator(".group-desk__rooms").scroll_into_view_if_needed()
    await day.take("gruppen-moderation-raeume", desk)
    phone = await day.window(MODERATOR, f"/s/{GROUPS}/moderation", size=PHONE, dark=True)
    await phone.page.locator("conf-group-desk").scroll_into_view_if_needed()
    await day.take("gruppen-moderation-telefon", phone)
    await phone.context.close()
    await day.do("breakouts.recall", session=GROUPS)
    await desk.page.locator("conf-group-desk").scroll_into_view_if_needed()
    await day.take("gruppen-moderation-zurueck", desk)
    await desk.context.close()


async def crew_day(day: Day) -> None:
    """Before, in the middle of it, and in the groups."""
    await before(day)
    await busy(day)
    await groups(day)


if __name__ == "__main__":
    sys.exit(photograph(crew_day, sys.argv[1:], people))
