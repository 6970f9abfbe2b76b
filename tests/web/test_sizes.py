"""A page tells how large it shows each picture; only its own viewer's."""

from __future__ import annotations

from tests.house import ANNA, BERND, MODERATOR, House

OFFER = {"data": "v=0", "headers": {"Content-Type": "application/sdp"}}


async def test_sizes_reach_the_engine_for_ones_own_viewer_alone(house: House) -> None:
    moderator = await house.enter(MODERATOR, "live-1")
    await moderator.do("session.move", session="live-1", to="live")
    async with await house.browser(ANNA) as anna, await house.browser(BERND) as bernd:
        async with anna.post("/whep/live-1", **OFFER) as answer:
            resource = answer.headers["Location"]
        async with anna.put(f"{resource}/sizes", data="[720, 180, 0, 0, 4320]") as answer:
            assert answer.status == 204
        async with bernd.put(f"{resource}/sizes", data="[0]") as answer:
            assert answer.status == 404
    assert house.engine.shown == {resource.split("/")[-1]: [720, 180, 0, 0, 4320]}
