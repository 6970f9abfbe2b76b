"""A speaker whose browser died does not stand on stage for ever."""

from __future__ import annotations

from tests.house import MODERATOR, SPEAKER, House, until


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
