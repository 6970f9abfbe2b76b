"""What is told and never kept: reactions in bursts, and letters while they are typed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from conference.chat import actions as chat
from conference.core.errors import ConferenceError
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
        self._drafts: dict[str, dict[str, _Draft]] = {}
        self._due: dict[str, asyncio.TimerHandle] = {}
        self._asked: dict[int, list[float]] = {}

    async def tick(self) -> None:
        """Tell the reactions since the last turn, and take down drafts that nobody goes on with."""
        reactions, self._reactions = self._reactions, {}
        self._given.clear()
        self._allowed.clear()
        for key, counts in reactions.items():
            self._signal(key, "reactions", {"session": key, "counts": dict(counts)})
        now = _seconds()
        for key, drafts in self._drafts.items():
            for person in [person for person, draft in drafts.items() if now - draft.at > SILENT_SECONDS]:
                self._drop(key, person)

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

    async def type(self, visit: Visit, key: str, text: str) -> None:
        """Tell those who read the chat what somebody has typed so far; an empty text ends it.

        Raises:
            ConferenceError: ``chat.closed``, ``chat.muted``.
        """
        person = visit.person.public_id
        if not text:
            self._drop(key, person)
            return
        drafts = self._drafts.setdefault(key, {})
        if person not in drafts:
            async with self._store.reading() as db:
                await chat.may_write(db, key, visit.person)
        drafts.pop(person, None)
        drafts[person] = _Draft(visit.person.name, text, _seconds())
        self._flush_soon(key)

    def silence(self, key: str, person: str | None = None) -> None:
        """Take somebody's draft down, or all of a session."""
        for who in [person] if person else list(self._drafts.get(key, {})):
            self._drop(key, who)

    def left(self, visit: Visit) -> None:
        """A page is gone, and its draft."""
        self._given.pop(visit.id, None)
        if visit.session:
            self._drop(visit.session, visit.person.public_id)

    def _drop(self, key: str, person: str) -> None:
        if self._drafts.get(key, {}).pop(person, None):
            self._flush_soon(key)

    def drafts(self, key: str, reader: str) -> dict[str, Any]:
        """What others are typing, the oldest first."""
        newest = [(person, draft) for person, draft in self._drafts.get(key, {}).items() if person != reader][-TYPERS:]
        shown = [{"person": person, "name": draft.name, "text": draft.text} for person, draft in newest]
        return {"session": key, "drafts": shown}

    def _flush_soon(self, key: str) -> None:
        if key not in self._due:
            self._due[key] = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._flush, key)

    def _flush(self, key: str) -> None:
        self._due.pop(key, None)
        for visit in self._visits():
            if visit.session == key and visit.reads:
                visit.outbox.signal("typing", self.drafts(key, visit.person.public_id))

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
