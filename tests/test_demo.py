"""The demo: whoever opens a link is led to the stage that is about to begin."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from conference import demo
from conference.app import open_store
from conference.config import Settings
from conference.core.clock import ManualClock
from conference.direction import queries as direction
from conference.people.tokens import Tokens
from conference.sessions import queries
from conference.sessions.model import belongs_now
from tests.house import START


async def test_the_first_live_session_is_about_to_begin(tmp_path: Path) -> None:
    async with open_store(Settings(data=str(tmp_path)), ManualClock(START)) as store:
        await demo.load(store)
        async with store.reading() as db:
            agenda = await queries.agenda(db)
            cues = await direction.cues(db)
        assert {session.key: session.state.value for session in agenda} == {
            "ankommen": "ended",
            "live-1": "backstage",
            "aktiv-pause": "planned",
            "arbeitsgruppen": "planned",
            "live-2": "planned",
            "feedback": "planned",
        }
        assert belongs_now(agenda) == "live-1"
        assert agenda[1].starts - START == timedelta(minutes=5)
        assert next(cue.key for cue in cues if cue.state == "waiting") == "live-1:session.start"


async def test_it_goes_on_where_it_was_and_shows_one_link_of_each_role(tmp_path: Path) -> None:
    tokens = Tokens(b"k" * 32)
    async with open_store(Settings(data=str(tmp_path)), ManualClock(START)) as store:
        await demo.load(store)
        shown = await demo.links(store, tokens, "http://here")
        await demo.load(store)
        assert await demo.links(store, tokens, "http://here") == shown
    roles = [line.split()[0] for line in shown[1:]]
    assert roles == ["Teilnahme", "Vortrag", "Moderation", "Organisation", "Produktion", "Saalbild"]
