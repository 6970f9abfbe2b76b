"""What is told and never kept: reactions in bursts, and letters while they are typed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from conference.chat import actions as chat
from conference.core.errors import ConferenceError, NotAllowed
from conference.hall.visit import Visit
from conference.questions import queries as questions
from conference.sessions import queries as sessions
from conference.sessions.model import State
from conference.store.unit import Store

REACTIONS_A_TURN = 3
"""Of one page that count between two signals; more are dropped without a word."""
FLUSH_SECONDS = 0.1
"""For which letters are gathered before they are told."""
TYPERS = 12
"""Drafts that are told at once in a session, the newest."""
SILENT_SECONDS = 20.0
"""After which a draft that nobody goes on with is taken down."""
ANONYMOUS = 5
"""Anonymous questions that somebody may ask in `ANONYMOUS_SECONDS`."""
ANONYMOUS_SECONDS = 600.0


@dataclass(frozen=True)
class _Draft:
    """What somebody is typing, and at which second of the loop's clock it last grew."""

    name: str
    text: str
    at: float


Place = tuple[str, str]
"""A session's key and a room's; ``""`` is the session's own chat."""


class Talk:
    """Reactions and drafts of all sessions; all of it in memory, none of it with a name beyond the moment.

    Args:
        visits: everybody who is here now.
    """

    def __init__(self, store: Store, visits: Callable[[], Collection[Visit]]) -> None:
        self._store, self._visits = store, visits
        self._reactions: dict[str, Counter[str]] = {}
        self._given: Counter[str] = Counter()
        self._allowed: dict[str, bool] = {}
        self._drafts: dict[Place, dict[str, _Draft]] = {}
        self._due: dict[Place, asyncio.TimerHandle] = {}
        self._asked: dict[int, list[float]] = {}

    async def tick(self) -> None:
        """Tell the reactions since the last turn, and take down drafts that nobody goes on with."""
        reactions, self._reactions = self._reactions, {}
        self._given.clear()
        self._allowed.clear()
        for key, counts in reactions.items():
            self._signal(key, "reactions", {"session": key, "counts": dict(counts)})
        now = _seconds()
        for place, drafts in self._drafts.items():
            for person in [person for person, draft in drafts.items() if now - draft.at > SILENT_SECONDS]:
                self._drop(place, person)
        self._drafts = {place: drafts for place, drafts in self._drafts.items() if drafts}

    # --- reactions --------------------------------------------------------------------------------------------------

    async def react(self, visit: Visit, key: str, kind: str) -> None:
        """Count one reaction; whose it was is forgotten. Raises ConferenceError ``reaction.closed``."""
        if not await self._reactions_allowed(key):
            raise ConferenceError("reaction.closed", "Reaktionen sind gerade nicht möglich.")
        self._given[visit.id] += 1
        if self._given[visit.id] <= REACTIONS_A_TURN:
            self._reactions.setdefault(key, Counter())[kind] += 1

    async def _reactions_allowed(self, key: str) -> bool:
        if key not in self._allowed:
            async with self._store.reading() as db:
                session = await sessions.session(db, key)
                settings = await questions.settings(db, session.id)
            self._allowed[key] = settings.reactions and session.state == State.LIVE
        return self._allowed[key]

    # --- letters ----------------------------------------------------------------------------------------------------

    async def type(self, visit: Visit, key: str, room: str, text: str) -> None:
        """Tell those who read this chat what somebody has typed so far; an empty text ends it.

        Raises:
            NotAllowed: the page is not in this room; ConferenceError ``chat.closed``, ``chat.muted``.
        """
        person, place = visit.person.public_id, (key, room)
        if not text:
            self._drop(place, person)
            return
        if room and not (visit.room == room and room in visit.rooms):
            raise NotAllowed("Bitte zuerst in diese Gruppe gehen.")
        if person not in self._drafts.get(place, {}):
            async with self._store.reading() as db:
                await chat.may_write(db, key, visit.person)
        drafts = self._drafts.setdefault(place, {})
        drafts.pop(person, None)
        drafts[person] = _Draft(visit.person.name, text, _seconds())
        self._flush_soon(place)

    def silence(self, key: str, person: str | None = None) -> None:
        """Take somebody's draft down, or all of a session, in all its rooms."""
        for place in [place for place in self._drafts if place[0] == key]:
            for who in [person] if person else list(self._drafts[place]):
                self._drop(place, who)

    def left(self, visit: Visit) -> None:
        """A page is gone, and its draft."""
        self._given.pop(visit.id, None)
        if visit.session:
            self.silence(visit.session, visit.person.public_id)

    def _drop(self, place: Place, person: str) -> None:
        if self._drafts.get(place, {}).pop(person, None):
            self._flush_soon(place)

    def drafts(self, place: Place, reader: str) -> dict[str, Any]:
        """What others are typing, the oldest first."""
        others = [(who, draft) for who, draft in self._drafts.get(place, {}).items() if who != reader]
        shown = [{"person": who, "name": draft.name, "text": draft.text} for who, draft in others[-TYPERS:]]
        return {"session": place[0], "room": place[1] or None, "drafts": shown}

    def _flush_soon(self, place: Place) -> None:
        if place not in self._due:
            self._due[place] = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._flush, place)

    def _flush(self, place: Place) -> None:
        self._due.pop(place, None)
        key, room = place
        for visit in self._visits():
            if visit.session == key and visit.reads == room and (not room or room in visit.rooms):
                visit.outbox.signal("typing", self.drafts(place, visit.person.public_id))

    # --- anonymous questions ----------------------------------------------------------------------------------------

    def check_pace(self, person: int) -> None:
        """Count an anonymous question; the count is here alone, and only how many. Raises ``question.too_many``."""
        now = _seconds()
        recent = [at for at in self._asked.get(person, []) if now - at < ANONYMOUS_SECONDS]
        if len(recent) >= ANONYMOUS:
            raise ConferenceError("question.too_many", "Das waren viele Fragen auf einmal. Bitte etwas später wieder.")
        self._asked[person] = [*recent, now]

    def _signal(self, key: str, name: str, body: dict[str, Any]) -> None:
        for visit in self._visits():
            if visit.session == key:
                visit.outbox.signal(name, body)


def _seconds() -> float:
    return asyncio.get_running_loop().time()
