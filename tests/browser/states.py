"""More pictures for ``docs/screens``: a short second day of full rooms, long names and things that go wrong.

``python -m tests.browser.states [NAME …]`` plays it and takes every picture, or those named alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from conference.config import secret_key
from conference.hall.hall import HEARTBEAT_SECONDS
from conference.people.tokens import Tokens
from conference.web.pages.session import CODE_SECONDS
from tests.browser.people import Visitor, t
from tests.browser.screens import ANNA, FLEIG, GROUPS, LIVE, PHONE, PROJECTOR, Day, photograph
from tests.house import Client
from tests.server import PEOPLE

ROOM, IN_ROOM = "ag2", 18
FILMED = {
    "rainer.karz@example.org": "manager",
    "rudolph.lindau@example.org": "chamber",
    "zoran.trommler@example.org": "unionist",
}
LONG_NAMES = {
    "Matthäi;": "von Matthäi-Schönhausen zu Wernigerode;",
    "Zur Brücke": "Zur Brücke am Alten Markt, Inhaberin Elisabeth Brückner-Hohenthal, Lutherstadt Wittenberg",
    "Bildungswerk Beispiel e. V.": "Bildungswerk der Wirtschaft Sachsen-Anhalt, Geschäftsstelle Halberstadt, e. V.",
}
QUESTIONS = (
    "Wie gewinnen wir Auszubildende, wenn in manchen Dörfern kein Bus mehr fährt und die Berufsschule zwei Stunden "
    "entfernt ist? Gibt es dafür im Land schon Modelle, etwa Wohnheime oder einen gemeinsamen Fahrdienst der Betriebe?",
    "Wer bezahlt die Freistellung?",
    "Was wird aus der Förderung nach 2027?",
    "Gibt es die Folien hinterher?",
    "Welche Rolle spielt die Anerkennung ausländischer Abschlüsse in der Pflege- und Gesundheitsberufeausbildung?",
)
CHAT = (
    "Guten Morgen aus Stendal!",
    "Der Ton ist sehr gut heute.",
    "https://www.fachkraft-im-fokus.de/veranstaltungen/kooperationskonferenz/unterlagen-und-weiterfuehrende-hinweise",
    "Genau das erleben wir auch. Bei uns haben sich in drei Jahren die Bewerbungen halbiert, und wir haben angefangen, "
    "direkt in die Schulen zu gehen.",
)
MANY_WORDS = """
Zuwanderung Ausbildung Wertschätzung Mut Weiterbildung Netzwerk Digitalisierung Heimat Vereinbarkeit Geduld
Zusammenhalt Offenheit Zukunft Respekt Gesundheit Pflege Handwerk Sprache Integration Willkommenskultur Teilhabe
Chancen Kooperation Nachwuchs Bindung Familie Flexibilität Qualität Region Stadt Land Vertrauen Führung Lohn
Tarif Schule Praktikum Studium Rückkehr Pendeln Mobilität Wohnen Kita Energie Wandel Innovation Forschung
Gründung Nachfolge Demografie Alter Erfahrung Vielfalt Inklusion Anerkennung Bürokratieabbau Tempo Klarheit
Verlässlichkeit Freude
"""
MUTE = """HTMLMediaElement.prototype.play = function () {
  return this.muted ? Promise.resolve() : Promise.reject(new DOMException("", "NotAllowedError")); }"""
"""A browser that lets nothing sound before a press."""
REFUSED = """() => { navigator.mediaDevices.getUserMedia = async () => {
  throw new DOMException("", "NotAllowedError"); }; }"""
TO_ALL = "Bitte schreiben Sie Ihre drei Kernaussagen an die Tafel. Wir holen Sie in zehn Minuten zurück."
HELP = "Bei uns hört niemand Frau Matthäi, und die Tafel ist bei zweien leer."


def people(directory: Path) -> Path:
    """The people of the conference, some of them with long names and offices."""
    text = PEOPLE.read_text("utf-8")
    for short, long in LONG_NAMES.items():
        text = text.replace(short, long)
    file = directory / "people.csv"
    file.write_text(text, "utf-8")
    return file


def hall_path(day: Day) -> str:
    """The address that the hall's code leads to."""
    code = Tokens(secret_key(day.server.data)).hall_code(LIVE, int(day.now.timestamp()) // CODE_SECONDS)
    return f"/hall/{LIVE}/{code}"


async def before(day: Day) -> None:
    """What goes wrong before the session: a refused camera, an old code, an unknown address."""
    day.turn(9, 52)
    await day.look("mein-tag-wuensche", ANNA, "/me", size=PHONE)
    await day.do("session.move", to="backstage")
    lobby = await day.window(ANNA, f"/s/{LIVE}", size=PHONE)
    await lobby.page.evaluate(REFUSED)
    await lobby.press("session.join")
    await lobby.press("devices.start")
    await lobby.sees(t("devices.denied"))
    await lobby.page.get_by_text(t("devices.denied")).first.scroll_into_view_if_needed()
    await day.take("kamera-verweigert", lobby)
    await lobby.context.close()
    phone = await day.window("nobody", hall_path(day), size=PHONE)
    await phone.page.get_by_role("textbox").fill("violeta.kohl@example.org")
    await phone.page.keyboard.press("Enter")
    await phone.sees(t("checkin.unknown"))
    await day.take("einchecken-unbekannt", phone)
    await phone.page.goto(f"{day.server.url}/hall/{LIVE}/0000000000")
    await day.take("einchecken-abgelaufen", phone)
    await phone.context.close()


async def busy_hall(day: Day) -> None:
    """A full session: long questions, chat, a hand, a speaker with a long office; no sound, no network."""
    fleig = await day.enter(FLEIG)
    day.turn(9, 59)
    await day.do("session.move", to="live")
    day.turn(10, 24)
    await day.fill(LIVE)
    person = await day.person(FLEIG)
    await day.do("stage.bring_on", person=person, source="camera")
    await day.do("stage.name", person=person, source="camera", named=True)
    for number, text in enumerate(QUESTIONS):
        key = f"q-state-{number:012d}"
        await day.crowd[number].do("question.ask", session=LIVE, question=key, text=text, anonymous=number == 1)
        await day.do("question.move", question=key, to="open")
        for client in day.crowd[number : number + 12 - 2 * number]:
            await client.do("question.vote", session=LIVE, question=key, up=True)
    await day.do("question.pin", question="q-state-000000000000")
    for number, text in enumerate(CHAT):
        await day.crowd[number].do("chat.say", session=LIVE, message=f"m-state-{number:012d}", text=text)
    for client in day.crowd[5:8]:
        await client.do("hand.raise", session=LIVE, up=True)
    laptop = await day.window(ANNA, f"/s/{LIVE}")
    phone = await day.window(ANNA, f"/s/{LIVE}", size=PHONE)
    for window in (laptop, phone):
        await window.press("session.join")
        await window.page.locator("conf-stage .tile[data-playing]").first.wait_for(timeout=30_000)
    await laptop.press("hand.raise")
    for window in (laptop, phone):
        await window.page.locator("#tab-questions").click()
    await day.take("saal-fragen", laptop)
    await day.take("saal-fragen-telefon", phone)
    for window in (laptop, phone):
        await window.page.locator("#tab-chat").click()
    await day.take("saal-chat", laptop)
    await day.take("saal-chat-telefon", phone)
    screen = await day.window(None, f"/venue/{LIVE}", size=PROJECTOR)
    await day.take("saalbild-lange-frage", screen)
    await day.do("question.pin", question=None)
    await day.do("poll.open", poll="ein-wort")
    await many_words(day)
    await day.do("poll.close", poll="ein-wort")
    await day.do("poll.publish", poll="ein-wort")
    await day.take("saalbild-viele-worte", screen, wait=2_500)
    await day.take("telefon-viele-worte", phone)
    await screen.context.close()
    silent = await day.window(ANNA, f"/s/{LIVE}", size=PHONE)
    await silent.page.add_init_script(MUTE)
    await silent.page.reload()
    await silent.press("session.join")
    await silent.sees(t("stage.unlock"))
    await day.take("ton-gesperrt", silent)
    await silent.context.close()
    await day.do("hand.call", person=await me(laptop))
    await laptop.sees(t("guest.called"))
    await day.do("hand.call", person=await me(laptop))
    await day.take("aufgerufen-telefon", phone)
    await laptop.context.close()
    await phone.context.set_offline(True)
    await phone.page.evaluate("dispatchEvent(new Event('offline'))")
    await phone.page.wait_for_timeout(4_000)
    await day.take("verbindung-weg", phone)
    await phone.context.close()
    inside = await day.window(ANNA, hall_path(day), size=PHONE)
    await inside.press("checkin.press")
    await inside.sees(t("inhall.here"))
    await inside.page.locator("#tab-questions").click()
    await day.take("telefon-im-saal-fragen", inside)
    await inside.context.close()
    await fleig.context.close()
    await asyncio.sleep(HEARTBEAT_SECONDS + 1)
    await day.do("hand.lower", person=None)


async def me(person: Visitor) -> str:
    """The id of whoever looks."""
    return str(await person.page.evaluate("JSON.parse(document.getElementById('snapshot').textContent).me.id"))


async def many_words(day: Day) -> None:
    """Sixty words."""
    snapshot = await day.moderator.do("page.snapshot", session=LIVE)
    run = next(entry["run"] for entry in snapshot["polls"] if entry["key"] == "ein-wort")
    for number, word in enumerate(MANY_WORDS.split()):
        client = day.crowd[number % len(day.crowd)]
        if number < len(day.crowd):
            await client.do("poll.vote", session=LIVE, poll="ein-wort", run=run, choice=word)


async def full_group(day: Day) -> None:
    """Groups: wishes, choosing, the call, a room of 18 with pictures, help, a word to all, the last minute."""
    laptop = await day.window(ANNA, f"/s/{GROUPS}")
    phone = await day.window(ANNA, f"/s/{LIVE}", size=PHONE)
    await phone.press("session.join")
    anna = await me(laptop)
    await day.do("session.move", session=GROUPS, to="live")
    await day.fill(GROUPS)
    await laptop.press("session.join")
    await day.take("gruppen-wuensche", laptop)
    await day.do("breakouts.assign", session=GROUPS, fresh=True)
    await day.do("breakouts.allow", session=GROUPS, swaps=True, choosing=True)
    seats = [(client, (await client.do("page.snapshot", session=GROUPS))["me"]["id"]) for client in day.crowd]
    await day.do("breakouts.resize", session=GROUPS, room=ROOM, capacity=60)
    await day.do("breakouts.move", session=GROUPS, person=anna, room=ROOM)
    await laptop.page.locator("summary", has_text=t("groups.change")).click()
    await day.take("gruppen-andere", laptop)
    await (
        laptop.page.get_by_role("button", name=t("groups.swap"))
        .or_(laptop.page.get_by_role("button", name=t("groups.take")))
        .first.wait_for()
    )
    await day.do("breakouts.start", session=GROUPS, minutes=60)
    await phone.sees(t("call.title"))
    await day.take("gruppen-ruf-telefon", phone, wait=300)
    await day.take("gruppen-gleich", laptop, wait=300)
    await phone.press("call.stay")
    await day.take("gruppen-plenum-telefon", phone, wait=300)
    await phone.press("call.go.after")
    day.turn(11, 51)
    for window in (laptop, phone):
        await window.page.locator(".group__bar").wait_for(timeout=30_000)
    await day.take("gruppe-allein", laptop)
    here: list[Client] = []
    for client, person in seats[: IN_ROOM - 1 - len(FILMED)]:
        await day.do("breakouts.move", session=GROUPS, person=person, room=ROOM)
        await client.do("breakouts.enter", session=GROUPS)
        here.append(client)
    async with filmed(day) as windows:
        for client in here[:2]:
            await client.do("breakouts.hand", session=GROUPS, up=True)
        await laptop.press("groups.video.on")
        await laptop.press("groups.audio.on")
        await laptop.page.locator(".tile[data-playing]").nth(len(windows)).wait_for(timeout=30_000)
        await day.take("gruppe-voll", laptop, wait=4_000)
        await day.take("gruppe-voll-telefon", phone)
        await laptop.page.get_by_role("tab", name="Personen").click()
        await day.take("gruppe-personen", laptop)
        await laptop.press("groups.help")
        await day.take("gruppe-hilfe", laptop)
        await laptop.page.get_by_label(t("groups.help.text")).fill(HELP)
        await laptop.press("groups.help.send")
        await day.do(
            "breakouts.message", session=GROUPS, room=None, text="Bitte schreiben Sie Ihre drei Kernaussagen auf."
        )
        await day.take("gruppe-hilfe-wartet", laptop)
        await day.take("gruppe-nachricht-telefon", phone)
        await day.do("breakouts.recall", session=GROUPS)
        for window in (laptop, phone):
            await window.page.locator(".group__closing").wait_for()
        await phone.page.evaluate("scrollTo(0, 0)")
        await day.take("gruppe-schluss", laptop)
        await day.take("gruppe-schluss-telefon", phone)
    day.turn(11, 53)
    await laptop.sees(t("groups.back"))
    await day.take("gruppen-zurueck", laptop)
    for window in (laptop, phone):
        await window.context.close()


@contextlib.asynccontextmanager
async def filmed(day: Day) -> AsyncIterator[list[Visitor]]:
    """People of the room with their cameras on."""
    windows: list[Visitor] = []
    for email, portrait in FILMED.items():
        window = await day.window(email, f"/s/{GROUPS}", size=(640, 480))
        await window.page.evaluate(f"window.portrait = '{portrait}'")
        await day.do("breakouts.move", session=GROUPS, person=await me(window), room=ROOM)
        with contextlib.suppress(AssertionError):
            await window.press("session.join")
        await window.page.locator(".group__bar").wait_for(timeout=30_000)
        await window.press("groups.video.on")
        windows.append(window)
    try:
        yield windows
    finally:
        for window in windows:
            await window.context.close()


async def play(day: Day) -> None:
    """The short day."""
    await before(day)
    await busy_hall(day)
    day.turn(11, 25)
    await full_group(day)


if __name__ == "__main__":
    sys.exit(photograph(play, sys.argv[1:], people))
