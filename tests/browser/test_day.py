"""The whole day in fast motion: driven by *Weiter*, people at browsers and sockets, a server that is killed.

The story keeps a book of what it did; at the end the exports must say the same.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Browser, Locator, expect

from tests.browser.clocked import turn
from tests.browser.people import PATIENCE, PHONE, PROJECTOR, Visitor, chromium, t, until, visitor
from tests.house import Client, connect
from tests.server import Server, running

pytestmark = pytest.mark.browser

MODERATOR, SPEAKER, ORGANISER = "oliver.lilie@example.org", "michael.fleig@example.org", "organisation@example.org"
ANNA, BERND, CLARA = "violetta.kohl@example.org", "felix.groettner@example.org", "ildiko.beyer@example.org"
CROWD = [
    "detlef.etzler@example.org", "ivan.patberg@example.org", "hasan.kuehnert@example.org",
    "florentine.becker@example.org", "valerij.neuschaefer@example.org", "agathe.ruppersberger@example.org",
]  # fmt: skip
"""People without a window, at a socket."""
LIVE, PAUSE, GROUPS, AGAIN, END = "live-1", "aktiv-pause", "arbeitsgruppen", "live-2", "feedback"
POLL, OPTIONS = "Wie hat sich Ihr Bedarf an Fachkräften im letzten Jahr verändert?", ["stark gestiegen", "gestiegen"]
ASKED, STATEMENTS = "Wer bildet in der Region aus?", ["Ausbildung zuerst", "Betriebe gewinnen"]
AG2 = "AG 2 – Weiterbildung im Wandel"


@dataclass
class Book:
    """What happened, as those who did it know it."""

    votes: Counter[int] = field(default_factory=Counter)
    statements: Counter[int] = field(default_factory=Counter)
    ratings: list[int] = field(default_factory=list)
    board: list[str] = field(default_factory=list)
    rooms: dict[str, str] = field(default_factory=dict)
    minutes: dict[str, float] = field(default_factory=dict)
    cues: list[tuple[str, str]] = field(default_factory=list)


class Day:
    """A day on a server's clock that is turned, its windows and sockets, and the book."""

    def __init__(self, server: Server, clock: Path, browser: Browser) -> None:
        self.server, self.browser, self.book = server, browser, Book()
        self._clock, self.now = clock, datetime(2026, 6, 17, 7, 30, tzinfo=UTC)
        self.windows: list[Visitor] = []
        self.sockets: dict[str, Client] = {}

    def at(self, hour: int, minute: int) -> None:
        """Turn the clock on to a time in Magdeburg."""
        self.forward((datetime(2026, 6, 17, hour - 2, minute, tzinfo=UTC) - self.now).total_seconds())

    def forward(self, seconds: float) -> None:
        """Turn the clock on; what passed meanwhile by the wall counts on top."""
        self.now += timedelta(seconds=seconds)
        ahead = float(self._clock.read_text("ascii")) + seconds
        self._clock.with_suffix(".new").write_text(str(ahead), "ascii")
        self._clock.with_suffix(".new").rename(self._clock)

    async def window(self, name: str, email: str | None, path: str, **how: Any) -> Visitor:
        """Somebody opens the link and goes to a page."""
        session = path.split("/")[2] if email is None else None
        person = await visitor(self.browser, name, await self.server.link(email, session), **how)
        if email is not None:
            await person.page.goto(self.server.url + path)
        self.windows.append(person)
        return person

    async def socket(self, email: str, session: str) -> Client:
        """Somebody's page without a browser; the one before is closed."""
        before = self.sockets.pop(email, None)
        if before:
            await before.sio.disconnect()
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
            async with http.get(await self.server.link(email), allow_redirects=False) as answer:
                assert answer.status == 303
            cookies = "; ".join(f"{cookie.key}={cookie.value}" for cookie in http.cookie_jar)
        client = self.sockets[email] = await connect(self.server.url, cookies, {"session": session})
        return client

    async def crowd(self, session: str, *, join: bool = True) -> list[Client]:
        """All those at sockets go to a session."""
        clients = [await self.socket(email, session) for email in CROWD]
        for client in clients if join else []:
            await client.do("session.join", session=session)
        return clients

    async def staff(self, session: str) -> Client:
        """The organiser's socket."""
        return await self.socket(ORGANISER, session)

    async def press(self, desk: Visitor, key: str, *, sure: str | None = None) -> None:
        """*Weiter*: just this cue is done; where it is asked for, once more with the button of a text's key."""
        direction = desk.page.locator("conf-direction")
        step = (await self._direction())["step"]
        go = direction.get_by_role("button", name=t("direction.next"), exact=True)
        await expect(go).to_have_attribute("aria-disabled", "false", timeout=PATIENCE)
        await go.click(timeout=PATIENCE)
        if sure:
            await desk.press(sure, within="dialog[open]")
        found: dict[str, Any] = {}

        async def done() -> bool:
            found.update(await self._direction())
            return bool(found["step"] > step)

        await until(done, f"{key} does not happen")
        newest = [cue for cue in found["cues"] if cue["state"] != "waiting"][-1]
        assert (newest["key"], found["step"]) == (key, step + 1)
        self.book.cues.append((key, newest["state"]))

    async def _direction(self) -> dict[str, Any]:
        snapshot = await self.sockets[ORGANISER].do("page.snapshot", session=LIVE)
        return dict(snapshot["direction"])

    async def skip(self, desk: Visitor, *keys: str) -> None:
        """The organiser leaves cues out, and the desk sees it."""
        for key in keys:
            cue = desk.page.locator("conf-direction .direction__cue")
            before, step = await cue.text_content(), (await self._direction())["step"]
            await self.sockets[ORGANISER].do("direction.skip", session=LIVE, step=step)
            await expect(cue).not_to_have_text(str(before), timeout=PATIENCE)
            self.book.cues.append((key, "skipped"))

    async def export(self, what: str) -> Any:
        """An export, as an organiser downloads it."""
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
            async with http.get(await self.server.link(ORGANISER)) as answer:
                assert answer.status == 200
            async with http.get(f"{self.server.url}/organise/export/{what}.json") as answer:
                return json.loads(await answer.read())


def line(person: Visitor, number: int = 0) -> Locator:
    """A field of the board."""
    return person.page.locator(f"#board-{number}")


async def saved(person: Visitor) -> None:
    """All that was typed here is stored."""
    await expect(person.page.locator(".board__state")).to_have_attribute("data-state", "saved", timeout=PATIENCE)


async def in_room(person: Visitor, title: str = AG2) -> None:
    """The page shows the inside of a room."""
    await expect(person.page.locator(".group__bar h1")).to_have_text(title, timeout=PATIENCE)


async def test_the_whole_day_in_fast_motion(tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    turn(clock, datetime(2026, 6, 17, 7, 30, tzinfo=UTC))
    server = Server(tmp_path / "data", program=("-m", "tests.browser.clocked", str(clock)), media_workers=1)
    await server.import_day()
    async with running(server), chromium() as browser:
        day = Day(server, clock, browser)
        try:
            await day.staff(LIVE)
            desk = await day.window("desk", MODERATOR, f"/s/{LIVE}/moderation")
            anna = await day.window("anna", ANNA, "/s/ankommen")
            bernd = await day.window("bernd", BERND, "/s/ankommen", size=PHONE)
            await morning(day, desk, anna, bernd)
            await pause(day, desk, anna, bernd)
            await groups(day, desk, anna, bernd)
            await afternoon(day, desk, anna, bernd)
            await end(day, desk, anna, bernd)
            await check(day)
            assert [problem for person in day.windows for problem in person.problems] == []
        finally:
            for client in day.sockets.values():
                await client.sio.disconnect()


async def go_on(person: Visitor, session: str) -> None:
    """Follow the way that the page shows, and join."""
    way = person.page.locator(f"a.kern-btn--primary[href*='/s/{session}']").filter(visible=True).first
    await way.click(timeout=PATIENCE)
    await person.press("session.join")


async def morning(day: Day, desk: Visitor, anna: Visitor, bernd: Visitor) -> None:
    """The lobby, a speaker on stage, a poll, a question."""
    await day.press(desk, "ankommen:session.start")
    for person in (anna, bernd):
        await person.press("session.join")
    day.at(9, 55)
    await day.press(desk, f"{LIVE}:session.backstage")
    speaker = await day.window("speaker", SPEAKER, f"/s/{LIVE}/backstage")
    await speaker.press("devices.start")
    await speaker.press("backstage.enter")
    await speaker.sees(t("backstage.waiting"))
    day.at(10, 0)
    await day.press(desk, "ankommen:session.end")
    for person in (anna, bernd):
        await go_on(person, LIVE)
    crowd = await day.crowd(LIVE)
    await day.press(desk, f"{LIVE}:session.start")
    hall = await day.window("hall", None, f"/venue/{LIVE}", size=PROJECTOR)
    await day.press(desk, f"{LIVE}:part:diskussion")
    await day.press(desk, f"{LIVE}:part:interview")
    day.forward(10)  # so long before are entrances announced
    for person in (anna, bernd, hall):
        await person.sees_pictures()

    await day.press(desk, f"{LIVE}:poll.open:lage")
    for person, choice in ((anna, 0), (bernd, 1)):
        await person.page.get_by_label(OPTIONS[choice], exact=True).filter(visible=True).first.check(timeout=PATIENCE)
        await person.press("poll.vote")
        await person.sees(t("poll.voted"))
        day.book.votes[choice] += 1
    for number, client in enumerate(crowd):
        await client.do("poll.vote", session=LIVE, poll="lage", run=1, choice=number % 3)
        day.book.votes[number % 3] += 1
    await day.press(desk, f"{LIVE}:poll.show:lage")
    for person in (anna, hall):
        await expect(person.page.locator(".tally").first).to_contain_text("gleich geblieben", timeout=PATIENCE)
    await day.skip(desk, *(f"{LIVE}:poll.{verb}:{poll}" for poll in ("hebel", "ein-wort") for verb in ("open", "show")))

    question = {"session": LIVE, "question": "q-0000000000000001"}
    await crowd[0].do("question.ask", **question, text=ASKED, anonymous=False)
    await day.sockets[ORGANISER].do("question.move", **question, to="open")
    for client in crowd[:4]:
        await client.do("question.vote", **question, up=True)
    day.at(11, 10)
    await day.press(desk, f"{LIVE}:session.end")
    await speaker.context.close()
    await hall.context.close()


async def pause(day: Day, desk: Visitor, anna: Visitor, bernd: Visitor) -> None:
    """Exercises, while the places are given out; the clock ends them, and the pages go on by themselves."""
    await day.press(desk, f"{PAUSE}:session.start")
    for person in (anna, bernd):
        await person.page.wait_for_url(f"**/s/{PAUSE}**", timeout=PATIENCE)  # from what is over one goes on by oneself
        await expect(person.page.locator(".pause__title")).to_have_text("Schultern kreisen", timeout=PATIENCE)
    await desk.page.wait_for_url(f"**/s/{PAUSE}/moderation**", timeout=PATIENCE)  # whoever presses goes along
    await desk.page.goto(f"{day.server.url}/s/{GROUPS}/moderation")
    await desk.press_named("Plätze verteilen")
    staff = await day.staff(GROUPS)

    async def all_seated() -> bool:
        return all(person["room"] for person in (await seated(staff)).values())

    await until(all_seated, "somebody has no place")
    people = await seated(staff)
    for name, room in (("Kohl", "ag2"), ("Gröttner", "ag2"), ("Beyer", None)):
        person = next(p for n, p in people.items() if n.endswith(name))
        await staff.do("breakouts.resize", session=GROUPS, room="ag2", capacity=30)
        await staff.do("breakouts.move", session=GROUPS, person=person["person"], room=room)
    day.at(11, 25)
    for person in (anna, bernd):
        await person.page.wait_for_url(f"**/s/{GROUPS}**", timeout=PATIENCE)
        await person.sees(t("session.joined"))


async def seated(staff: Client) -> dict[str, dict[str, Any]]:
    """Everybody's place by name, as the moderation sees it."""
    snapshot = await staff.do("page.snapshot", session=GROUPS)
    return {person["name"]: person for person in snapshot["breakouts"]["desk"]["people"]}


async def groups(day: Day, desk: Visitor, anna: Visitor, bernd: Visitor) -> None:
    """Rooms: a board together, two reload, the server dies, one comes late; nobody is in the wrong room."""
    crowd = await day.crowd(GROUPS)
    await day.press(desk, f"{GROUPS}:groups.start", sure="desk.groups.start")  # one has no place yet
    for person in (anna, bernd):
        await person.sees(t("call.title"))
    day.forward(21)
    began = day.now
    for person in (anna, bernd):
        await in_room(person)
    day.book.rooms |= {ANNA: "ag2", BERND: "ag2"}
    for email, client in zip(CROWD, crowd, strict=True):
        day.book.rooms[email] = (await until_entered(client))["room"]

    for text in STATEMENTS:
        await line(anna).press_sequentially(text + "\n")
        day.book.board.append(text)
    await line(bernd, 1).fill("Wer bezahlt? 🤝")
    await expect(line(anna, 1)).to_have_value("Wer bezahlt? 🤝", timeout=PATIENCE)
    for person in (anna, bernd):
        await saved(person)
        await person.page.reload()
        await in_room(person)
        await expect(line(person)).to_have_value("\n".join([*STATEMENTS, ""]), timeout=PATIENCE)

    await day.server.kill()
    await line(anna, 2).fill("Ein Runder Tisch")
    await line(bernd, 2).fill("Bis Mai")
    await day.server.start()
    staff = await day.staff(GROUPS)
    crowd = await day.crowd(GROUPS)
    for email, client in zip(CROWD, crowd, strict=True):
        assert (await client.do("breakouts.enter", session=GROUPS))["room"] == day.book.rooms[email]
    for person in (anna, bernd):
        await person.is_connected()
        await in_room(person)
        await saved(person)
    await until(lambda: both(anna, bernd), "a letter was lost")
    day.book.board += ["Wer bezahlt? 🤝", "Ein Runder Tisch", "Bis Mai"]

    day.at(11, 45)
    rooms = (await staff.do("page.snapshot", session=GROUPS))["breakouts"]["rooms"]
    free = {room["title"]: room for room in rooms}
    late = day.now
    clara = await day.window("clara", CLARA, f"/s/{GROUPS}")
    await clara.press("session.join")
    await expect(clara.page.locator(".group__bar h1")).to_be_visible(timeout=PATIENCE)
    hers = free[str(await clara.page.locator(".group__bar h1").text_content())]
    assert hers["capacity"] - hers["taken"] == max(room["capacity"] - room["taken"] for room in rooms)
    day.book.rooms[CLARA] = hers["key"]
    await everybody_is_where_they_belong(day, staff)

    day.at(12, 23)
    await desk.is_connected()
    await day.press(desk, f"{AGAIN}:session.backstage")
    await day.press(desk, f"{GROUPS}:groups.recall")
    for person in (anna, bernd, clara):
        await person.sees(t("groups.closing"))
    day.forward(61)
    ended = day.now
    for person in (anna, bernd, clara):
        await person.sees(t("groups.back"))
    day.book.minutes = {
        email: (ended - (late if email == CLARA else began)).total_seconds() / 60 for email in day.book.rooms
    }
    await clara.context.close()
    await day.press(desk, f"{GROUPS}:session.end")


async def until_entered(client: Client) -> dict[str, Any]:
    """Into the room, as soon as it is open."""
    found: dict[str, Any] = {}

    async def entered() -> bool:
        found.update(await client.ask("breakouts.enter", session=GROUPS))
        return bool(found["ok"])

    await until(entered, "the rooms do not open")
    return dict(found["result"])


async def both(*people: Visitor) -> bool:
    """Both see both lines."""
    texts = [await line(person, 2).input_value() for person in people]
    return len(set(texts)) == 1 and all(text in texts[0] for text in ("Ein Runder Tisch", "Bis Mai"))


async def everybody_is_where_they_belong(day: Day, staff: Client) -> None:
    """The server's signals, the database and the book say the same."""
    people = (await staff.do("page.snapshot", session=GROUPS))["breakouts"]["desk"]["people"]
    places = {person["name"]: (person["person"], person["room"]) for person in people}
    attending = (await day.export("attendance"))["sessions"][0]["people"]
    mine = {person["email"]: places[person["name"]] for person in attending if person["email"] in day.book.rooms}
    assert {email: room for email, (_, room) in mine.items()} == day.book.rooms
    wanted = dict(mine.values())

    async def signalled() -> bool:
        rooms = (staff.last_signal("groups") or {}).get("rooms") or {}
        return {person: room for room, here in rooms.items() for person in here} == wanted

    await until(signalled, "somebody is in the wrong room")


async def afternoon(day: Day, desk: Visitor, anna: Visitor, bernd: Visitor) -> None:
    """The boards on stage, and a vote on what they say."""
    await desk.page.goto(f"{day.server.url}/s/{AGAIN}/moderation")
    day.at(12, 30)
    for person in (anna, bernd):
        await go_on(person, AGAIN)
    await day.press(desk, f"{AGAIN}:session.start")
    crowd = await day.crowd(AGAIN)
    await day.press(desk, f"{AGAIN}:boards:ergebnisse")
    item = desk.page.locator(".board-desk__item", has_text="AG 2")
    await expect(item.get_by_text(t("boards.shown"), exact=True)).to_be_visible(timeout=PATIENCE)
    for person in (anna, bernd):
        for text in day.book.board:
            await expect(person.page.locator(".board-page")).to_contain_text(text, timeout=PATIENCE)
    await item.get_by_text(t("boards.vote.pick")).click()
    for text in STATEMENTS:
        await item.get_by_label(text).first.check()
    await desk.press("boards.vote")
    await desk.press("boards.vote.open")
    staff = await day.staff(AGAIN)
    poll = next(p for p in (await staff.do("page.snapshot", session=AGAIN))["polls"] if p["state"] == "open")
    assert poll["options"] == STATEMENTS
    await anna.page.get_by_label(STATEMENTS[1], exact=True).filter(visible=True).first.check(timeout=PATIENCE)
    await anna.press("poll.vote")
    await anna.sees(t("poll.voted"))
    day.book.statements[1] += 1
    for client in crowd:
        await client.do("poll.vote", session=AGAIN, poll=poll["key"], run=1, choice=[0])
        day.book.statements[0] += 1
    await staff.do("poll.close", session=AGAIN, poll=poll["key"])
    await day.skip(desk, f"{AGAIN}:part:vortrag", f"{AGAIN}:film:krise-als-chance")
    day.at(13, 30)
    await day.press(desk, f"{AGAIN}:session.end")


async def end(day: Day, desk: Visitor, anna: Visitor, bernd: Visitor) -> None:
    """What everybody thinks of it."""
    await day.press(desk, f"{END}:session.start")
    for person, rating in ((anna, 9), (bernd, 8)):
        await person.page.wait_for_url(f"**/s/{END}**", timeout=PATIENCE)
        await person.press_named(t("rating.of", value=rating, to=10))
        await person.sees(t("rating.thanks"))
        day.book.ratings.append(rating)
    for number, client in enumerate(await day.crowd(END, join=False)):
        await client.do("feedback.rate", session=END, rating=5 + number, aspects=None, comment=None)
        day.book.ratings.append(5 + number)
    day.at(14, 0)
    await day.press(desk, f"{END}:session.end")


# --- what the exports say, laid beside the book -----------------------------------------------------------------------


async def check(day: Day) -> None:
    """Exports agree with what happened."""
    book = day.book
    runs = [(poll["question"], poll["options"], run) for poll in await day.export("polls") for run in poll["runs"]]
    counted = {question: run["counts"] for question, _, run in runs}
    assert counted.pop(POLL) == [book.votes[option] for option in range(5)]
    assert list(counted.values()) == [[book.statements[option] for option in range(2)]]
    [question] = await day.export("questions")
    assert (question["text"], question["votes"], question["state"]) == (ASKED, 4, "open")
    [feedback] = await day.export("feedback")
    assert feedback["distribution"] == [Counter(book.ratings)[value] for value in range(1, 11)]
    [entry] = await day.export("boards")
    board = next(board for board in entry["boards"] if board["room"] == "ag2")
    written = "\n".join(item["text"] for item in board["fields"])
    assert all(text in written for text in book.board)
    assert sorted(written.replace("\n", "")) == sorted("".join(book.board).replace("\n", "")), "a letter too many"
    assert {board["room"] for board in entry["boards"] if any(item["text"] for item in board["fields"])} == {"ag2"}
    report = await day.export("attendance")
    sessions = {session["key"]: {p["email"]: p for p in session["people"]} for session in report["sessions"]}
    in_rooms = {email: p["rooms"] for email, p in sessions[GROUPS].items() if p["rooms"]}
    assert {email: [room["room"] for room in rooms] for email, rooms in in_rooms.items()} == {
        email: [room] for email, room in book.rooms.items()
    }
    for email, minutes in book.minutes.items():
        assert abs(in_rooms[email][0]["minutes"] - minutes) < 3, email
    present = {key: {email for email, p in people.items() if p["minutes"]} for key, people in sessions.items()}
    everybody = {ANNA, BERND, *CROWD}
    assert present[LIVE] - {SPEAKER} == everybody
    assert (present[PAUSE], present[AGAIN]) == ({ANNA, BERND}, everybody)
    assert all(sessions[LIVE][email]["attended"] for email in everybody)
    by_lilie = [entry["what"] for entry in await day.export("log") if entry["who"] == "Oliver Lilie"]
    assert f"Umfrage geöffnet: {POLL}" in by_lilie
    assert len(by_lilie) >= len([key for key, state in book.cues if state == "done"])
