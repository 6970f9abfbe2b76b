"""Presence begins with joining, ends with the connection, survives a crash; devices and the hall make one person."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

from conference.sessions import queries
from conference.sessions.export import live_attendance
from conference.web.pages.hall import ATTEMPTS
from conference.web.pages.session import CODE_SECONDS
from tests.house import ANNA, BERND, MODERATOR, ORGANISER, START, House, until
from tests.visits import Room, open_room


async def intervals(store: Any) -> list[tuple[str, float, float | None]]:
    """Every interval: where, from and to in minutes of the day."""
    async with store.reading() as db:
        return [
            (
                row.source,
                (row.began - START) / timedelta(minutes=1),
                None if row.ended is None else (row.ended - START) / timedelta(minutes=1),
            )
            for row in await queries.presences(db)
        ]


async def test_looking_at_a_page_is_no_presence(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        await room.enter(ANNA, "live-1")
        await room.hall.heartbeat()
        assert await intervals(room.store) == []


async def test_two_devices_are_two_intervals_of_one_person(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        desk, phone = await room.enter(ANNA, "live-1"), await room.enter(ANNA, "live-1")
        moderator = await room.enter(MODERATOR, "live-1")
        await room.do(desk, "session.join", session="live-1")
        await room.do(desk, "session.join", session="live-1")
        room.clock.turn(600)
        await room.do(phone, "session.join", session="live-1")
        signal: Any = phone.outbox
        assert signal.signals["devices"] == {"session": "live-1", "devices": 2}
        [anna] = await room.do(moderator, "session.people", session="live-1")
        assert (anna["devices"], anna["hall"], anna["role"]) == (2, False, "participant")
        room.clock.turn(600)
        await room.hall.leave(desk)
        room.clock.turn(600)
        await room.do(phone, "session.leave", session="live-1")
        await room.do(phone, "session.leave", session="live-1")
        assert await intervals(room.store) == [("online", 0.0, 20.0), ("online", 10.0, 30.0)]


async def test_leaving_one_session_is_not_leaving_the_other(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        anna = await room.enter(ANNA, "live-1")
        await room.do(anna, "session.join", session="live-1")
        await room.do(anna, "session.join", session="feedback")
        room.clock.turn(60)
        await room.do(anna, "session.leave", session="live-1")
        assert await intervals(room.store) == [("online", 0.0, 1.0), ("online", 0.0, None)]


async def test_after_a_crash_an_interval_ends_where_it_was_last_seen(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        anna, bernd = await room.enter(ANNA, "live-1"), await room.enter(BERND, "live-1")
        await room.do(anna, "session.join", session="live-1")
        room.clock.turn(300)
        await room.hall.heartbeat()
        await room.do(bernd, "session.join", session="live-1")
        room.clock.turn(3)
        room.hall.visits.clear()  # as a SIGKILL would
    async with open_room(tmp_path) as room:
        room.clock.turn(3600)
        assert await intervals(room.store) == [("online", 0.0, 5.0), ("online", 5.0, 5.0)]
        assert (await _standing(room))["online"] == 0


async def test_who_goes_while_joining_is_not_present_for_ever(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        anna = await room.enter(ANNA, "live-1")
        await room.hall.leave(anna)
        await room.hall.join(anna, "live-1")
        assert await intervals(room.store) == [("online", 0.0, 0.0)]


async def test_stopping_the_server_ends_all_presence(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        for _ in range(2):
            await room.do(await room.enter(ANNA, "live-1"), "session.join", session="live-1")
        room.clock.turn(60)
        await room.hall.farewell()
        assert await intervals(room.store) == [("online", 0.0, 1.0), ("online", 0.0, 1.0)]


async def test_attendance_is_counted_over_devices_and_hall_while_the_session_ran(house: House) -> None:
    moderator = await house.enter(MODERATOR, "live-1")
    anna = await house.enter(ANNA, "live-1")
    await anna.do("session.join", session="live-1")  # ten minutes before it begins
    house.clock.turn(600)
    await moderator.do("session.move", session="live-1", to="live")
    house.clock.turn(1200)
    assert "checkin" in await check_in(house, await code(house), ANNA)
    await anna.sio.disconnect()
    await until(lambda: len(house.hall.visits) == 1)
    house.clock.turn(600)
    await moderator.do("session.move", session="live-1", to="backstage")  # an interruption
    house.clock.turn(3000)
    await moderator.do("session.move", session="live-1", to="live")
    bernd = await house.enter(BERND, "live-1")
    await bernd.do("session.join", session="live-1")
    house.clock.turn(600)
    await moderator.do("session.move", session="live-1", to="ended")
    house.clock.turn(600)
    assert await intervals(house.store) == [("online", 0.0, 30.0), ("hall", 30.0, 100.0), ("online", 90.0, None)]
    async with house.store.reading() as db:
        [live] = [line for line in await live_attendance(db, house.clock.now()) if line["session"] == "live-1"]
    assert (live["came"], live["attended"], live["minutes"], live["online"], live["hall"]) == (2, 1, 40.0, 1, 0)


# --- check-in in the hall ---------------------------------------------------------------------------------------------


async def code(house: House) -> str:
    """The address that the hall's screen shows now."""
    async with await house.browser(None) as screen, screen.get("/venue/live-1/code") as answer:
        shown = await answer.json()
        assert "<svg" in shown["qr"]
        return str(shown["url"]).removeprefix(house.url)


async def check_in(house: House, path: str, email: str | None) -> str:
    """Press the button on a phone that holds no link; the page that comes back, with its state."""
    data = {"email": email} if email else {}
    async with house.http.post(path, data=data, headers={"Accept": "text/html"}) as answer:
        return f"{answer.status} checkin {await answer.text()}"


async def present(house: House) -> list[tuple[str, float, float | None]]:
    return await intervals(house.store)


async def test_looking_at_the_code_changes_nothing_and_pressing_twice_is_one_interval(house: House) -> None:
    path = await code(house)
    async with await house.browser(ANNA) as phone:
        for _ in range(3):
            async with phone.get(path) as answer:
                assert answer.status == 200
        assert await present(house) == []
        for _ in range(2):
            async with phone.post(path) as answer:
                assert answer.status == 200
    assert await present(house) == [("hall", 0.0, None)]


async def test_an_old_code_is_accepted_one_period_longer_and_then_no_more(house: House) -> None:
    path = await code(house)
    house.clock.turn(CODE_SECONDS)
    await check_in(house, path, ANNA)
    assert len(await present(house)) == 1
    house.clock.turn(CODE_SECONDS)
    await check_in(house, path, BERND)
    await check_in(house, path.replace("live-1", "live-2"), BERND)
    await check_in(house, re.sub(r"[^/]+$", "AAAAAAAAAA", path), BERND)
    assert len(await present(house)) == 1


async def test_an_address_checks_in_and_opens_nothing(house: House) -> None:
    path = await code(house)
    for email in ("nobody@example.org", None, "x" * 300, "regie@example.org"):
        await check_in(house, path, email)
    assert await present(house) == []
    async with house.http.post(path, data={"email": f"  {ANNA.upper()} "}) as answer:
        assert "Set-Cookie" not in answer.headers
        assert "Kohl" not in await answer.text()
    assert await present(house) == [("hall", 0.0, None)]
    async with house.http.get("/me") as answer:
        assert answer.status == 401


async def test_addresses_cannot_be_tried_out_and_a_whole_hall_can_check_in(house: House) -> None:
    path = await code(house)
    people = [str(link["email"]) for link in await house.links() if link["session"] is None and link["email"]]
    assert len(people) > ATTEMPTS
    for email in people[: ATTEMPTS + 5]:
        await check_in(house, path, email)
    assert len(await present(house)) >= ATTEMPTS
    answers = [(await check_in(house, path, f"try{n}@example.org"))[:3] for n in range(ATTEMPTS + 1)]
    assert (answers[0], answers[-1]) == ("200", "429")


async def test_a_session_that_is_over_takes_nobody_in(house: House) -> None:
    moderator = await house.enter(MODERATOR, "live-1")
    await moderator.do("session.move", session="live-1", to="live")
    await moderator.do("session.move", session="live-1", to="ended")
    async with house.http.post(await code(house), data={"email": ANNA}) as answer:
        assert (await answer.json())["error"]["code"] == "session.over"
    assert await present(house) == []


async def _standing(room: Room) -> dict[str, Any]:
    organiser = await room.enter(ORGANISER, "live-1")
    lines = await room.do(organiser, "attendance.read")
    return next(line for line in lines if line["session"] == "live-1")
