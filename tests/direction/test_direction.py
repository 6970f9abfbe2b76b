"""One press does the next cue, whoever presses, once; back again; times shifted; a log of all of it."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conference.core.clock import from_iso
from conference.core.errors import ConferenceError
from conference.direction import queries
from conference.exporting import export
from conference.hall.visit import Visit
from conference.media.engine import MediaEvent
from conference.sessions.model import Source
from tests.house import ANNA, MODERATOR, ORGANISER, SPEAKER
from tests.visits import Page, Room, open_page, open_room

LIVE = "live-1"
AG1 = "ag1@example.org"


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with open_page() as page:
        yield page


async def _direction(room: Room) -> dict[str, Any]:
    async with room.store.reading() as db:
        return await queries.direction_view(db)


async def _press(room: Room, visit: Visit, command: str = "direction.next", **body: Any) -> Any:
    step = (await _direction(room))["step"]
    return await room.do(visit, command, session=visit.session, step=step, **_sure(command), **body)


def _sure(command: str) -> dict[str, bool]:
    """Groups may start although somebody has none."""
    return {"sure": True} if command == "direction.next" else {}


async def _refused(room: Room, visit: Visit, command: str, **body: Any) -> ConferenceError:
    with pytest.raises(ConferenceError) as refused:
        await room.do(visit, command, session=visit.session, **body)
    return refused.value


async def _item(room: Room, visit: Visit, key: str) -> dict[str, Any]:
    return next(item for item in (await room.snapshot(visit))["agenda"] if item["key"] == key)


async def _to(room: Room, visit: Visit, cue: str) -> None:
    """Press until this cue is next."""
    for _ in range(60):
        waiting = [c["key"] for c in (await _direction(room))["cues"] if c["state"] == "waiting"]
        if waiting[0] == cue:
            return
        await _press(room, visit)
    raise AssertionError(cue)


async def test_weiter_plays_the_programme(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        lilie, anna = await room.enter(MODERATOR, LIVE), await room.enter(ANNA, LIVE)
        assert await _press(room, lilie) == {"done": True}
        assert (await _item(room, lilie, "ankommen"))["state"] == "live"
        await _to(room, lilie, "live-1:poll.open:lage")
        assert (await _item(room, lilie, "ankommen"))["state"] == "ended"
        assert (await _item(room, lilie, LIVE))["state"] == "live"
        assert (await room.snapshot(anna))["show"]["part"]["part"] == "interview"
        assert (await room.snapshot(anna))["direction"] is None
        await _press(room, lilie)
        assert [p["key"] for p in (await room.snapshot(anna))["polls"] if p["state"] == "open"] == ["lage"]
        await _press(room, lilie)
        assert [p["key"] for p in (await room.snapshot(anna))["polls"] if p["state"] == "published"] == ["lage"]


async def test_groups_start_without_question_only_when_everybody_has_one(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        organiser = await room.enter(ORGANISER, LIVE)
        await _to(room, organiser, "arbeitsgruppen:groups.start")
        before = await _direction(room)
        refusal = await _refused(room, organiser, "direction.next", step=before["step"])
        assert refusal.code == "direction.unplaced"
        assert refusal.message.endswith("noch keine Gruppe. Beim Eintreten kommen sie in die leerste.")
        assert await _direction(room) == before, "nothing happened, the same press may be made again"
        await room.do(organiser, "breakouts.assign", session="arbeitsgruppen", fresh=False)
        assert await room.do(organiser, "direction.next", session=LIVE, step=before["step"]) == {"done": True}
        breakouts = (await room.snapshot(await room.enter(ORGANISER, "arbeitsgruppen")))["breakouts"]
        assert breakouts["round"]["phase"] == "announced"


async def test_the_whole_day_by_one_button(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        organiser = await room.enter(ORGANISER, LIVE)
        for _ in range(60):
            cue = next((c for c in (await _direction(room))["cues"] if c["state"] == "waiting"), None)
            if cue is None:
                break
            if cue["kind"] == "groups.recall":
                room.clock.turn(seconds=30)
                await room.hall.groups.tick()
            await _press(room, organiser)
        assert {item["state"] for item in (await room.snapshot(organiser))["agenda"]} == {"ended", "live"}
        assert [i["key"] for i in (await room.snapshot(organiser))["agenda"] if i["state"] == "live"] == ["aktiv-pause"]
        step = (await _direction(room))["step"]
        assert (await _refused(room, organiser, "direction.next", step=step)).code == "direction.end"


async def test_of_two_at_once_one_counts(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        lilie, organiser = await room.enter(MODERATOR, LIVE), await room.enter(ORGANISER, LIVE)
        presses = [room.do(who, "direction.next", session=LIVE, step=0) for who in (lilie, organiser)]
        first, second = await asyncio.gather(*presses, return_exceptions=True)
        assert first == {"done": True}
        assert isinstance(second, ConferenceError)
        assert (second.code, second.message) == ("direction.done", "Schon geschehen, von Oliver Lilie.")
        assert await room.do(lilie, "direction.next", session=LIVE, step=0) == {"done": False}, "sent again"
        assert [c["state"] for c in (await _direction(room))["cues"]].count("done") == 1


async def test_hand_over_changes_the_speakers(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        lilie, fleig = await room.enter(MODERATOR, LIVE), await room.enter(SPEAKER, LIVE)
        susi = await room.enter("susi.moebbeck@example.org", LIVE)
        await _to(room, lilie, "live-1:session.start")
        for visit in (fleig, susi):
            await room.do(visit, "stage.enter", session=LIVE, source="camera")

        async def on_stage() -> set[str]:
            return {entry["name"] for entry in (await room.snapshot(lilie))["stage"]["slots"] if entry}

        await _press(room, lilie)
        assert await on_stage() == set()
        for visit in (fleig, susi):
            answer = await room.hall.media.publish(LIVE, visit.person, visit.link, Source.CAMERA, "v=0")
            room.engine.report(MediaEvent("connected", answer.resource, visit.person.public_id, {}))
        for name in ("Susi Möbbeck", "Dr. Michael Fleig"):
            await _press(room, lilie)
            assert await on_stage() == set()
            room.clock.turn(seconds=10)
            await room.hall.stage_clock.tick()
            assert await on_stage() == {name}
        await _press(room, lilie, "direction.undo")
        assert await on_stage() == {"Susi Möbbeck"}
        assert (await room.snapshot(lilie))["show"]["part"]["part"] == "diskussion"


async def test_what_cannot_be_taken_back_says_why(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        lilie, anna = await room.enter(MODERATOR, LIVE), await room.enter(ANNA, LIVE)
        assert (await _refused(room, lilie, "direction.undo", step=0)).code == "direction.beginning"
        await _to(room, lilie, "live-1:poll.show:lage")
        await room.do(anna, "poll.vote", session=LIVE, poll="lage", run=1, choice=1)
        step = (await _direction(room))["step"]
        error = await _refused(room, lilie, "direction.undo", step=step)
        assert (error.code, error.message) == (
            "direction.no_undo",
            "Es wurde schon abgestimmt. Bitte die Umfrage schließen.",
        )
        assert (await _direction(room))["step"] == step, "a refused press takes no step"
        await _press(room, lilie)
        await _press(room, lilie, "direction.undo")
        assert (await room.snapshot(lilie))["polls"][0]["state"] == "closed"


async def test_starting_is_taken_back(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        lilie = await room.enter(MODERATOR, LIVE)
        await _press(room, lilie)
        await _press(room, lilie, "direction.undo")
        assert (await _item(room, lilie, "ankommen"))["state"] == "planned"
        await _press(room, lilie, "direction.skip")
        assert (await _direction(room))["cues"][0]["state"] == "skipped"
        await _press(room, lilie, "direction.undo")
        assert (await _direction(room))["cues"][0]["state"] == "waiting"


async def test_late_days_are_shifted_for_everybody(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        lilie, anna = await room.enter(MODERATOR, LIVE), await room.enter(ANNA, None)
        await _to(room, lilie, "live-1:session.start")
        before = await _item(room, anna, "live-2")
        room.clock.turn(seconds=67 * 60)  # seven minutes past ten
        await _press(room, lilie)
        assert (await _direction(room))["drift"] == 7 * 60
        assert (await _direction(room))["cues"][3]["late"] == 7 * 60
        await _press(room, lilie, "direction.shift", minutes=5)
        assert (await _direction(room))["drift"] == 2 * 60
        after = await _item(room, anna, "live-2")
        assert (from_iso(after["starts"]) - from_iso(before["starts"])).total_seconds() == 300
        assert (before["shifted"], after["shifted"]) == (0, 5)
        step = (await _direction(room))["step"]
        assert await room.do(lilie, "direction.shift", session=LIVE, step=step - 1, minutes=5) == {"done": False}
        assert (await _item(room, anna, "live-2"))["shifted"] == 5


async def test_cues_are_added_moved_and_removed(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        lilie, anna = await room.enter(MODERATOR, LIVE), await room.enter(ANNA, LIVE)
        first = (await _direction(room))["cues"][0]["key"]
        new = {
            "cue": "own-hello123", "kind": "message", "of": LIVE, "target": "", "minutes": None, "before": first,
            "text": "Herzlich <b>willkommen</b>",
        }  # fmt: skip
        await room.do(lilie, "direction.add", session=LIVE, **new)
        await room.do(lilie, "direction.add", session=LIVE, **new)
        assert [c["key"] for c in (await _direction(room))["cues"]].count("own-hello123") == 1
        await room.do(lilie, "direction.edit", session=LIVE, cue="own-hello123", text="Guten  Morgen", minutes=None)
        await _press(room, lilie)
        assert (await room.snapshot(anna))["show"]["message"]["text"] == "Guten Morgen"
        assert (await _refused(room, lilie, "direction.remove", cue="own-hello123")).code == "direction.past"
        await _press(room, lilie, "direction.undo")
        assert (await room.snapshot(anna))["show"]["message"] is None
        await room.do(lilie, "direction.move", session=LIVE, cue="own-hello123", before=None)
        assert (await _direction(room))["cues"][-1]["key"] == "own-hello123"
        for gone in ("own-hello123", first):
            await room.do(lilie, "direction.remove", session=LIVE, cue=gone)
        assert {"own-hello123", first} & {c["key"] for c in (await _direction(room))["cues"]} == set()
        bad = {**new, "cue": "own-wrong123", "kind": "poll.open", "target": "gibt-es-nicht", "before": None}
        assert (await _refused(room, lilie, "direction.add", **bad)).code == "direction.invalid"


async def test_whoever_moderates_elsewhere_presses_nothing_here(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        lilie, anna = await room.enter(MODERATOR, LIVE), await room.enter(ANNA, LIVE)
        other = await room.enter(AG1, "arbeitsgruppen")
        await _press(room, lilie)
        for command in ("direction.next", "direction.skip"):
            assert (await _refused(room, other, command, step=1)).code == "not_allowed", "the next cue is of live-1"
        for command, body in (
            ("direction.next", {"step": 1}), ("direction.skip", {"step": 1}), ("direction.undo", {"step": 1}),
            ("direction.shift", {"step": 1, "minutes": 5}), ("direction.say", {"text": "Hallo"}),
            ("direction.move", {"cue": "live-1:session.end", "before": None}), ("direction.log", {}),
            ("direction.edit", {"cue": "live-1:session.end", "text": "", "minutes": 3}),
            ("direction.remove", {"cue": "live-1:session.end"}),
        ):  # fmt: skip
            assert (await _refused(room, anna, command, **body)).code == "not_allowed", command


async def test_the_log_tells_who_did_what_and_no_vote(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        lilie, anna = await room.enter(MODERATOR, LIVE), await room.enter(ANNA, LIVE)
        await _to(room, lilie, "live-1:poll.show:lage")
        await room.do(anna, "poll.vote", session=LIVE, poll="lage", run=1, choice=1)
        room.clock.turn(seconds=1)
        await room.do(lilie, "direction.say", session=LIVE, text="Gleich geht es los")
        log = await room.do(lilie, "direction.log", session=LIVE)
        said = [(line["who"], line["what"]) for line in log]
        assert said[0] == ("Oliver Lilie", "Nachricht an alle: Gleich geht es los")
        question = "Wie hat sich Ihr Bedarf an Fachkräften im letzten Jahr verändert?"
        assert ("Oliver Lilie", f"Umfrage geöffnet: {question}") in said
        assert ("Uhr und Server", "Programm neu eingelesen") in said
        assert not any("Kohl" in line["who"] or "ballot" in line["name"] for line in log)
        async with room.store.reading() as db:
            made = {form: await export(db, "log", form, room.clock.now()) for form in ("csv", "xlsx", "json")}
        rows = list(csv.reader(io.StringIO(made["csv"].decode("utf-8-sig")), delimiter=";"))
        assert len(rows) == len(log) + 1
        assert [line["what"] for line in json.loads(made["json"])] == [line["what"] for line in reversed(log)]
        assert made["xlsx"].startswith(b"PK")


# --- made-up days ---------------------------------------------------------------------------------------------------

WHO = st.sampled_from(["lilie", "organiser"])
STEPS = st.one_of(
    *[st.tuples(st.just("direction.next"), WHO, st.sampled_from([0, 0, 0, 1]))] * 4,
    *[st.tuples(st.just("direction.undo"), WHO, st.sampled_from([0, 0, 1]))] * 2,
    st.tuples(st.just("direction.skip"), WHO, st.just(0)),
    st.tuples(st.just("direction.shift"), WHO, st.sampled_from([0, 1])),
    st.tuples(st.just("direction.add"), WHO, st.integers(0, 30)),
    st.tuples(st.just("direction.move"), WHO, st.integers(0, 30)),
    st.tuples(st.just("direction.remove"), WHO, st.integers(0, 30)),
    st.tuples(st.just("clock"), WHO, st.sampled_from([5, 30, 600])),
    *[st.tuples(st.just("session.move"), WHO, st.integers(0, 23))] * 2,
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEPS, min_size=5, max_size=40))
def test_any_day_keeps_its_order(page: Page, steps: list[tuple[str, str, int]]) -> None:
    asyncio.run(_play(page, steps))


async def _play(page: Page, steps: list[tuple[str, str, int]]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        async with open_room(Path(directory)) as room:
            visits = {"lilie": await room.enter(MODERATOR, LIVE), "organiser": await room.enter(ORGANISER, LIVE)}
            visits["anna"] = await room.enter(ANNA, LIVE)
            born = {name: await room.snapshot(visit) for name, visit in visits.items()}
            known = [cue["key"] for cue in (await _direction(room))["cues"]]
            for number, (command, who, given_) in enumerate(steps):
                with contextlib.suppress(ConferenceError):
                    known = await _step(room, visits[who], command, given_, number, known)
                await _check(room, known)
            for name, visit in visits.items():
                ear: Any = visit.outbox
                reduced, fresh = page.apply(born[name], ear.facts), await room.snapshot(visit)
                for part in ("direction", "show", "agenda", "polls", "stage"):
                    assert reduced[part] == fresh[part], (name, part, steps)


async def _check(room: Room, known: list[str]) -> None:
    cues = (await _direction(room))["cues"]
    assert [cue["key"] for cue in cues] == known
    states = [cue["state"] == "waiting" for cue in cues]
    assert states == sorted(states), "what is done stands in front"


async def _step(room: Room, visit: Visit, command: str, given_: int, number: int, known: list[str]) -> list[str]:
    """Do one step; returns the order of cues that must result."""
    here = {"session": LIVE}
    cue, before = known[given_ % len(known)], known[(given_ * 7 + 3) % len(known)]
    match command:
        case "clock":
            room.clock.turn(seconds=given_)
            await room.hall.groups.tick()
            await room.hall.pauses.tick()
            return known
        case "session.move":
            sessions = [item["key"] for item in (await room.snapshot(visit))["agenda"]]
            to = ("backstage", "live", "live", "ended")[given_ // 6]
            await room.do(visit, command, session=sessions[given_ % 6], to=to)
            return known
        case "direction.add":
            kind = ["message", "screen", "poll.close"][number % 3]
            target = {"message": "", "screen": "card", "poll.close": "lage"}[kind]
            new = {"kind": kind, "of": LIVE, "target": target, "minutes": None, "text": "Hallo", "before": before}
            await room.do(visit, command, **here, cue=f"own-number-{number}", **new)
            at = known.index(before)
            return [*known[:at], f"own-number-{number}", *known[at:]]
        case "direction.move":
            await room.do(visit, command, **here, cue=cue, before=before)
            rest = [key for key in known if key != cue]
            at = rest.index(before) if before != cue else known.index(cue)
            return [*rest[:at], cue, *rest[at:]]
        case "direction.remove":
            await room.do(visit, command, **here, cue=cue)
            return [key for key in known if key != cue]
        case "direction.shift":
            step = (await _direction(room))["step"] - given_
            await room.do(visit, command, **here, step=max(step, 0), minutes=5)
            return known
    before_press = await _direction(room)
    answer = await room.do(visit, command, **here, step=max(before_press["step"] - given_, 0), **_sure(command))
    after = await _direction(room)
    changed = [new["key"] for old, new in zip(before_press["cues"], after["cues"], strict=True) if old != new]
    assert bool(changed) == answer["done"]
    assert after["step"] == before_press["step"] + int(answer["done"])
    return known
