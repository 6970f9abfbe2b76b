"""The pictures in ``docs/screens``: a whole conference day with real windows, at ten o'clock on its own date.

``python -m tests.browser.screens [NAME …]`` plays the day and takes every picture, or those named alone.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from playwright.async_api import Browser, expect

from conference.config import secret_key
from conference.hall.hall import HEARTBEAT_SECONDS
from conference.people.tokens import Tokens
from conference.web.pages.session import CODE_SECONDS
from tests.browser.axe import violations
from tests.browser.clocked import turn
from tests.browser.people import Visitor, chromium, t
from tests.films.made import SUBTITLES, make_film
from tests.house import Client, connect
from tests.server import Server, running
from tests.the_day import FILM

PICTURES = Path(__file__).parents[2] / "docs" / "screens"
CAMERA = Path(__file__).with_name("camera.js").read_text("utf-8")
LAPTOP, SMALL_LAPTOP, PHONE, PROJECTOR, WIDE = (1366, 768), (1280, 800), (390, 844), (1600, 900), (1680, 1050)
MODERATOR, ORGANISER = "oliver.lilie@example.org", "organisation@example.org"
SPEAKERS = {
    "michael.fleig@example.org": "manager",
    "susi.moebbeck@example.org": "secretary",
    "susanne.wiedemeyer@example.org": "unionist",
    "susanne.doerrwand@example.org": "chamber",
}
FLEIG, MOEBBECK, *OTHERS = SPEAKERS
ANNA, PRODUCTION = "violetta.kohl@example.org", "regie@example.org"
ONLINE, IN_THE_HALL = 57, 14
LIVE, PAUSE, WITH_FILM, END = "live-1", "aktiv-pause", "live-2", "feedback"
MIDDAY = (("live-2", (12, 30), (13, 28)),)
GROUPS, IN_GROUP = "arbeitsgruppen", "ag2"
BOARD = "- Weiterbildung braucht Zeit im Betrieb\n- Kleine Betriebe brauchen Lotsen\n- Förderung muss einfacher werden"
SAID = (
    "Guten Tag zusammen!",
    "Wer schreibt an der Tafel mit? Ich kann anfangen, muss aber um zwölf kurz weg.",
    "Gern, ich übernehme das erste Feld.",
)
LIGHTS = {"ag1": "done", "ag2": "working", "ag4": "working"}
QUESTION = "Wie gewinnen wir Auszubildende, wenn in manchen Dörfern kein Bus mehr fährt?"
MIXED = """document.documentElement.style.background =
  "radial-gradient(circle at 30% 35%, #d2b78f, #5b6f86 45%, #22303a), #345\""""
"""A picture behind the Einblendung, as the vision mixer has one."""
WORDS = (
    ("Zuwanderung", 9), ("Ausbildung", 8), ("Wertschätzung", 7), ("Mut", 6), ("Weiterbildung", 6), ("Netzwerk", 4),
    ("Digitalisierung", 4), ("Heimat", 3), ("Vereinbarkeit", 3), ("Zusammenhalt", 2), ("Geduld", 2), ("Offenheit", 2),
    ("Zukunft", 1),
)  # fmt: skip
RATINGS = (10,) * 9 + (9,) * 15 + (8,) * 19 + (7,) * 6 + (6,) * 3 + (5,)
COMMENTS = ("Mehr Zeit für die Arbeitsgruppen, bitte.", "Die Aktiv-Pause war großartig!", "Sehr gut moderiert. Danke.")
LATE = """Vorname;Nachname;E-Mail;Organisation
Ida;Sommer;ida.sommer@example.org;Stadtwerke
Jan;Wolf;jan.wolf(at)example;
;;post@example.org;Handwerkskammer
"""


def at(hours: int, minutes: int) -> datetime:
    """An instant of the conference day, by the clock in Magdeburg."""
    return datetime(2026, 6, 17, hours - 2, minutes, tzinfo=UTC)


class Day:
    """The running day, its windows, and the people who take part without one."""

    def __init__(self, server: Server, browser: Browser, clock: Path, wanted: Sequence[str]) -> None:
        self.server = server
        self.browser = browser
        self.clock = clock
        self.wanted = wanted
        self.links: dict[tuple[str | None, str | None], str] = {}
        self.crowd: list[Client] = []
        self.flaws: list[str] = []
        self.moderator: Client

    async def begin(self) -> None:
        """Know everybody's links; the moderator sits down."""
        self.links = {(link["email"], link["session"]): link["url"] for link in await self.server.links()}
        self.moderator = await self.client(MODERATOR, LIVE)

    async def client(self, email: str, session: str) -> Client:
        """A page of somebody's without a window."""
        jar = aiohttp.CookieJar(unsafe=True)
        async with (
            aiohttp.ClientSession(cookie_jar=jar) as http,
            http.get(self.links[email, None], allow_redirects=False),
        ):
            cookies = "; ".join(f"{cookie.key}={cookie.value}" for cookie in jar)
        return await connect(self.server.url, cookies, {"session": session})

    async def fill(self, session: str) -> None:
        """The audience joins."""
        await self.disperse()
        emails = sorted(email for email, key in self.links if email and key is None and self._guest(email))
        for email in emails[:ONLINE]:
            self.crowd.append(await self.client(email, session))
            await self.crowd[-1].do("session.join", session=session)
        tokens = Tokens(secret_key(self.server.data))
        code = tokens.hall_code(LIVE, int(self.now.timestamp()) // CODE_SECONDS)
        async with aiohttp.ClientSession() as http:
            for email in emails[ONLINE : ONLINE + IN_THE_HALL] if session == LIVE else []:
                async with http.post(f"{self.server.url}/hall/{LIVE}/{code}", data={"email": email}) as answer:
                    assert answer.status == 200

    def _guest(self, email: str) -> bool:
        staff = {MODERATOR, ORGANISER, ANNA, PRODUCTION, *SPEAKERS}
        return email not in staff and not email.startswith("ag") and "mueller" not in email

    async def disperse(self) -> None:
        """The audience goes."""
        for client in self.crowd:
            await client.sio.disconnect()
        self.crowd.clear()

    def turn(self, hours: int, minutes: int) -> None:
        """Set everybody's clock."""
        self.now = at(hours, minutes)
        turn(self.clock, self.now)

    async def do(self, command: str, **body: Any) -> Any:
        """What the moderator presses."""
        return await self.moderator.do(command, **{"session": LIVE, **body})

    async def window(
        self, email: str | None, path: str, *, size: tuple[int, int] = LAPTOP, dark: bool = False, lang: str = "de"
    ) -> Visitor:
        """Somebody's window, with a drawn person before its camera."""
        context = await self.browser.new_context(
            viewport={"width": size[0], "height": size[1]}, locale="de-DE", timezone_id="Europe/Berlin",
            color_scheme="dark" if dark else "light", permissions=["camera", "microphone"], reduced_motion="reduce",
            device_scale_factor=1.5 if size == PHONE else 1, is_mobile=size == PHONE, has_touch=size == PHONE,
        )  # fmt: skip
        await context.add_init_script(f"window.portrait = '{SPEAKERS.get(email or '', 'secretary')}';{CAMERA}")
        page = await context.new_page()
        person = Visitor(email or "hall", context, page)
        if email != "nobody":
            await page.goto(self.links[email, LIVE if email is None else None])
        await page.goto(f"{self.server.url}{path}{'&' if '?' in path else '?'}lang={lang}")
        return person

    async def take(self, name: str, person: Visitor, *, wait: int = 1500, paper: bool = False) -> None:
        """Take a picture when it stands still, and let axe-core look as well, but at nothing printed."""
        if self.wanted and name not in self.wanted:
            return
        await person.page.mouse.move(0, 0)
        await person.page.wait_for_timeout(wait)
        await person.page.screenshot(path=PICTURES / f"{name}.png")
        flaws = [] if paper else await violations(person)
        self.flaws += [f"{name}: {flaw}" for flaw in flaws]
        print(name, *flaws, sep="\n    ", flush=True)

    async def look(self, name: str, email: str | None, path: str, **how: Any) -> None:
        """Open a page, take its picture, close it."""
        person = await self.window(email, path, **how)
        await self.take(name, person)
        await person.context.close()

    async def enter(self, email: str) -> Visitor:
        """A speaker goes backstage."""
        speaker = await self.window(email, f"/s/{LIVE}/backstage", size=SMALL_LAPTOP)
        await speaker.press("devices.start")
        await speaker.page.get_by_role("button", name=t("backstage.enter")).wait_for()
        if email == FLEIG:
            await self.take("backstage-probe", speaker)
        await speaker.press("backstage.enter")
        await speaker.sees(t("backstage.waiting"))
        return speaker

    async def person(self, email: str) -> str:
        """The id by which the stage knows somebody."""
        snapshot = await self.moderator.do("page.snapshot", session=LIVE)
        entries = [*snapshot["stage"]["backstage"], *filter(None, snapshot["stage"]["slots"])]
        name = email.split("@", maxsplit=1)[0].rsplit(".", 1)[1].replace("oe", "ö")
        return str(next(entry["person"] for entry in entries if name in entry["name"].lower()))


async def morning(day: Day) -> None:
    """Before the session: what one finds who opens the link early."""
    day.turn(9, 41)
    await day.do("session.move", session="ankommen", to="live")
    await day.look("willkommen", "nobody", "/", size=PHONE)
    await day.look("fehler", ANNA, "/s/nirgends", size=PHONE)
    await day.look("mein-tag", ANNA, "/me")
    await day.look("mein-tag-telefon", ANNA, "/me", size=PHONE, dark=True)
    day.turn(9, 52)
    await day.do("session.move", to="backstage")
    await day.look("regie-leer", PRODUCTION, f"/regie/{LIVE}", size=SMALL_LAPTOP)
    await day.look("saalbild-warten", None, f"/venue/{LIVE}", size=PROJECTOR)
    code = Tokens(secret_key(day.server.data)).hall_code(LIVE, int(day.now.timestamp()) // CODE_SECONDS)
    await day.look("einchecken", "nobody", f"/hall/{LIVE}/{code}", size=PHONE)
    lobby = await day.window(ANNA, f"/s/{LIVE}")
    await lobby.press("session.join")
    await lobby.press("devices.start")
    await day.take("lobby", lobby)
    await lobby.context.close()


async def stage(day: Day) -> None:
    """One, two, four people and a shared screen; then one again, with the polls."""
    await day.fill(LIVE)
    fleig = await day.enter(FLEIG)
    await day.take("backstage-wartet", fleig)
    day.turn(9, 59)
    await day.do("session.move", to="live")
    await day.do("session.move", session="ankommen", to="ended")
    day.turn(10, 24)
    hall = await day.window(ANNA, f"/s/{LIVE}")
    await hall.press("session.join")
    await day.take("saal-karte", hall)
    await fleig.sees(t("feed.connected"))
    await day.do("stage.bring_on", person=await day.person(FLEIG), source="camera", seconds=10)
    await day.take("backstage-gleich", fleig, wait=500)
    await playing(hall, 1)
    await day.take("saal-bauchbinde", hall)
    await day.take("saal", hall)
    moebbeck = await day.enter(MOEBBECK)
    desk = await day.window(PRODUCTION, f"/regie/{LIVE}", size=SMALL_LAPTOP)
    await expect(desk.page.locator(".panel .tile[data-playing]")).to_have_count(2, timeout=30_000)
    await day.take("regie", desk, wait=20_000)
    await desk.context.close()
    await bring_on(day, MOEBBECK)
    await playing(hall, 2)
    await day.take("saal-gespraech", hall)
    await connection(day)
    await day.take("backstage-live", fleig)
    others = [await day.enter(email) for email in OTHERS]
    for email in OTHERS:
        await bring_on(day, email)
    dark = await day.window(ANNA, f"/s/{LIVE}", dark=True)
    await dark.press("session.join")
    await playing(dark, 4)
    await day.take("saal-podium-dunkel", dark)
    await dark.context.close()
    for email, window in zip(OTHERS, others, strict=True):
        await day.do("stage.take_off", person=await day.person(email), source="camera")
        await window.press("backstage.leave")
        await window.page.get_by_role("button", name=t("backstage.enter")).wait_for()
        await window.context.close()
    await fleig.press("backstage.screen.share")
    await fleig.sees(t("backstage.screen.waiting"))
    await day.do("stage.bring_on", person=await day.person(FLEIG), source="screen")
    english = await day.window(ANNA, f"/s/{LIVE}", lang="en")
    await english.page.get_by_role("button", name="Join").first.click()
    await playing(english, 3)
    await day.take("saal-bildschirm-englisch", english)
    await english.context.close()
    await fleig.press("backstage.screen.stop")
    await polls(day, hall)
    await in_the_hall(day)
    await trouble(day, fleig)
    for window in (fleig, moebbeck, hall):
        await window.context.close()


async def connection(day: Day) -> None:
    """What a press on the connection badge tells."""
    for name, size, dark in (("verbindung", LAPTOP, False), ("verbindung-telefon", PHONE, True)):
        person = await day.window(ANNA, f"/s/{LIVE}", size=size, dark=dark)
        await person.press("session.join")
        await playing(person, 2)
        await person.page.locator("button.connection").click()
        await day.take(name, person, wait=6_000)
        await person.context.close()


async def trouble(day: Day, speaker: Visitor) -> None:
    """A camera stands still, and the production sees it."""
    desk = await day.window(PRODUCTION, f"/regie/{LIVE}", size=SMALL_LAPTOP)
    phone = await day.window(PRODUCTION, f"/regie/{LIVE}", size=PHONE)
    await desk.page.wait_for_timeout(5_000)
    await speaker.page.evaluate("document.querySelector('.mirror video').srcObject.getVideoTracks()[0].stop()")
    for name, window in (("regie-stoerung", desk), ("regie-telefon", phone)):
        await expect(window.page.locator(".panel[data-level=bad]")).to_have_count(1, timeout=30_000)
        await day.take(name, window)
        await window.context.close()


async def bring_on(day: Day, email: str) -> None:
    """The moderator's press."""
    await day.do("stage.bring_on", person=await day.person(email), source="camera")


async def playing(person: Visitor, tiles: int) -> None:
    """Wait until so many pictures move."""
    await expect(person.page.locator("conf-stage .tile[data-playing]")).to_have_count(tiles, timeout=30_000)


async def overlay(day: Day, path: str) -> Visitor:
    """The Einblendung over a picture."""
    person = await day.window(PRODUCTION, f"/overlay/{path}", size=PROJECTOR)
    await person.page.evaluate(MIXED)
    return person


async def in_the_hall(day: Day) -> None:
    """A phone in the hall, and what both screens show of questions, words to all and names."""
    mixed, screen = await overlay(day, LIVE), await day.window(None, f"/venue/{LIVE}", size=PROJECTOR)
    code = Tokens(secret_key(day.server.data)).hall_code(LIVE, int(day.now.timestamp()) // CODE_SECONDS)
    phone = await day.window(ANNA, f"/hall/{LIVE}/{code}", size=PHONE)
    await day.take("einchecken-bekannt", phone)
    await phone.press("checkin.press")
    await phone.sees(t("inhall.here"))
    await day.do("poll.open", poll="lage")
    await vote(day, "lage", [0] * 11 + [1] * 22 + [2] * 9 + [3] * 4 + [4])
    await day.take("telefon-im-saal", phone)
    await day.take("einblendung-umfrage", mixed)
    await day.do("direction.screen", screen="turnout")
    await day.take("saalbild-verdeckt", screen)
    await day.do("direction.screen", screen="auto")
    await day.do("poll.close", poll="lage")
    await day.crowd[3].do("question.ask", session=LIVE, question="q-in-the-hall-0001", text=QUESTION, anonymous=False)
    await day.do("question.move", question="q-in-the-hall-0001", to="open")
    await day.do("question.pin", question="q-in-the-hall-0001")
    await day.take("saalbild-frage", screen)
    await day.take("einblendung-frage", mixed)
    await day.take("telefon-im-saal-frage", phone)
    await day.do("question.pin", question=None)
    await day.do("direction.say", text="Bitte nehmen Sie Ihre Plätze ein.")
    await day.do("stage.name", person=await day.person(FLEIG), source="camera", named=True)
    await day.take("einblendung-name", mixed)
    await day.take("saalbild-nachricht", screen)
    await day.do("direction.say", text="")
    await day.do("stage.name", person=await day.person(FLEIG), source="camera", named=False)
    await phone.page.set_viewport_size({"width": 320, "height": 640})
    await day.take("telefon-im-saal-320", phone)
    for window in (mixed, screen, phone):
        await window.context.close()


async def groups(day: Day) -> None:
    """The working groups as the hall sees them."""
    day.turn(11, 25)
    await day.fill(GROUPS)
    screen, mixed = await day.window(None, f"/venue/{GROUPS}", size=PROJECTOR), await overlay(day, GROUPS)
    await day.do("breakouts.assign", session=GROUPS, fresh=True)
    await day.do("breakouts.start", session=GROUPS, minutes=60)
    await day.take("saalbild-gruppen-gleich", screen)
    day.turn(11, 51)
    await expect(screen.page.locator("[data-phase=open]")).to_have_count(1, timeout=30_000)
    for room, light in LIGHTS.items():
        await day.do("board.mark", session=GROUPS, room=room, light=light)
    await day.take("saalbild-gruppen", screen)
    await day.take("einblendung-gruppen", mixed)
    await inside_a_group(day)
    await day.do("breakouts.recall", session=GROUPS)
    await day.take("saalbild-gruppen-zurueck", screen)
    for window in (screen, mixed):
        await window.context.close()
    day.turn(12, 25)
    await asyncio.sleep(HEARTBEAT_SECONDS + 1)
    await day.do("session.move", session=GROUPS, to="ended")
    await boards(day)


async def inside_a_group(day: Day) -> None:
    """A group from the inside: pictures, the word, the board, the chat; on a laptop, a phone, in the dark."""
    here: list[tuple[str, Client]] = []
    for client in day.crowd:
        if (await client.do("breakouts.enter", session=GROUPS))["room"] == IN_GROUP:
            me = (await client.do("page.snapshot", session=GROUPS))["me"]["id"]
            here.append((me, client))
    for number, words in enumerate(SAID):
        message = f"m-00000000000001{number:02d}"
        await here[number][1].do("chat.say", session=GROUPS, room=IN_GROUP, message=message, text=words)
    laptop = await day.window(ANNA, f"/s/{GROUPS}")
    phone = await day.window(ANNA, f"/s/{GROUPS}", size=PHONE, dark=True)
    anna = await laptop.page.evaluate("JSON.parse(document.getElementById('snapshot').textContent).me.id")
    await day.do("breakouts.resize", session=GROUPS, room=IN_GROUP, capacity=30)
    await day.do("breakouts.move", session=GROUPS, person=anna, room=IN_GROUP)
    for window in (laptop, phone):
        await window.press("session.join")
        await window.page.locator(".group__bar").wait_for()
    await laptop.press("groups.video.on")
    for client in (here[0][1], here[3][1]):
        await client.do("breakouts.hand", session=GROUPS, up=True)
    await laptop.press("groups.hand.raise")
    await day.do("breakouts.call", session=GROUPS, person=anna, called=True)
    await laptop.page.locator("#board-0").fill(BOARD)
    await day.take("gruppe", laptop, wait=3_000)
    await day.take("gruppe-telefon", phone)
    for window in (laptop, phone):
        await window.page.get_by_role("tab", name=t("chat.title")).click()
    await laptop.page.get_by_label(t("chat.letters")).check()
    await here[1][1].do("chat.type", session=GROUPS, room=IN_GROUP, text="Ich suche gerade die Za")
    await day.take("gruppe-chat", laptop, wait=500)
    await day.take("gruppe-chat-telefon", phone)
    for window in (laptop, phone):
        await window.context.close()


async def boards(day: Day) -> None:
    """Back in the plenary: boards on the desk and on the stage, and somebody who is called up."""
    await day.do("session.move", session=WITH_FILM, to="live")
    desk = await day.window(MODERATOR, f"/s/{WITH_FILM}/moderation", size=WIDE)
    await desk.press("boards.first")
    item = desk.page.locator(".board-desk__item", has_text=BOARD.splitlines()[0][2:])
    await item.get_by_text(t("boards.vote.pick")).click()
    await item.get_by_role("button", name=t("boards.vote.field")).first.click()
    await desk.sees(t("boards.vote.open"))
    await desk.page.locator("conf-board-desk").scroll_into_view_if_needed()
    await day.take("tafeln-moderation", desk)
    laptop = await day.window(ANNA, f"/s/{WITH_FILM}")
    await laptop.press("session.join")
    await day.take("tafel-saal", laptop)
    await day.do("board.hide", session=WITH_FILM)
    await laptop.press("hand.raise")
    await desk.press_named(f"{t('hands.call')}: ")
    await laptop.sees(t("guest.called"))
    await day.take("aufgerufen", laptop)
    await laptop.press("guest.camera")
    await laptop.sees(t("guest.live"))
    await day.take("gast", laptop, wait=3_000)
    for window in (desk, laptop):
        await window.context.close()
    await day.do("hand.lower", session=WITH_FILM, person=None)
    await day.do("session.move", session=WITH_FILM, to="backstage")


async def polls(day: Day, hall: Visitor) -> None:
    """Every kind of poll: asked, answered, shown."""
    screen = await day.window(None, f"/venue/{LIVE}", size=PROJECTOR)
    phone = await day.window(ANNA, f"/s/{LIVE}", size=PHONE)
    await phone.press("session.join")
    await day.do("poll.open", poll="lage")
    await vote(day, "lage", [0] * 11 + [1] * 22 + [2] * 9 + [3] * 4 + [4])
    await playing(phone, 2)
    await day.take("telefon-umfrage", phone)
    await playing(screen, 2)
    await day.take("saalbild-umfrage", screen)
    for name, size, dark in (("moderation", SMALL_LAPTOP, False), ("moderation-dunkel", WIDE, True)):
        console = await day.window(MODERATOR, f"/s/{LIVE}/moderation", size=size, dark=dark)
        await playing(console, 2)
        await day.take(name, console)
        await console.context.close()
    await hall.page.get_by_label("gestiegen", exact=True).first.check()
    await hall.press("poll.vote")
    await day.take("saal-abgestimmt", hall)
    await show(day, "lage")
    await day.take("saal-ergebnis", hall)
    await day.take("saalbild-ergebnis", screen)
    await day.do("poll.open", poll="hebel")
    await vote(day, "hebel", [[0, 1], [0, 1, 3], [1, 2, 3], [2, 3, 5], [1, 3, 5], [0, 3], [1, 5]] * 7)
    await show(day, "hebel")
    await day.take("telefon-ergebnis", phone)
    await scale(day)
    await day.take("telefon-skala", phone)
    await day.do("poll.open", poll="ein-wort")
    await day.take("telefon-worte", phone)
    await vote(day, "ein-wort", [word for word, times in WORDS for _ in range(times)])
    await day.take("saalbild-worte-waechst", screen)
    await show(day, "ein-wort")
    await day.take("saalbild-worte", screen)
    for window in (screen, phone):
        await window.context.close()


async def scale(day: Day) -> None:
    """A poll made on the spot."""
    await day.do(
        "poll.create", question="Wie zuversichtlich blicken Sie auf das nächste Jahr?", kind="scale", options=[],
        max_choices=None, scale_from=1, scale_to=5, anonymous=False, revisable=True,
    )  # fmt: skip
    snapshot = await day.moderator.do("page.snapshot", session=LIVE)
    key = snapshot["polls"][-1]["key"]
    await day.do("poll.open", poll=key)
    await vote(day, key, [1] * 2 + [2] * 6 + [3] * 15 + [4] * 22 + [5] * 8)
    await show(day, key)


async def vote(day: Day, poll: str, choices: Sequence[Any]) -> None:
    """The audience answers."""
    snapshot = await day.moderator.do("page.snapshot", session=LIVE)
    run = next(entry["run"] for entry in snapshot["polls"] if entry["key"] == poll)
    for client, choice in zip(day.crowd, choices, strict=False):
        await client.do("poll.vote", session=LIVE, poll=poll, run=run, choice=choice)


async def show(day: Day, poll: str) -> None:
    """The moderator closes and shows."""
    await day.do("poll.close", poll=poll)
    await day.do("poll.publish", poll=poll)


async def evening(day: Day) -> None:
    """The end: everybody rates, the organiser looks."""
    day.turn(11, 9)
    await asyncio.sleep(HEARTBEAT_SECONDS + 1)
    await day.do("session.move", to="ended")
    await pause(day)
    await groups(day)
    for session, begins, ends in MIDDAY:
        await attend(day, session, begins, ends)
    await film(day)
    day.turn(13, 31)
    await day.do("session.move", session=END, to="live")
    await day.fill(END)
    for index, (client, rating) in enumerate(zip(day.crowd, RATINGS, strict=False)):
        aspects = {"Inhalte": 4 + index % 2, "Technik": 3 + index % 3, "Moderation": 5 - index // 40, "Austausch": 3}
        comment = COMMENTS[index] if index < len(COMMENTS) else None
        await client.do("feedback.rate", session=END, rating=rating, aspects=aspects, comment=comment)
    phone = await day.window(ANNA, f"/s/{END}", size=PHONE)
    await day.take("telefon-rueckmeldung", phone)
    await phone.press_named(t("rating.of", value=8, to=10))
    await phone.sees(t("rating.thanks"))
    await day.take("telefon-danke", phone)
    await phone.context.close()
    await organiser(day)


async def pause(day: Day) -> None:
    """The active pause: an exercise, the rest with those who are back, the last half minute."""
    day.turn(11, 10)
    await day.fill(PAUSE)
    hall = await day.window(None, f"/venue/{PAUSE}", size=PROJECTOR)
    laptop = await day.window(ANNA, f"/s/{PAUSE}")
    phone = await day.window(ANNA, f"/s/{PAUSE}", size=PHONE)
    for window in (laptop, phone):
        await window.press("session.join")
    console = await day.window(MODERATOR, f"/s/{PAUSE}/moderation", size=SMALL_LAPTOP)
    await console.press("pausedesk.start")
    for name, window in (("pause", laptop), ("pause-telefon", phone), ("pause-moderation", console)):
        await day.take(name, window)
    await day.do("pause.skip", session=PAUSE, run=1, step=0)
    await day.take("pause-saalbild", hall)
    day.turn(11, 19)
    for client in day.crowd[:31]:
        await client.do("pause.back", session=PAUSE, run=1, back=True)
    for window in (laptop, phone, hall):
        await window.sees(t("pause.rest"))
    await day.take("pause-freie-zeit", laptop)
    day.turn(11, 24)
    await day.do("pause.end", session=PAUSE, run=1, at_once=False)
    for name, window in (("pause-gleich-weiter", phone), ("pause-gleich-weiter-saalbild", hall)):
        await window.page.locator(".pause__handover").wait_for()
        await day.take(name, window)
    for window in (hall, laptop, phone, console):
        await window.context.close()
    await asyncio.sleep(HEARTBEAT_SECONDS + 1)
    await day.do("session.move", session=PAUSE, to="ended")


async def attend(day: Day, session: str, begins: tuple[int, int], ends: tuple[int, int]) -> None:
    """One of the sessions between, from beginning to end."""
    day.turn(*begins)
    await day.do("session.move", session=session, to="live")
    await day.fill(session)
    day.turn(*ends)
    await asyncio.sleep(HEARTBEAT_SECONDS + 1)
    await day.do("session.move", session=session, to="ended")


async def film(day: Day) -> None:
    """The film of the programme: taken in, on stage, over."""
    look = make_film(day.server.data / "Krise als Chance.webm", 30)
    subtitles = look.with_suffix(".vtt")
    subtitles.write_text(SUBTITLES, "utf-8")
    await day.server.command("film", WITH_FILM, FILM, str(look), "--subtitles", str(subtitles))
    await day.look("filme", ORGANISER, "/organise/films")
    day.turn(13, 20)
    await day.do("session.move", session=WITH_FILM, to="live")
    phone = await day.window(ANNA, f"/s/{WITH_FILM}", size=PHONE)
    await phone.press("session.join")
    screen = await day.window(None, f"/venue/{WITH_FILM}", size=PROJECTOR)
    desk = await day.window(MODERATOR, f"/s/{WITH_FILM}/moderation", size=SMALL_LAPTOP)
    await day.take("saalbild-karte", screen)
    await day.do("film.start", session=WITH_FILM, part=FILM)
    await day.take("film-titel", phone, wait=1_000)
    await day.take("film", phone, wait=5_000)
    await day.take("film-saalbild", screen, wait=0)
    await desk.page.locator("conf-film-desk").scroll_into_view_if_needed()
    await day.take("film-moderation", desk, wait=500)
    for window in (phone, screen, desk):
        await window.context.close()
    await day.do("session.move", session=WITH_FILM, to="ended")


async def organiser(day: Day) -> None:
    """What the organiser has in the end."""
    await day.look("organisation", ORGANISER, "/organise")
    await day.look("ergebnisse", ORGANISER, "/organise/results", size=WIDE)
    people = await day.window(ORGANISER, "/organise/people")
    await day.take("personen", people)
    file = {"name": "nachmeldungen.csv", "mimeType": "text/csv", "buffer": LATE.encode("cp1252")}
    await people.page.locator("input[type=file]").set_input_files([file])  # type: ignore[list-item]
    await people.press("import.send")
    await people.sees(t("import.done"))
    await day.take("einlesen", people)
    await people.page.goto(f"{day.server.url}/organise/people?q=becker")
    await people.page.locator("tbody a").first.click()
    await day.take("person", people)
    await people.page.goto(f"{day.server.url}/organise/badges")
    await day.take("namensschilder", people)
    await people.page.emulate_media(media="print")
    await people.page.set_viewport_size({"width": 794, "height": 1123})
    await day.take("namensschilder-druck", people, paper=True)
    await people.context.close()


async def day_of(day: Day) -> None:
    """From the first who comes to the results."""
    await morning(day)
    await stage(day)
    await evening(day)


def photograph(
    story: Callable[[Day], Awaitable[None]], wanted: Sequence[str], people: Callable[[Path], Path] | None = None
) -> int:
    """Play a day before the cameras. Returns 1 if axe-core complains of a picture.

    Args:
        wanted: names of pictures; none: all.
        people: makes another list of people, in a directory.
    """

    async def play() -> list[str]:
        PICTURES.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory() as directory:
            clock = Path(directory) / "clock"
            turn(clock, at(9, 35))
            server = Server(Path(directory) / "data", program=("-m", "tests.browser.clocked", str(clock)))
            await server.import_day(*([people(Path(directory))] if people else []))
            async with running(server), chromium() as browser:
                day = Day(server, browser, clock, wanted)
                await day.begin()
                await story(day)
                await day.disperse()
                await day.moderator.sio.disconnect()
        return day.flaws

    return 1 if asyncio.run(play()) else 0


if __name__ == "__main__":
    sys.exit(photograph(day_of, sys.argv[1:]))
