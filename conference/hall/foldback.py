"""What each person backstage is sent alone: those who wait there too, a return without their own voice, talk-back.

Each has a room of the engine of their own, so that nobody else can be sent what is meant for them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conference.sessions.model import Source
from conference.sessions.tables import StageRow

FeedKey = tuple[str, str, str]
"""Session, person, source."""

TALKBACK = "talkback"
WAITING, TALKERS = 8, 2
"""Slots of a foldback room: first those who wait, then the return, then those who speak to this person."""
RETURN_SLOT = WAITING


def return_source(person: str) -> str:
    """The source of the return feed for a person."""
    return f"return:{person}"


def foldback_room(key: str, person: str) -> str:
    """What the engine calls the room of one person."""
    return f"foldback/{key}/{person}"


@dataclass(frozen=True)
class Talk:
    """Somebody speaks to one person, or (`to` None) to all who wait backstage."""

    session: str
    person: str
    name: str
    to: str | None

    def reaches(self, person: str, waiting: bool) -> bool:
        """Whether it is meant for this person; nobody hears himself."""
        return person != self.person and (self.to == person or (self.to is None and waiting))


class Foldback:
    """Who speaks to whom now, and what follows for each person's room. Lives only as long as the pages that speak.

    Args:
        feeds: the resource of every feed that is published, as it changes.
        arriving: resources of those that arrive now, as they change; `still`: of those that have come to stand.
    """

    def __init__(self, feeds: Mapping[FeedKey, str], arriving: Collection[str], still: Collection[str]) -> None:
        self._feeds, self._arriving, self._still = feeds, arriving, still
        self._talks: dict[str, Talk] = {}
        self._rows: dict[str, list[StageRow]] = {}

    def talk(self, visit: str, talk: Talk | None) -> str | None:
        """A page begins to speak, to others than before, or ends; the session that this concerns, None if nothing."""
        before = self._talks.pop(visit, None)
        if talk is not None:
            self._talks[visit] = talk
        concerned = talk or before
        return concerned.session if concerned is not None and talk != before else None

    def follow(self, key: str, rows: Sequence[StageRow]) -> None:
        """Take in who is on stage and backstage."""
        self._rows[key] = list(rows)

    def slots(self, key: str, person: str) -> list[FeedKey | None]:
        """Which feed flows in which slot of this person's room; None where nothing does."""
        on_stage, waiting = self._place(key, person)
        beside = [r for r in self._rows.get(key, ()) if r.slot is None and r.person.public_id != person]
        shown: list[FeedKey | None] = []
        shown += [(key, r.person.public_id, r.source) for r in beside if waiting][:WAITING]
        shown += [None] * (WAITING - len(shown))
        shown.append(self._return_feed(key, person) if on_stage else None)
        return shown + [(key, talk.person, TALKBACK) for talk in self._talking(key, person)]

    def view(self, key: str, person: str, *, controls: bool) -> dict[str, Any]:
        """What this person is signalled; who speaks to whom only those who may speak themselves."""
        on_stage, _ = self._place(key, person)
        talking = [_said(talk) for talk in self._talking(key, person)]
        back = self._return_feed(key, person) if on_stage else None
        resource = self._feeds.get(back, "") if back is not None else ""
        return {
            "session": key,
            "returns": resource in self._arriving and resource not in self._still,
            "talking": talking,
            "talks": [_said(talk) for talk in self._in(key)] if controls else [],
        }

    def _return_feed(self, key: str, person: str) -> FeedKey | None:
        """The return for a person, whoever of the production sends it."""
        source = return_source(person)
        return next((feed for feed in self._feeds if feed[0] == key and feed[2] == source), None)

    def _place(self, key: str, person: str) -> tuple[bool, bool]:
        """Whether the camera of this person is on stage, and whether the person waits backstage."""
        mine = [row for row in self._rows.get(key, ()) if row.person.public_id == person]
        on_stage = any(row.slot is not None and row.source == Source.CAMERA for row in mine)
        return on_stage, not on_stage and any(row.source == Source.CAMERA for row in mine)

    def _in(self, key: str) -> list[Talk]:
        return [talk for talk in self._talks.values() if talk.session == key]

    def _talking(self, key: str, person: str) -> list[Talk]:
        on_stage, waiting = self._place(key, person)
        here = on_stage or waiting
        return [talk for talk in self._in(key) if here and talk.reaches(person, waiting)][:TALKERS]


def _said(talk: Talk) -> dict[str, Any]:
    return {"person": talk.person, "name": talk.name, "to": talk.to}
