"""Old snapshot + facts heard == fresh snapshot: every command, everybody who looks on, the page's own reducers."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from conference.core.errors import ConferenceError
from conference.live.registry import COMMANDS
from conference.polls.tables import PollRow
from conference.sessions.actions import stage
from conference.sessions.model import Source
from tests.house import ANNA, BERND, MODERATOR, ORGANISER, PRODUCTION, SPEAKER
from tests.the_day import (
    END,
    GROUPS,
    LIVE,
    MEMBER,
    OTHER,
    STAFF,
    draft,
    whole_day,
)
from tests.visits import Crowd, Page, open_page, open_room

LOOKERS_ON: dict[str, tuple[str | None, str | None]] = {
    "participant": (ANNA, LIVE),
    "speaker": (SPEAKER, LIVE),
    "moderator": (MODERATOR, LIVE),
    "organiser": (ORGANISER, LIVE),
    "production": (PRODUCTION, LIVE),
    "venue": (None, LIVE),
    "participant of the film": (ANNA, "live-2"),
    "moderator of the film": (MODERATOR, "live-2"),
    "somebody at the end": (BERND, END),
    "moderator at the end": (MODERATOR, END),
    MEMBER: (ANNA, GROUPS),
    OTHER: (BERND, GROUPS),
    STAFF: (MODERATOR, GROUPS),
    "speaker in a group": (SPEAKER, GROUPS),
    "production of the groups": (PRODUCTION, GROUPS),
    "somebody on the day's page": (ANNA, None),
}


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with open_page() as page:
        yield page


@pytest.fixture
async def crowd(tmp_path: Path, page: Page) -> AsyncIterator[Crowd]:
    async with open_room(tmp_path) as room:
        crowd = Crowd(room, page)
        await crowd.come(LOOKERS_ON)
        yield crowd


async def test_every_page_follows_every_command(crowd: Crowd) -> None:
    day = whole_day(crowd.id("speaker"))
    assert {command for _, command, _ in day} >= set(COMMANDS)
    for number, (who, command, body) in enumerate(day):
        await crowd.play(who, command, body)
        await crowd.compare((command, body), everybody=number % 10 == 0)
    await crowd.compare("the day")


# --- made-up days ---------------------------------------------------------------------------------------------------

ACTORS = st.sampled_from(["participant", "speaker", "moderator", "moderator", "moderator", "organiser"])
SOURCES = st.sampled_from(["camera", "screen"])
CHOICES = st.sampled_from([0, 1, 2, [0], [0, 2], [4, 1], "Mut", "MUT", "Zeit"])
PERSONS = st.sampled_from(["speaker", "moderator", "production"])
STEPS = st.one_of(
    st.tuples(st.just("session.move"), st.sampled_from(["planned", "backstage", "live", "live", "ended"])),
    st.tuples(st.just("session.shift"), st.sampled_from([-30, 5, 90]), st.booleans()),
    st.tuples(st.just("stage.enter"), ACTORS, SOURCES),
    st.tuples(st.just("stage.leave"), ACTORS, SOURCES),
    st.tuples(st.just("stage.bring_on"), PERSONS, st.sampled_from(["camera", "screen", "programme"])),
    st.tuples(st.just("stage.take_off"), PERSONS, st.sampled_from(["camera", "screen", "programme"])),
    st.tuples(st.just("stage.set_tracks"), ACTORS, SOURCES, st.booleans(), st.booleans()),
    st.tuples(st.just("stage.name"), PERSONS, st.booleans()),
    st.tuples(st.just("stage.call_off"), PERSONS),
    *[st.tuples(st.just("announce"), PERSONS, SOURCES)] * 2,
    st.tuples(st.just("clock"), st.sampled_from([5, 16])),
    st.tuples(st.just("programme")),
    st.tuples(st.just("stage.put_on_air"), st.sampled_from(["main", "backup"])),
    *[st.tuples(st.just("speaks"), PERSONS, st.sampled_from([Source.CAMERA, Source.PROGRAMME]))] * 2,
    st.tuples(st.just("poll.create"), st.sampled_from(["single", "multiple", "scale", "words"]), st.booleans()),
    *(
        st.tuples(st.just(name), st.integers(0, 4))
        for name in ("poll.open", "poll.open", "poll.close", "poll.publish", "poll.hide", "poll.discard")
    ),
    *[st.tuples(st.just("poll.vote"), ACTORS, CHOICES)] * 3,
    st.tuples(st.just("pause.start"), st.sampled_from([None, 1, 30])),
    st.tuples(st.just("pause.back"), ACTORS, st.booleans()),
    st.tuples(st.just("pause.extend"), st.integers(1, 3)),
    st.tuples(st.just("pause.end"), st.booleans()),
    st.tuples(st.just("feedback.rate"), st.sampled_from([None, 1, 10]), st.sampled_from([None, {"Technik": 3}])),
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEPS, min_size=5, max_size=40))
def test_every_page_follows_any_day(page: Page, steps: list[tuple[Any, ...]]) -> None:
    asyncio.run(_play(page, steps))


async def _play(page: Page, steps: list[tuple[Any, ...]]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        async with open_room(Path(directory)) as room:
            crowd = Crowd(room, page)
            await crowd.come(LOOKERS_ON)
            await room.do(crowd.visits["moderator"], "session.move", session=LIVE, to="live")
            await room.do(crowd.visits["moderator at the end"], "session.move", session=END, to="live")
            for step in steps:
                with contextlib.suppress(ConferenceError):
                    await _step(crowd, *step)
            await crowd.compare(steps)


async def _step(crowd: Crowd, name: str, *given: Any) -> None:
    who, body = "moderator", {"session": LIVE}
    match name:
        case "session.move":
            body["to"] = given[0]
        case "session.shift":
            body |= {"minutes": given[0], "following": given[1]}
        case "stage.enter" | "stage.leave":
            who, body["source"] = given
        case "stage.bring_on" | "stage.take_off":
            body |= {"person": crowd.id(given[0]), "source": given[1]}
        case "stage.set_tracks":
            who = given[0]
            body |= {"source": given[1], "audio": given[2], "video": given[3], "person": crowd.id("speaker")}
        case "stage.name":
            body |= {"person": crowd.id(given[0]), "source": "camera", "named": given[1]}
        case "stage.call_off":
            body |= {"person": crowd.id(given[0]), "source": "camera"}
        case "announce":
            async with crowd.room.store.unit() as unit:
                await stage.announce(unit, LIVE, crowd.id(given[0]), Source(given[1]), 10)
            return
        case "clock":
            await crowd.wait(given[0])
            return
        case "programme":
            await crowd.send_programme()
            return
        case "stage.put_on_air":
            body |= {"person": crowd.id("production"), "feed": given[0]}
        case "speaks":
            async with crowd.room.store.unit() as unit:
                await stage.give_word(unit, LIVE, crowd.id(given[0]), given[1])
            return
        case "poll.create":
            body |= _made_up(*given)
        case "poll.vote":
            poll, run = await _open_poll(crowd)
            who = given[0]
            body |= {"poll": poll, "run": run, "choice": given[1]}
        case "pause.start":
            body["minutes"] = given[0]
        case "pause.back":
            who, body["run"], body["back"] = given[0], 1, given[1]
        case "pause.extend":
            body |= {"run": 1, "seconds": 60, "version": given[0]}
        case "pause.end":
            body |= {"run": 1, "at_once": given[0]}
        case "feedback.rate":
            who = "somebody at the end"
            body = {"session": END, "rating": given[0], "aspects": given[1], "comment": None}
        case _:
            body["poll"] = await _some_poll(crowd, given[0])
    await crowd.room.do(crowd.visits[who], name, **body)


def _made_up(kind: str, anonymous: bool) -> dict[str, Any]:
    options = ["a", "b", "c", "d", "e"] if kind in ("single", "multiple") else []
    low, high = (0, 4) if kind == "scale" else (None, None)
    return draft(
        kind=kind, options=options, scale_from=low, scale_to=high, anonymous=anonymous, revisable=not anonymous
    )


async def _polls(crowd: Crowd) -> list[PollRow]:
    async with crowd.room.store.reading() as db:
        return list((await db.execute(select(PollRow).order_by(PollRow.id))).scalars())


async def _some_poll(crowd: Crowd, number: int) -> str:
    polls = await _polls(crowd)
    return polls[number % len(polls)].key if polls else "gone"


async def _open_poll(crowd: Crowd) -> tuple[str, int]:
    return next(((poll.key, poll.run) for poll in await _polls(crowd) if poll.state == "open"), ("lage", 1))
