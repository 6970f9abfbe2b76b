"""A speaker whose browser died does not stand on stage for ever."""

from __future__ import annotations

from tests.house import ANNA, MODERATOR, SPEAKER, House, until


async def test_who_is_gone_for_a_minute_leaves_the_stage(house: House) -> None:
    moderator, speaker = await house.enter(MODERATOR, "live-1"), await house.enter(SPEAKER, "live-1")
    await moderator.do("session.move", session="live-1", to="backstage")
    await speaker.do("stage.enter", session="live-1", source="camera")
    [waiting] = (await moderator.do("page.snapshot", session="live-1"))["stage"]["backstage"]
    await moderator.do("stage.bring_on", session="live-1", person=waiting["person"], source="camera")
    await house.hall.clear_deserted()
    await speaker.sio.disconnect()
    await until(lambda: len(house.hall.visits) == 1)
    await house.hall.clear_deserted()
    house.clock.turn(59)
    await house.hall.clear_deserted()
    assert moderator.heard("stage.left") == []
    house.clock.turn(1)
    await house.hall.clear_deserted()
    await until(lambda: moderator.heard("stage.left"))
    assert moderator.heard("stage.left") == [{"person": waiting["person"], "source": "camera"}]


async def test_a_guest_who_is_gone_has_had_the_word(house: House) -> None:
    moderator, guest = await house.enter(MODERATOR, "live-1"), await house.enter(ANNA, "live-1")
    await moderator.do("session.move", session="live-1", to="live")
    await guest.do("hand.raise", session="live-1", up=True)
    [hand] = (await moderator.do("page.snapshot", session="live-1"))["hands"]
    await moderator.do("hand.call", session="live-1", person=hand["person"])
    await guest.do("hand.speak", session="live-1", video=False)
    await guest.sio.disconnect()
    await until(lambda: len(house.hall.visits) == 1)
    await house.hall.clear_deserted()
    house.clock.turn(60)
    await house.hall.clear_deserted()
    snapshot = await moderator.do("page.snapshot", session="live-1")
    assert (snapshot["hands"], [slot for slot in snapshot["stage"]["slots"] if slot]) == ([], [])


async def test_who_comes_back_stays(house: House) -> None:
    moderator, speaker = await house.enter(MODERATOR, "live-1"), await house.enter(SPEAKER, "live-1")
    await moderator.do("session.move", session="live-1", to="backstage")
    await speaker.do("stage.enter", session="live-1", source="camera")
    await speaker.sio.disconnect()
    await until(lambda: len(house.hall.visits) == 1)
    await house.hall.clear_deserted()
    await house.enter(SPEAKER, "live-1")
    house.clock.turn(61)
    await house.hall.clear_deserted()
    await house.hall.clear_deserted()
    assert len((await moderator.do("page.snapshot", session="live-1"))["stage"]["backstage"]) == 1
