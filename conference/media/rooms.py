"""Rooms: slots that their viewers share, filled by the conference or by who speaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from conference.media.fanout import Outbox
from conference.media.slots import Slot

if TYPE_CHECKING:
    from conference.media.feed import Feed
    from conference.media.viewer import Viewer

LOUDER = 6.0  # dB by which somebody must be louder to take a place from somebody who speaks, too
SPOKEN = 2.0  # seconds after which a place is free for somebody else

Shown = dict[str, list[str | None]]


class Room:
    """The slots that viewers of one room share. Feeds are named before they exist and after they have gone.

    Attributes:
        assigned: which feed is meant for which slot, by kind.
        viewers: who watches.
    """

    def __init__(self, outbox: Outbox, find: Callable[[str], Feed | None]) -> None:
        self.assigned: Shown = {"audio": [], "video": []}
        self.slots: dict[str, list[Slot]] = {"audio": [], "video": []}
        self.viewers: set[Viewer] = set()
        self._outbox = outbox
        self._find = find
        self._gathered: Sequence[str] | None = None

    @property
    def empty(self) -> bool:
        """Whether nobody watches and nothing is shown."""
        return not self.viewers and not any(any(names) for names in self.assigned.values()) and not self._gathered

    def slot(self, kind: str, index: int) -> Slot:
        """The slot, made if this is the first time it is asked for."""
        slots = self.slots[kind]
        while len(slots) <= index:
            slots.append(Slot(self._outbox))
            self._play(kind, len(slots) - 1)
        return slots[index]

    def switch(self, feeds: Sequence[str | None]) -> None:
        """Say which feed flows in which slot; slots beyond are empty. Feeds that stay where they are flow on."""
        self.assign(feeds, feeds)

    def assign(self, audio: Sequence[str | None], video: Sequence[str | None]) -> None:
        """The same, where other feeds are heard than seen."""
        self._gathered = None
        self.assigned = {"audio": list(audio), "video": list(video)}
        self.refresh()

    def gather(self, feeds: Sequence[str], pictures: int, voices: int) -> None:
        """Let the slots be filled by who speaks: the loudest are heard, those who spoke last are seen."""
        self._gathered = list(feeds)
        wanted = {"audio": voices, "video": pictures}
        self.assigned = {
            kind: [name if name in feeds else None for name in _sized(self.assigned[kind], count)]
            for kind, count in wanted.items()
        }
        self.listen(0.0)
        self.refresh()

    def listen(self, now: float) -> bool:
        """Fill the slots anew by who speaks; whether that changed something. The caller refreshes."""
        if self._gathered is None:
            return False
        feeds = {name: feed for name in self._gathered if (feed := self._find(name)) is not None}
        before = {kind: list(names) for kind, names in self.assigned.items()}
        _give_voice(self.assigned["audio"], feeds, now)
        _show(self.assigned["video"], feeds)
        return before != self.assigned

    def refresh(self) -> None:
        """Look again which of the assigned feeds exist, and let everybody follow them."""
        changed = [
            slots[index] for kind, slots in self.slots.items() for index in range(len(slots)) if self._play(kind, index)
        ]
        if changed:
            for viewer in self.viewers:
                viewer.choose()
            for slot in changed:
                slot.catch_up()

    def _play(self, kind: str, index: int) -> bool:
        names = self.assigned[kind]
        name = names[index] if index < len(names) else None
        feed = self._find(name) if name else None
        return self.slots[kind][index].play(feed.layers(kind) if feed else ())


def _sized(names: Sequence[str | None], count: int) -> list[str | None]:
    return [*names[:count], *[None] * (count - len(names))]


def _give_voice(places: list[str | None], feeds: dict[str, Feed], now: float) -> None:
    """Let those be heard who speak. Who has a place keeps it until somebody needs it who is clearly louder."""
    for index, name in enumerate(places):
        feed = feeds.get(name) if name else None
        if feed is None or feed.audio is None:
            places[index] = None
    for name in sorted(feeds, key=lambda name: feeds[name].speaking.level):
        speaking = feeds[name].speaking
        if feeds[name].audio is None or name in places:
            continue
        if None in places:  # a free place is given even to the silent: their first word is heard
            places[places.index(None)] = name
        elif now - speaking.spoke_at < SPOKEN / 2:
            index = max(range(len(places)), key=lambda i: _dispensable(feeds, places[i], now))
            rival = feeds[places[index] or ""].speaking
            if now - rival.spoke_at > SPOKEN or rival.level > speaking.level + LOUDER:
                places[index] = name


def _dispensable(feeds: dict[str, Feed], name: str | None, now: float) -> tuple[bool, float]:
    speaking = feeds[name or ""].speaking
    return now - speaking.spoke_at > SPOKEN, speaking.level


def _show(places: list[str | None], feeds: dict[str, Feed]) -> None:
    """Let those be seen who spoke last; who is seen already stays in his place."""
    seen = {name for name, feed in feeds.items() if feed.video}
    rank = {name: place for place, name in enumerate(places) if name}
    wanted = sorted(seen, key=lambda name: (-feeds[name].speaking.spoke_at, rank.get(name, len(places)), name))
    wanted = wanted[: len(places)]
    for index, name in enumerate(places):
        if name not in wanted:
            places[index] = None
    for name in wanted:
        if name not in places:
            places[places.index(None)] = name
