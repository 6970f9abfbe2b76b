"""Pauses in a session: who may, who is silent meanwhile, how they end, and that nobody's way back is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from conference.core.errors import ConferenceError
from conference.pauses import queries
from conference.pauses.tables import PauseReturnRow, PauseRow
from conference.sessions.model import Source
from tests.house import ANNA, BERND, MODERATOR, PRODUCTION, SPEAKER, until
from tests.visits import Room, open_room

PAUSE, LIVE = "aktiv-pause", "live-1"
OFFER = "v=0\r\n"


async def code(room: Room, *given: Any, **body: Any) -> str:
    with pytest.raises(ConferenceError) as refused:
        await room.do(*given, **body)
    return refused.value.code


async def state(room: Room, visit: Any, key: str = PAUSE) -> str:
    agenda = (await room.snapshot(visit))["agenda"]
    return str(next(item["state"] for item in agenda if item["key"] == key))


async def test_one_press_starts_the_exercises_of_the_programme_and_the_session_with_them(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        moderator, anna = await room.enter(MODERATOR, PAUSE), await room.enter(ANNA, PAUSE)
        assert await code(room, anna, "pause.start", session=PAUSE, minutes=None) == "not_allowed"
        assert await room.do(moderator, "pause.start", session=PAUSE, minutes=None) == {"run": 1}
        assert await room.do(moderator, "pause.start", session=PAUSE, minutes=None) == {"run": 1}
        assert await state(room, anna) == "live"
        pause = (await room.snapshot(anna))["pause"]
        assert [(step["title"], step["seconds"], step["figure"]) for step in pause["steps"]] == [
            ("Schultern kreisen", 60, "shoulders"), ("Blick in die Ferne", 45, "look"), ("Seitneigung", 60, "lean"),
            ("Handgelenke lockern", 45, "wrists"), ("Durchatmen", 60, "breathe"), ("", 630, "rest"),
        ]  # fmt: skip
        assert pause["steps"][1]["texts"]["standing"] == "Zum Fenster gehen, in die Ferne sehen, Augen schließen."
        assert (pause["run"], pause["kind"], pause["shifts"], pause["mine"]) == (1, "active", [0] * 6, {"back": False})


async def test_it_starts_with_its_session_ends_by_the_clock_and_the_session_with_it(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        moderator, anna = await room.enter(MODERATOR, PAUSE), await room.enter(ANNA, PAUSE)
        await room.do(moderator, "session.move", session=PAUSE, to="live")
        room.clock.turn(15 * 60 - 0.001)
        await room.hall.pauses.tick()
        assert await state(room, anna) == "live"
        room.clock.turn(0.001)
        await room.hall.pauses.tick()
        snapshot = await room.snapshot(anna)
        assert (snapshot["pause"], await state(room, anna)) == (None, "ended")
        assert [fact["name"] for fact in anna.outbox.facts][-2:] == ["pause.ended", "session.moved"]  # type: ignore[attr-defined]
        await room.do(moderator, "session.move", session=PAUSE, to="live")
        assert (await room.snapshot(anna))["pause"]["run"] == 2


async def test_it_ends_also_where_the_server_was_dead_meanwhile(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        await room.do(await room.enter(MODERATOR, PAUSE), "pause.start", session=PAUSE, minutes=None)
    async with open_room(tmp_path) as room:
        anna = await room.enter(ANNA, PAUSE)
        assert (await room.snapshot(anna))["pause"]["run"] == 1
        room.clock.turn(3600)
        await until(lambda: "pause.ended" in [fact["name"] for fact in anna.outbox.facts])  # type: ignore[attr-defined]
        assert await state(room, anna) == "ended"


async def test_two_moderators_at_once_skip_once_and_extend_once(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        one, other = await room.enter(MODERATOR, PAUSE), await room.enter(MODERATOR, PAUSE)
        await room.do(one, "pause.start", session=PAUSE, minutes=None)
        room.clock.turn(10)
        for moderator in (one, other):
            await room.do(moderator, "pause.skip", session=PAUSE, run=1, step=0)
        assert (await room.snapshot(one))["pause"]["shifts"] == [-50_000, 0, 0, 0, 0, 0]
        extend = {"session": PAUSE, "run": 1, "seconds": 30, "version": 2}
        await room.do(one, "pause.extend", **extend)
        assert await code(room, other, "pause.extend", **extend) == "pause.changed"
        pause = (await room.snapshot(other))["pause"]
        assert (pause["shifts"], pause["version"]) == ([-50_000, 30_000, 0, 0, 0, 0], 3)


async def test_ending_leaves_half_a_minute_and_pressed_again_none(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        moderator = await room.enter(MODERATOR, PAUSE)
        await room.do(moderator, "pause.start", session=PAUSE, minutes=None)
        room.clock.turn(100)
        end = {"session": PAUSE, "run": 1}
        await room.do(moderator, "pause.end", **end, at_once=False)
        lengths = await _lengths(room, moderator)
        assert sum(lengths) == 130_000
        await room.do(moderator, "pause.end", **end, at_once=False)
        assert await _lengths(room, moderator) == lengths
        room.clock.turn(29)
        await room.hall.pauses.tick()
        assert await state(room, moderator) == "live"
        await room.do(moderator, "pause.end", **end, at_once=True)
        assert await state(room, moderator) == "ended"


async def _lengths(room: Room, visit: Any) -> list[int]:
    pause = (await room.snapshot(visit))["pause"]
    return [step["seconds"] * 1000 + shift for step, shift in zip(pause["steps"], pause["shifts"], strict=True)]


async def test_the_rest_follows_when_the_session_is_shifted(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        moderator = await room.enter(MODERATOR, PAUSE)
        await room.do(moderator, "pause.start", session=PAUSE, minutes=None)
        await room.do(moderator, "session.shift", session=PAUSE, minutes=5, following=True)
        assert sum(await _lengths(room, moderator)) == 20 * 60 * 1000
        for following, minutes in ((False, 20), (True, 15)):
            await room.do(moderator, "session.shift", session=LIVE, minutes=-5, following=following)
            assert sum(await _lengths(room, moderator)) == minutes * 60 * 1000


async def test_whoever_says_so_is_back_as_a_number_and_forgotten_in_the_end(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        moderator, anna, phone = [await room.enter(email, PAUSE) for email in (MODERATOR, ANNA, ANNA)]
        bernd, production = await room.enter(BERND, PAUSE), await room.enter(PRODUCTION, PAUSE)
        await room.do(moderator, "pause.start", session=PAUSE, minutes=10)
        back = {"session": PAUSE, "run": 1, "back": True}
        for visit in (anna, phone, anna, bernd):
            await room.do(visit, "pause.back", **back)
        await room.do(bernd, "pause.back", **{**back, "back": False})
        assert await code(room, production, "pause.back", **back) == "not_allowed"
        told = [[f["body"] for f in v.outbox.facts if f["name"] == "pause.returned"] for v in (anna, phone, moderator)]  # type: ignore[attr-defined]
        assert told == [[{"run": 1, "back": True}]] * 2 + [[]]
        assert [(await room.snapshot(visit))["pause"]["mine"]["back"] for visit in (phone, bernd)] == [True, False]
        await room.hall._send_signals()
        for visit in (anna, moderator, production):
            assert visit.outbox.signals["pause"] == {"session": PAUSE, "run": 1, "back": 1}  # type: ignore[attr-defined]
        await room.do(moderator, "pause.end", session=PAUSE, run=1, at_once=True)
        async with room.store.reading() as db:
            assert (await db.execute(select(func.count()).select_from(PauseReturnRow))).scalar_one() == 0
            assert (await db.execute(select(func.count()).select_from(PauseRow))).scalar_one() == 1
        assert await code(room, anna, "pause.back", **back) == "not_found"


async def test_a_pause_of_another_session_is_not_reached_from_here(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        moderator = await room.enter(MODERATOR, PAUSE)
        await room.do(moderator, "pause.start", session=PAUSE, minutes=None)
        for name, more in (
            ("pause.skip", {"step": 0}), ("pause.extend", {"seconds": 30, "version": 1}),
            ("pause.end", {"at_once": True}), ("pause.back", {"back": True}),
        ):  # fmt: skip
            assert await code(room, moderator, name, session=LIVE, run=1, **more) == "not_found"
            assert await code(room, moderator, name, session=PAUSE, run=2, **more) == "not_found"
        assert (await room.snapshot(moderator))["pause"]["version"] == 1


@pytest.mark.parametrize(
    ("session", "moved", "minutes", "refusal"),
    [
        ("ankommen", "live", 5, "pause.kind"),
        ("feedback", "live", 5, "pause.kind"),
        (LIVE, "planned", 5, "pause.not_live"),
        (LIVE, "live", None, "pause.length"),
        (LIVE, "live", 0, "bad_request"),
        (LIVE, "live", 181, "bad_request"),
        ("gibt-es-nicht", "planned", 5, "not_found"),
    ],
)
async def test_where_there_is_no_pause(
    tmp_path: Path, session: str, moved: str, minutes: int | None, refusal: str
) -> None:
    async with open_room(tmp_path) as room:
        moderator = await room.enter(MODERATOR, LIVE)
        if moved == "live":
            await room.do(moderator, "session.move", session=session, to="live")
        assert await code(room, moderator, "pause.start", session=session, minutes=minutes) == refusal


async def test_a_pause_that_starts_while_the_clock_reads_is_not_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_room(tmp_path) as room:
        moderator, running = await room.enter(MODERATOR, PAUSE), queries.all_running

        async def and_then_it_starts(db: Any) -> Any:
            found = await running(db)
            monkeypatch.undo()
            await room.do(moderator, "pause.start", session=PAUSE, minutes=5)
            return found

        room.hall.pauses.changed()
        monkeypatch.setattr(queries, "all_running", and_then_it_starts)
        await room.hall.pauses.tick()
        assert room.hall.pauses.runs(PAUSE)
        room.clock.turn(300)
        await room.hall.pauses.tick()
        assert await state(room, moderator) == "ended"


async def test_moving_the_session_on_ends_its_pause(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        moderator = await room.enter(MODERATOR, LIVE)
        await room.do(moderator, "session.move", session=LIVE, to="live")
        for run, to in ((1, "backstage"), (2, "ended")):
            await room.do(moderator, "session.move", session=LIVE, to="live")
            assert await room.do(moderator, "pause.start", session=LIVE, minutes=5) == {"run": run}
            await room.do(moderator, "session.move", session=LIVE, to=to)
            assert (await room.snapshot(moderator))["pause"] is None


# --- cameras ----------------------------------------------------------------------------------------------------------


async def test_the_stage_is_silent_while_its_session_pauses_and_speaks_again_after(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        moderator, speaker = await room.enter(MODERATOR, LIVE), await room.enter(SPEAKER, LIVE)
        production = await room.enter(PRODUCTION, LIVE)
        await room.do(moderator, "session.move", session=LIVE, to="live")
        await room.do(speaker, "stage.enter", session=LIVE, source="camera")
        media, muted = room.hall.media, room.engine.muted
        mine = (await media.publish(LIVE, speaker.person, speaker.link, Source.CAMERA, OFFER)).resource
        theirs = (await media.publish(LIVE, production.person, production.link, Source.PROGRAMME, OFFER)).resource
        assert [muted[feed] for feed in (mine, theirs)] == [(False, False)] * 2
        await room.do(moderator, "pause.start", session=LIVE, minutes=5)
        await until(lambda: muted[mine] == (True, True))
        tracks = {"session": LIVE, "source": "camera", "audio": True, "video": True, "person": None}
        await room.do(speaker, "stage.set_tracks", **tracks)
        again = (await media.publish(LIVE, speaker.person, speaker.link, Source.CAMERA, OFFER)).resource
        assert [muted[feed] for feed in (again, theirs)] == [(True, True), (False, False)]
        room.clock.turn(300)
        await room.hall.pauses.tick()
        await until(lambda: muted[again] == (False, False))
        assert await state(room, speaker, LIVE) == "live"


async def test_whoever_takes_part_elsewhere_is_not_seen_on_any_stage(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        moderator, speaker = await room.enter(MODERATOR, LIVE), await room.enter(SPEAKER, LIVE)
        pausing, watching = await room.enter(SPEAKER, PAUSE), await room.enter(MODERATOR, PAUSE)
        await room.do(moderator, "session.move", session=LIVE, to="backstage")
        feeds = []
        for visit in (speaker, moderator):
            await room.do(visit, "stage.enter", session=LIVE, source="camera")
            feeds.append((await room.hall.media.publish(LIVE, visit.person, visit.link, Source.CAMERA, OFFER)).resource)
        mine, theirs = feeds
        await room.do(watching, "pause.start", session=PAUSE, minutes=None)
        await room.do(pausing, "session.join", session=PAUSE)
        await until(lambda: room.engine.muted[mine] == (True, True))
        assert room.engine.muted[theirs] == (False, False)
        await room.do(pausing, "session.leave", session=PAUSE)
        await until(lambda: room.engine.muted[mine] == (False, False))
        await room.do(pausing, "session.join", session=PAUSE)
        await until(lambda: room.engine.muted[mine] == (True, True))
        await room.hall.leave(pausing)
        await until(lambda: room.engine.muted[mine] == (False, False))
