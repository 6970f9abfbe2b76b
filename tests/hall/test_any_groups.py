"""Whatever happens in working groups, boards, talk and direction: every page follows, and no room is heard outside."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import tempfile
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pycrdt import Doc, Text

from conference.breakouts import queries
from conference.core.errors import ConferenceError
from conference.core.roles import Permission, may
from conference.direction.queries import direction_view
from conference.sessions import queries as sessions
from tests.house import ANNA, BERND, MODERATOR, PRODUCTION
from tests.the_day import GROUPS, POSSIBLE
from tests.visits import Crowd, Page, open_page, open_room

STAGE = "live-2"
LOOKERS_ON: dict[str, tuple[str | None, str | None]] = {
    "anna": (ANNA, GROUPS),
    "bernd": (BERND, GROUPS),
    "clara": ("ildiko.beyer@example.org", GROUPS),
    "staff": (MODERATOR, GROUPS),
    "production": (PRODUCTION, GROUPS),
    "venue": (None, GROUPS),
    "anna's day": (ANNA, None),
    "bernd at the stage": (BERND, STAGE),
}
MEMBERS = ("anna", "bernd", "clara")
ROOMS = ("ag1", "ag2", "ag3")
MARK = re.compile(r"§(ag\d)§")
"""Whatever is written in a room, or to it, is marked with its key."""


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with open_page() as page:
        yield page


MEMBERS_DO = (
    "breakouts.wish", "breakouts.choose", "breakouts.swap", "breakouts.stay", "breakouts.enter", "breakouts.enter",
    "breakouts.leave", "breakouts.tracks", "breakouts.hand", "breakouts.help", "breakouts.help", "breakouts.helped",
    "board.open", "board.write", "board.write", "board.mark", "board.point", "board.close", "chat.watch", "chat.say",
    "chat.say", "chat.type", "question.ask", "hand.raise", "reload",
)  # fmt: skip
STAFF_DOES = (
    "breakouts.assign", "breakouts.move", "breakouts.move", "breakouts.lock", "breakouts.resize", "breakouts.allow",
    "breakouts.start", "breakouts.cancel", "breakouts.extend", "breakouts.recall", "breakouts.message",
    "breakouts.message", "breakouts.visit", "breakouts.answer", "breakouts.call", "board.show", "board.hide",
    "chat.say", "chat.settings", "question.settings", "question.move", "hand.call", "direction.next", "direction.undo",
    "direction.skip", "direction.shift", "direction.add", "direction.move", "direction.edit", "direction.remove",
    "direction.say", "pause.start", "pause.end", "session.move", "the clock", "the clock", "the clock",
)  # fmt: skip
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(MEMBERS_DO), st.sampled_from(MEMBERS), st.integers(0, 59)),
        st.tuples(st.sampled_from(MEMBERS_DO), st.sampled_from(MEMBERS), st.integers(0, 59)),
        st.tuples(st.sampled_from(STAFF_DOES), st.just("staff"), st.integers(0, 59)),
    ),
    min_size=40,
    max_size=60,
)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS, running=st.booleans())
def test_every_page_follows_and_no_room_is_heard_outside(page: Page, steps: list[Any], *, running: bool) -> None:
    asyncio.run(_play(page, steps, running=running))


async def _play(page: Page, steps: list[tuple[str, str, int]], *, running: bool) -> None:
    with tempfile.TemporaryDirectory() as directory:
        async with open_room(Path(directory)) as room:
            day = Groups(Crowd(room, page))
            await day.crowd.come(LOOKERS_ON)
            for name, key in (("anna", "ag1"), ("bernd", "ag1"), ("clara", "ag2")):
                await day.do("staff", "breakouts.move", person=day.crowd.id(name), room=key)
            if running:
                await day.do("staff", "breakouts.start", minutes=30)
                await day.crowd.wait(21)
                for name in MEMBERS:
                    await day.do(name, "breakouts.enter")
            for number, (step, who, n) in enumerate(steps):
                before = await day.rooms()
                with contextlib.suppress(ConferenceError):
                    await day.step(step, who, n, number, before)
                await day.told(before, await day.rooms(), steps[: number + 1])
                if number % 16 == 15:
                    await day.shown(steps[: number + 1])
            await day.shown(steps)


class Groups:
    """Working groups with people in three rooms, and what each page was told of them."""

    def __init__(self, crowd: Crowd) -> None:
        self.crowd = crowd
        self.room = crowd.room
        self._heard: dict[str, tuple[int, int]] = {}

    async def do(self, who: str, command: str, **body: Any) -> Any:
        return await self.room.do(self.crowd.visits[who], command, **{"session": GROUPS, **body})

    async def rooms(self) -> dict[str, frozenset[str]]:
        """Whose rooms' words each of them may hear now."""
        async with self.room.store.reading() as db:
            session = await sessions.session(db, GROUPS)
            places = {row.person_id: row.room for row in await queries.places(db, session.id)}
        return {name: self._of(name, places) for name in LOOKERS_ON}

    def _of(self, name: str, places: dict[int, str | None]) -> frozenset[str]:
        visit = self.crowd.visits[name]
        if visit.session != GROUPS:
            return frozenset()
        if may(visit.roles[GROUPS], Permission.MODERATE):
            return frozenset({*ROOMS, "ag4", "ag5"})
        return frozenset({room for room in [places.get(visit.person.id)] if room})

    async def told(self, before: Any, after: Any, steps: Any) -> None:
        """What was told since the last time is about rooms in which they were before the step or are after it."""
        hall = self.room.hall
        for tick in (hall.boards.tick, hall.groups.tick, hall.talk.tick):
            await tick()
        for name, visit in self.crowd.visits.items():
            ear: Any = visit.outbox
            facts, signals = self._heard.get(name, (0, 0))
            news = [fact for fact in ear.facts[facts:] if fact["name"] not in ("board.shown", "boards.ordered")]
            words = [*news, *(_readable(*signal) for signal in ear.said[signals:])]
            self._heard[name] = len(ear.facts), len(ear.said)
            foreign = set(MARK.findall(json.dumps(words, ensure_ascii=False))) - before[name] - after[name]
            assert foreign == set(), (name, words, steps)
            for signal, body in ear.said[signals:]:
                if signal in ("board", "writers"):
                    assert body["room"] in before[name] | after[name], (name, body, steps)

    async def shown(self, steps: Any) -> None:
        """Pages have what fresh ones would have, and nothing of rooms in which their person is not."""
        rooms = await self.rooms()
        for name, snapshot in (await self.crowd.compare(steps)).items():
            snapshot.pop("board")  # everybody's, once it is on the stage
            foreign = set(MARK.findall(json.dumps(snapshot, ensure_ascii=False))) - rooms[name]
            assert foreign == set(), (name, snapshot, steps)
            inside = (snapshot["breakouts"] or {}).get("group")
            assert inside is None or inside["key"] in rooms[name], (name, steps)

    async def step(self, step: str, who: str, n: int, number: int, now: Any) -> None:
        """One step of a made-up day; `n` chooses among all that could be meant."""
        mine = next(iter(now[who]), None) if who != "staff" else None
        if step == "the clock":
            await self.crowd.wait((5, 21, 61, 1900)[n % 4])
        elif step == "reload":
            await self._reload(who)
        else:
            body = await self._body(step, n, number, mine or ROOMS[n % 3])
            await self.do(who, step, **body)

    async def _reload(self, who: str) -> None:
        """Away, and back with the number heard last: what is told of the meantime comes with the greeting."""
        crowd, visit = self.crowd, self.crowd.visits[who]
        ear: Any = visit.outbox
        numbers = dict((await self.room.snapshot(visit))["numbers"])
        await self.room.hall.leave(visit)
        visit.heard, visit.joined, visit.room = None, set(), None
        hello = await self.room.hall.enter(visit, numbers)
        ear.facts += json.loads(json.dumps(hello.get("facts", [])))
        assert crowd.visits[who] is visit

    async def _body(self, step: str, n: int, number: int, room: str) -> dict[str, Any]:
        """What the command is sent with: words are marked with the room in which they are said."""
        words, person = f"§{room}§ {number}", self.crowd.id(MEMBERS[n % 3])
        some, said = (*ROOMS, None)[n % 4], room if n % 4 else None
        cues = await self._cues()
        cue, before = cues[n % len(cues)], cues[(n * 7 + 3) % len(cues)]
        step_ = await self._step()
        doc: Doc[Any] = Doc()
        doc["field-0"] = text = Text()
        text += words
        bodies: dict[str, dict[str, Any]] = {
            "breakouts.wish": {"rooms": [ROOMS[n % 3], ROOMS[(n + 1) % 3]]},
            "breakouts.choose": {"room": ROOMS[n % 3]},
            "breakouts.swap": {"room": some},
            "breakouts.stay": {"staying": n % 2 == 0},
            "breakouts.tracks": {"audio": n % 2 == 0, "video": n % 3 == 0, "person": None},
            "breakouts.hand": {"up": n % 2 == 0},
            "breakouts.help": {"kind": ("technical", "moderation", "time")[n % 3], "text": words},
            "breakouts.assign": {"fresh": n % 2 == 0},
            "breakouts.move": {"person": person, "room": (*ROOMS, None)[n // 3 % 4]},
            "breakouts.lock": {"person": person, "locked": n % 2 == 0},
            "breakouts.resize": {"room": ROOMS[n % 3], "capacity": 20 + n},
            "breakouts.allow": {"swaps": n % 3 != 0, "choosing": n % 2 == 0},
            "breakouts.start": {"minutes": 30},
            "breakouts.extend": {"minutes": n - 20 or 1},
            "breakouts.message": {"room": some, "text": f"§{some}§ {number}" if some else "An alle"},
            "breakouts.visit": {"room": some},
            "breakouts.answer": {**await self._answer(), "done": n % 3 == 0},
            "breakouts.call": {"person": person, "called": n % 2 == 0},
            "board.open": {"room": room, "state": "AA=="},
            "board.write": {"room": room, "update": b64encode(doc.get_update()).decode()},
            "board.mark": {"room": room, "light": ("open", "working", "done")[n % 3]},
            "board.point": {"room": room, "field": n % 2, "cursor": b64encode(words.encode()).decode()},
            "board.show": {"session": STAGE, "groups": GROUPS, "room": ROOMS[n % 3]},
            "board.hide": {"session": STAGE},
            "chat.watch": {"on": True, "room": said},
            "chat.say": {"message": f"m-{number:016d}", "text": words if said else "Guten Tag", "room": said},
            "chat.type": {"text": words if said else "Guten", "room": said},
            "chat.settings": {"open": n % 3 != 0},
            "question.ask": {"question": f"q-{number:016d}", "text": "Wer?", "anonymous": n % 2 == 0},
            "question.settings": {**POSSIBLE, "approval": n % 2 == 0},
            "question.move": {"question": f"q-{n:016d}", "to": ("open", "answered", "dismissed")[n % 3]},
            "hand.raise": {"up": n % 3 != 0},
            "hand.call": {"person": person},
            **{f"direction.{press}": {"step": step_} for press in ("undo", "skip")},
            "direction.next": {"step": step_, "sure": n % 4 > 0},
            "direction.shift": {"step": step_, "minutes": n - 20},
            "direction.add": {
                "cue": f"own-number-{number}", "kind": "message", "of": GROUPS, "target": "", "text": "Hallo",
                "minutes": None, "before": before,
            },
            "direction.move": {"cue": cue, "before": before},
            "direction.edit": {"cue": cue, "text": "Anders", "minutes": None},
            "direction.remove": {"cue": cue},
            "direction.say": {"text": "Gleich" if n % 2 else ""},
            "pause.start": {"session": STAGE, "minutes": 5},
            "pause.end": {"session": STAGE, "run": 1, "at_once": n % 2 == 0},
            "session.move": {"to": ("live", "live", "ended")[n % 3]},
        }  # fmt: skip
        return bodies.get(step, {})

    async def _answer(self) -> dict[str, Any]:
        """An answer to whoever asked last, marked with that room."""
        async with self.room.store.reading() as db:
            waiting = await queries.waiting(db, (await sessions.session(db, GROUPS)).id)
        newest = waiting[-1] if waiting else None
        return {"help": newest.key, "text": f"§{newest.room}§ Ich komme"} if newest else {"help": "none", "text": "Ja"}

    async def _cues(self) -> list[str]:
        async with self.room.store.reading() as db:
            return [cue["key"] for cue in (await direction_view(db))["cues"]]

    async def _step(self) -> int:
        async with self.room.store.reading() as db:
            return int((await direction_view(db))["step"])


def _readable(name: str, body: Any) -> Any:
    """A signal with what its updates and cursors hold, so that marks are found in them."""
    hidden = [body.get("update"), *(who.get("cursor") for who in body.get("who", ()) if isinstance(who, dict))]
    return [name, body, *(b64decode(text).decode(errors="replace") for text in hidden if text)]
