"""The hall: nobody misses a fact, nobody hears what is not theirs, and nothing outlives its link."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from conference.app import open_store
from conference.config import Settings
from conference.core.errors import ConferenceError
from conference.core.facts import Told
from conference.core.roles import Role
from conference.demo import HERE as DEMO
from conference.hall import hall as hall_module
from conference.hall.visit import Visit
from conference.importing import import_all, import_people
from conference.media.engine import MediaEvent, MediaRefused, MediaUnavailable
from conference.people import actions as people
from conference.people.people_file import read_people
from conference.polls.facts import PollEdited
from conference.sessions.model import Source
from conference.sessions.programme import read_programme
from tests.house import ANNA, BERND, MODERATOR, ORGANISER, PRODUCTION, SPEAKER
from tests.the_day import LIVE, the_day
from tests.visits import Room, open_room


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path) as room:
        yield room


def ear(visit: Visit) -> Any:
    return visit.outbox


async def missed(room: Room, email: str, since: dict[str, int]) -> list[str] | None:
    """The names of the facts that a page which comes back is told; None when it needs a fresh snapshot."""
    visit = await room.enter(email, LIVE)
    await room.hall.leave(visit)
    hello = await room.hall.enter(visit, since)
    return None if hello.get("resync") else [fact["name"] for fact in hello["facts"]]


# --- coming back ------------------------------------------------------------------------------------------------------


async def test_who_comes_back_is_told_what_they_missed_and_may_hear(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    moderator, anna = await room.enter(MODERATOR, LIVE), await room.enter(ANNA, LIVE)
    numbers = (await room.snapshot(anna))["numbers"]
    await room.do(moderator, "session.move", session=LIVE, to="live")
    await room.do(moderator, "stage.enter", session=LIVE, source="camera")
    await room.do(moderator, "poll.open", session=LIVE, poll="lage")
    await room.do(anna, "poll.vote", session=LIVE, poll="lage", run=1, choice=1)
    assert await missed(room, ANNA, numbers) == ["session.moved", "poll.opened", "ballot.cast"]
    assert await missed(room, BERND, numbers) == ["session.moved", "poll.opened"]
    seen = ["session.moved", "direction.stepped", "stage.entered", "poll.opened"]
    assert await missed(room, MODERATOR, numbers) == seen
    assert await missed(room, ANNA, (await room.snapshot(anna))["numbers"]) == []
    assert await missed(room, ANNA, {}) == []
    assert await missed(room, ANNA, {"live-2": 0}) == []
    assert await missed(room, ANNA, {LIVE: 10**30}) is None
    assert await missed(room, ANNA, {LIVE: -1}) is None
    monkeypatch.setattr(hall_module, "RESUME_LIMIT", 1)
    assert await missed(room, ANNA, numbers) is None


async def test_a_fact_that_comes_while_somebody_enters_is_not_lost(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    real = room.hall._missed

    async def slow(visit: Visit, since: dict[str, int]) -> Any:
        found = await real(visit, since)
        async with room.store.unit() as unit:
            await unit.tell(LIVE, PollEdited({"key": "x"}))
        return found

    monkeypatch.setattr(room.hall, "_missed", slow)
    moderator = await room.enter(MODERATOR, LIVE)
    assert [(fact["number"], fact["name"]) for fact in ear(moderator).facts] == [(1, "poll.edited")]


async def test_facts_are_handed_on_in_order_whoever_brings_them_first(room: Room) -> None:
    moderator = await room.enter(MODERATOR, LIVE)
    told = [Told(LIVE, number, "poll.edited", "", "all", {"poll": {"key": str(number)}}) for number in (1, 2, 3)]
    room.hall.tell([told[2]])
    room.hall.tell([told[1], told[2]])
    assert ear(moderator).facts == []
    room.hall.tell(told)
    room.hall.tell(told)
    assert [fact["number"] for fact in ear(moderator).facts] == [1, 2, 3]


async def test_what_another_process_wrote_is_fetched(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moderator, anna = await room.enter(MODERATOR, LIVE), await room.enter(ANNA, LIVE)
    async with open_store(Settings(data=str(tmp_path))) as other:
        async with other.unit() as unit:
            await unit.tell(LIVE, PollEdited({"key": "x"}))
        await room.hall.catch_up()
        assert (len(ear(moderator).facts), len(ear(anna).facts)) == (1, 0)
        monkeypatch.setattr(hall_module, "CATCH_UP_LIMIT", 2)
        async with other.unit() as unit:
            await unit.tell(LIVE, *[PollEdited({"key": "x"})] * 5)
        await room.hall.catch_up()
    assert (ear(moderator).resyncs, ear(anna).resyncs) == (1, 1)
    async with room.store.unit() as unit:
        await unit.tell(LIVE, PollEdited({"key": "y"}))
    assert [fact["number"] for fact in ear(moderator).facts] == [1, 7]


async def test_a_programme_that_is_imported_anew_reaches_open_pages_and_changes_roles(
    room: Room, tmp_path: Path
) -> None:
    anna, before = await room.enter(ANNA, LIVE), (await room.snapshot(await room.enter(BERND, LIVE)))["numbers"]
    text = (DEMO / "kooperationskonferenz.yaml").read_text("utf-8")
    text = text.replace("moderators: [oliver.lilie@example.org]", f"moderators: [oliver.lilie@example.org, {ANNA}]", 1)
    text = text.replace("staff:\n", f"staff:\n  - {{name: Violetta Kohl, email: {ANNA}, role: moderator}}\n")
    async with open_store(Settings(data=str(tmp_path))) as other, other.unit() as unit:
        await import_all(unit, read_programme(text.encode()), None)
    await room.hall.catch_up()
    assert ear(anna).resyncs == 1
    assert (anna.roles[LIVE], anna.person.role) == (Role.MODERATOR, Role.MODERATOR)
    assert "moderate" in (await room.snapshot(anna))["me"]["may"]
    await room.do(anna, "session.move", session=LIVE, to="live")
    assert await missed(room, BERND, before) is None


async def test_people_that_are_renamed_are_renamed_on_open_pages(room: Room) -> None:
    speaker = await room.enter(SPEAKER, LIVE)
    async with room.store.unit() as unit:
        await import_people(unit, read_people("a.csv", f"Vorname;Nachname;Mail\nMichaela;Fleig;{SPEAKER}\n".encode()))
    await room.hall.catch_up()
    assert ear(speaker).resyncs == 1
    snapshot = await room.snapshot(speaker)
    assert "Michaela Fleig" in json.dumps(snapshot["agenda"], ensure_ascii=False)


# --- links ------------------------------------------------------------------------------------------------------------


async def test_a_link_that_was_revoked_a_moment_ago_lets_nobody_in(room: Room) -> None:
    anna = await room.enter(ANNA, LIVE)
    await room.hall.leave(anna)
    async with room.store.unit() as unit:
        await people.revoke(unit, anna.person.public_id, anna.link.public_id)
    with pytest.raises(ConferenceError, match="not_signed_in"):
        await room.hall.enter(anna, {})
    assert room.hall.visits == {}


async def test_media_that_is_opened_while_its_link_is_revoked_does_not_stay(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    moderator, anna = await room.enter(MODERATOR, LIVE), await room.enter(ANNA, LIVE)
    await room.do(moderator, "session.move", session=LIVE, to="live")
    real = room.engine.view

    async def slow(*given: Any, **named: Any) -> Any:
        async with room.store.unit() as unit:
            await people.revoke(unit, anna.person.public_id, anna.link.public_id)
        await room.hall.cut_link(anna.link.public_id)
        return await real(*given, **named)

    monkeypatch.setattr(room.engine, "view", slow)
    with pytest.raises(ConferenceError, match="not_allowed"):
        await room.hall.media.view(LIVE, anna.person, anna.link, "stage", "v=0")
    assert (room.engine.open, room.hall.media.counts()) == ({}, {"publishers": 0, "viewers": 0})


# --- the stage's media ------------------------------------------------------------------------------------------------


async def test_an_encoder_that_is_refused_leaves_nothing_on_stage(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    moderator, production = await room.enter(MODERATOR, LIVE), await room.enter(PRODUCTION, LIVE)
    publish = room.hall.media.publish
    with pytest.raises(ConferenceError, match=r"stage\.not_open"):
        await publish(LIVE, production.person, production.link, Source.PROGRAMME, "v=0")
    assert room.engine.open == {}
    await room.do(moderator, "session.move", session=LIVE, to="live")

    async def refuse(*_given: Any, **_named: Any) -> Any:
        raise MediaRefused("Kein Bild.")

    with monkeypatch.context() as patch:
        patch.setattr(room.engine, "publish", refuse)
        with pytest.raises(MediaRefused):
            await publish(LIVE, production.person, production.link, Source.PROGRAMME, "nonsense")
    stage = (await room.snapshot(moderator))["stage"]
    assert (stage["slots"], stage["backstage"]) == ([None] * 9, [])
    answer = await publish(LIVE, production.person, production.link, Source.PROGRAMME, "v=0")
    assert room.engine.slots[f"stage/{LIVE}"] == [answer.resource, *[None] * 8]


async def test_a_feed_flows_where_the_database_says_and_ends_with_its_entry(room: Room) -> None:
    moderator, speaker = await room.enter(MODERATOR, LIVE), await room.enter(SPEAKER, LIVE)
    media, me = room.hall.media, {"session": LIVE, "person": speaker.person.public_id, "source": "camera"}
    await room.do(moderator, "session.move", session=LIVE, to="live")
    with pytest.raises(ConferenceError, match="not_allowed"):
        await media.publish(LIVE, speaker.person, speaker.link, Source.CAMERA, "v=0")
    await room.do(speaker, "stage.enter", session=LIVE, source="camera")
    first = await media.publish(LIVE, speaker.person, speaker.link, Source.CAMERA, "v=0")
    again = await media.publish(LIVE, speaker.person, speaker.link, Source.CAMERA, "v=0")
    assert list(room.engine.open) == [again.resource] != [first.resource]
    assert room.engine.slots[f"stage/{LIVE}"] == [None] * 9
    assert room.engine.slots[f"backstage/{LIVE}"][0] == again.resource
    await room.do(moderator, "stage.bring_on", **me)
    await media.apply(LIVE)
    assert room.engine.slots[f"stage/{LIVE}"][0] == again.resource
    await room.do(moderator, "stage.set_tracks", **me, audio=False, video=None)
    await media.apply(LIVE)
    assert room.engine.muted[again.resource] == (True, False)
    room.engine.report(MediaEvent("connected", again.resource, ""))
    room.engine.report(MediaEvent("speaking", again.resource, "", {"speaking": True}))
    for role in Role:
        assert media.arriving(LIVE, role) == media.speaking(LIVE, role) == [f"{me['person']}/camera"]
    await room.do(moderator, "stage.take_off", **me)
    await media.apply(LIVE)
    assert media.arriving(LIVE, Role.SPEAKER) == media.speaking(LIVE, Role.SPEAKER) == [f"{me['person']}/camera"]
    assert media.arriving(LIVE, Role.PARTICIPANT) == media.speaking(LIVE, Role.PARTICIPANT) == []
    await room.do(moderator, "session.move", session=LIVE, to="ended")
    await media.apply(LIVE)
    assert (room.engine.open, media.arriving(LIVE, Role.MODERATOR)) == ({}, [])


async def test_viewers_are_cut_when_they_may_no_longer_see(room: Room) -> None:
    moderator, anna, speaker = [await room.enter(email, LIVE) for email in (MODERATOR, ANNA, SPEAKER)]
    media = room.hall.media
    for room_name in ("stage", "backstage"):
        with pytest.raises(ConferenceError):
            await media.view(LIVE, anna.person, anna.link, room_name, "v=0")  # type: ignore[arg-type]
    await room.do(moderator, "session.move", session=LIVE, to="live")
    await media.view(LIVE, anna.person, anna.link, "stage", "v=0")
    crew = await media.view(LIVE, speaker.person, speaker.link, "backstage", "v=0")
    with pytest.raises(ConferenceError, match="not_allowed"):
        await media.view(LIVE, anna.person, anna.link, "backstage", "v=0")
    await room.do(moderator, "session.move", session=LIVE, to="backstage")
    await media.apply(LIVE)
    assert list(room.engine.open) == [crew.resource]
    with pytest.raises(ConferenceError, match="not_found"):
        await media.close_own(crew.resource, anna.person)


async def test_whoever_sends_from_another_page_is_told_on_the_first(room: Room) -> None:
    moderator, speaker, again = [await room.enter(email, LIVE) for email in (MODERATOR, SPEAKER, SPEAKER)]
    await room.do(moderator, "session.move", session=LIVE, to="backstage")
    await room.do(speaker, "stage.enter", session=LIVE, source="camera")
    media = room.hall.media
    first, second = [
        await media.publish(LIVE, speaker.person, speaker.link, Source.CAMERA, "v=0") for _ in range(2)
    ]
    for page in (speaker, again):
        assert ear(page).signals["media"] == {"session": LIVE, "taken": [first.resource]}
    assert "media" not in ear(moderator).signals
    assert list(room.engine.open) == [second.resource]


async def test_those_whose_media_were_lost_are_told_and_nobody_else(room: Room) -> None:
    moderator, anna, bernd = [await room.enter(email, LIVE) for email in (MODERATOR, ANNA, BERND)]
    await room.do(moderator, "session.move", session=LIVE, to="live")
    media = room.hall.media
    lost, kept = [await media.view(LIVE, who.person, who.link, "stage", "v=0") for who in (anna, bernd)]
    room.engine.lose_worker(lost.resource)
    assert ear(anna).signals["media"] == {"session": LIVE, "lost": [lost.resource]}
    assert "media" not in ear(bernd).signals
    assert "media" not in ear(moderator).signals
    assert media.counts() == {"publishers": 0, "viewers": 1}
    await media.close_own(kept.resource, bernd.person)
    await media.stop()


async def test_what_is_lost_while_somebody_publishes_is_not_kept(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker may die between its answer and the moment the publisher is let in."""
    moderator, production = await room.enter(MODERATOR, LIVE), await room.enter(PRODUCTION, LIVE)
    await room.do(moderator, "session.move", session=LIVE, to="live")
    media = room.hall.media
    entering = media._enter_programme

    async def enter(*given: Any) -> None:
        room.engine.lose_worker()
        await entering(*given)

    monkeypatch.setattr(media, "_enter_programme", enter)
    with pytest.raises(MediaUnavailable):
        await media.publish(LIVE, production.person, production.link, Source.PROGRAMME, "v=0")
    assert media.counts() == {"publishers": 0, "viewers": 0}
    monkeypatch.undo()
    await media.publish(LIVE, production.person, production.link, Source.PROGRAMME, "v=0")
    assert media.counts() == {"publishers": 1, "viewers": 0}
    await media.stop()


# --- discretion -------------------------------------------------------------------------------------------------------


async def test_nobody_is_shown_people_beyond_those_on_stage_or_any_address(room: Room) -> None:
    looking = {email: await room.enter(email, LIVE) for email in (BERND, SPEAKER, PRODUCTION, None)}
    actors = {"participant": ANNA, "speaker": SPEAKER, "moderator": MODERATOR, "organiser": ORGANISER}
    visits = {who: await room.enter(email, LIVE) for who, email in actors.items()}
    visits["somebody at the end"] = await room.enter(ANNA, "feedback")
    anna = visits["participant"].person
    for who, command, body in the_day(visits["speaker"].person.public_id):
        await room.do(visits[who], command, **body)
        await room.hall._send_signals()
        for email, visit in looking.items():
            shown = json.dumps([await room.snapshot(visit), ear(visit).facts, ear(visit).signals], ensure_ascii=False)
            for secret in ("@example.org", anna.name, anna.public_id, anna.last_name):
                assert secret not in shown, (email, command, secret)
