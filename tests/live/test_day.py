"""A day over the socket: join, go live, speak, vote, rate."""

from __future__ import annotations

from tests.house import ANNA, BERND, MODERATOR, SPEAKER, House, until


async def test_everybody_follows_the_moderator(house: House) -> None:
    moderator = await house.enter(MODERATOR, "live-1")
    anna = await house.enter(ANNA, "live-1")
    await moderator.do("session.move", session="live-1", to="live")
    await until(lambda: anna.heard("session.moved"))
    assert anna.heard("session.moved") == [
        {"session": "live-1", "state": "live", "running_since": "2026-06-17T07:00:00.000Z"}
    ]


async def test_a_participant_moves_nothing(house: House) -> None:
    anna = await house.enter(ANNA, "live-1")
    assert await anna.refused("session.move", session="live-1", to="live") == "not_allowed"


async def test_a_vote_is_counted_once_however_often_it_is_sent(house: House) -> None:
    moderator = await house.enter(MODERATOR, "live-1")
    anna = await house.enter(ANNA, "live-1")
    phone = await house.enter(ANNA, "live-1")
    await moderator.do("session.move", session="live-1", to="live")
    await moderator.do("poll.open", session="live-1", poll="lage")
    ballot = {"session": "live-1", "poll": "lage", "run": 1, "choice": 2}
    assert await anna.do("poll.vote", **ballot) == {"new": True}
    assert await anna.do("poll.vote", **ballot) == {"new": False}
    assert await phone.do("poll.vote", **ballot) == {"new": False}
    assert await phone.refused("poll.vote", **{**ballot, "choice": 3}) == "poll.voted"
    await until(lambda: phone.heard("ballot.cast"))
    assert phone.heard("ballot.cast") == [{"poll": "lage", "run": 1, "choice": 2}]
    await moderator.do("poll.close", session="live-1", poll="lage")
    await moderator.do("poll.publish", session="live-1", poll="lage")
    await until(lambda: anna.heard("poll.published"))
    assert anna.heard("poll.published")[0]["result"]["counts"] == [0, 0, 1, 0, 0]
    assert anna.heard("poll.resulted") == []


async def test_a_speaker_comes_on_stage(house: House) -> None:
    moderator = await house.enter(MODERATOR, "live-1")
    speaker = await house.enter(SPEAKER, "live-1")
    anna = await house.enter(ANNA, "live-1")
    assert await speaker.refused("stage.enter", session="live-1", source="camera") == "stage.not_open"
    await moderator.do("session.move", session="live-1", to="backstage")
    await speaker.do("stage.enter", session="live-1", source="camera")
    me = (await speaker.do("page.snapshot", session="live-1"))["me"]["id"]
    assert await anna.refused("stage.enter", session="live-1", source="camera") == "not_allowed"
    await moderator.do("session.move", session="live-1", to="live")
    await moderator.do("stage.bring_on", session="live-1", person=me, source="camera")
    await until(lambda: anna.heard("stage.brought_on"))
    body = anna.heard("stage.brought_on")[0]
    assert (body["slot"], body["name"], body["source"]) == (0, "Dr. Michael Fleig", "camera")
    assert body["office"].startswith("Betriebsleiter")
    assert anna.heard("stage.entered") == []
    await speaker.do("stage.set_tracks", session="live-1", source="camera", audio=False, video=True, person=None)
    code = await moderator.refused(
        "stage.set_tracks", session="live-1", source="camera", audio=True, video=True, person=me
    )
    assert code == "not_allowed"


async def test_the_day_is_rated(house: House) -> None:
    moderator = await house.enter(MODERATOR, "feedback")
    anna, bernd = await house.enter(ANNA, "feedback"), await house.enter(BERND, "feedback")
    body = {"session": "feedback", "rating": 8, "aspects": None, "comment": None}
    assert await anna.refused("feedback.rate", **body) == "feedback.not_open"
    await moderator.do("session.move", session="feedback", to="live")
    await anna.do("feedback.rate", **body)
    await bernd.do("feedback.rate", **{**body, "rating": 9})
    await bernd.do("feedback.rate", session="feedback", rating=None, aspects={"Technik": 5}, comment="Mehr Pausen")
    assert await anna.refused("feedback.rate", **{**body, "rating": 11}) == "feedback.rating"
    await until(lambda: (moderator.last_signal("rating") or {}).get("answered") == 2)
    rating = moderator.last_signal("rating")
    assert rating is not None
    assert (rating["mean"], rating["distribution"]) == (8.5, [0, 0, 0, 0, 0, 0, 0, 1, 1, 0])
    assert anna.last_signal("rating") is None
