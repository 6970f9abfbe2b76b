"""What each worker must know so that every room shows the same on all of them: computed anew, and only changes told.

A room shows what it is told to show on every worker that has viewers of it. What is published on another worker comes
over a link (see `link`); the worker that needs a feed takes it from the one that has it, once, however many watch.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from conference.media.placement import Placement, session_of

Feeds = list[str | None]
Command = tuple[int, str, dict[str, Any]]
"""Worker, verb, arguments."""


@dataclass(frozen=True)
class Shown:
    """What a room shows, as the engine was told.

    Attributes:
        slots: which feed in which slot; None where they fill themselves.
        feeds: those that may fill the slots by themselves.
        pictures, voices: into how many slots of each kind.
    """

    slots: tuple[str | None, ...] | None = None
    feeds: tuple[str, ...] = ()
    pictures: int = 0
    voices: int = 0

    @property
    def names(self) -> list[str]:
        """Every feed that may be seen."""
        return [name for name in self.slots or self.feeds if name]


@dataclass
class Told:
    """What one worker has been told."""

    rooms: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    feeds: set[str] = field(default_factory=set)


class Spread:
    """Keeps every worker told.

    Attributes:
        rooms: what each room shows.
        placed: where the feeds of a room that fills itself are, as its home told.
        muted: ``(audio, video)`` of the feeds that are muted.
    """

    def __init__(self, workers: int, placement: Placement) -> None:
        self.rooms: dict[str, Shown] = {}
        self.placed: dict[str, dict[str, Feeds]] = {}
        self.muted: dict[str, tuple[bool, bool]] = {}
        self._told = [Told() for _ in range(workers)]
        self._placement = placement

    def lost(self, worker: int) -> None:
        """A worker died: whoever comes in its place knows nothing."""
        self._told[worker] = Told()

    def forget(self, feed: str) -> None:
        """A feed is gone."""
        self.muted.pop(feed, None)

    def show(self, room: str, shown: Shown) -> None:
        """Let a room show something else."""
        self.rooms[room] = shown
        if shown.slots is not None:
            self.placed.pop(room, None)

    def mute(self, feed: str, audio: bool, video: bool) -> list[Command]:
        """Mute a feed, or not: what to tell everybody who has it."""
        held = self._placement.held.get(feed)
        if held is None:
            return []
        self.muted[feed] = audio, video
        arguments = {"feed": feed, "audio": audio, "video": video}
        takers = [number for number, told in enumerate(self._told) if feed in told.feeds]
        return [(number, "mute", arguments) for number in [held.worker, *takers]]

    def changes(self, ready: Collection[int], links: Mapping[int, str]) -> list[Command]:
        """What to tell the `ready` workers now, in this order; ``links[n]`` is where worker n's feeds are to be had."""
        self._forget_empty_rooms()
        commands: list[Command] = []
        for number in ready:
            rooms = self._rooms(number, ready)
            feeds = {
                name
                for room in rooms
                for name in self.rooms[room].names
                if (held := self._placement.held.get(name)) and held.worker != number and held.worker in ready
            }
            told = self._told[number]
            commands += [(number, "take", self._taking(name, links)) for name in sorted(feeds - told.feeds)]
            commands += [(number, *word) for room, word in rooms.items() if told.rooms.get(room) != word]
            commands += [(number, "switch", {"room": room, "slots": []}) for room in told.rooms if room not in rooms]
            commands += [(number, "drop", {"feed": name}) for name in sorted(told.feeds - feeds)]
            self._told[number] = Told(rooms, feeds)
        return commands

    def leader(self, room: str, ready: Collection[int]) -> int:
        """The worker that decides what a room shows that fills itself: its home."""
        return self._placement.home(room, ready)

    def _rooms(self, number: int, ready: Collection[int]) -> dict[str, tuple[str, dict[str, Any]]]:
        """What this worker shall show in each room it has to do with: those at home there, and those watched there."""
        found: dict[str, tuple[str, dict[str, Any]]] = {}
        for room, shown in self.rooms.items():
            home = self.leader(room, ready)
            if home == number or self._placement.watching[number, room]:
                found[room] = self._word(room, shown, home == number)
        return found

    def _word(self, room: str, shown: Shown, leads: bool) -> tuple[str, dict[str, Any]]:
        if shown.slots is not None:
            return "switch", {"room": room, "slots": list(shown.slots)}
        if leads:
            feeds, pictures, voices = list(shown.feeds), shown.pictures, shown.voices
            return "gather", {"room": room, "feeds": feeds, "pictures": pictures, "voices": voices}
        return "assign", {"room": room, **self.placed.get(room, {"audio": [], "video": []})}

    def _taking(self, name: str, links: Mapping[int, str]) -> dict[str, Any]:
        held = self._placement.held[name]
        audio, video = self.muted.get(name, (False, False))
        return {
            "feed": name,
            "owner": held.owner,
            "kind": held.kind,
            "streams": held.streams,
            "link": links[held.worker],
            "audio": audio,
            "video": video,
        }

    def _forget_empty_rooms(self) -> None:
        watched = {room for (_, room), count in self._placement.watching.items() if count}
        for room in [room for room, shown in self.rooms.items() if not shown.names and room not in watched]:
            del self.rooms[room]
            self.placed.pop(room, None)
        self._placement.keep_homes({session_of(room) for room in self.rooms})
