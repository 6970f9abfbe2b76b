"""Somebody who types on a board, letter by letter, as the page does: a CRDT here, its updates over the socket."""

from __future__ import annotations

import asyncio
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any

from pycrdt import Doc, Text

from conference.breakouts.boards.model import root
from conference.rehearsal.notes import Notes
from conference.rehearsal.person import Person

LETTER_SECONDS = 0.15


class Typist:
    """One person's window on the board of a room."""

    def __init__(self, person: Person, session: str, room: str, notes: Notes) -> None:
        self._person, self._notes = person, notes
        self._place = {"session": session, "room": room}
        self._doc: Doc[Text] = Doc()
        self._number = 0
        self._behind = False

    async def open(self) -> None:
        """Take what the board has. Raises Refused."""
        answer = await self._person.ask("board.open", **self._place, state=_text(self._doc.get_state()))
        self._doc.apply_update(b64decode(answer["update"]))
        self._number, self._behind = answer["number"], False
        if self.hear not in self._person.on_signal:
            self._person.on_signal.append(self.hear)

    def hear(self, _person: Person, signal: dict[str, Any]) -> None:
        """What others typed."""
        body = signal["body"]
        if signal["name"] != "board" or body["room"] != self._place["room"]:
            return
        if body["after"] > self._number:
            self._behind = True
            return
        self._doc.apply_update(b64decode(body["update"]))
        self._number = max(self._number, body["number"])

    async def type(self, field: int, words: str, stop: Callable[[], bool]) -> None:
        """Write at the end of a field, until it is written or `stop` says so. Raises Refused."""
        for letter in words:
            if stop():
                return
            if self._behind:
                await self.open()
            before = self._doc.get_state()
            text = self._doc.get(root(field), type=Text)
            text.insert(len(str(text).encode()), letter)
            await self._person.ask("board.write", **self._place, update=_text(self._doc.get_update(before)))
            self._notes.typed[self._place["room"], field][letter] += 1
            await asyncio.sleep(LETTER_SECONDS)

    async def close(self) -> None:
        """Look at the board no longer."""
        if self.hear in self._person.on_signal:
            self._person.on_signal.remove(self.hear)
        if self._person.here:
            await self._person.ask("board.close", session=self._place["session"])


def _text(data: bytes) -> str:
    return b64encode(data).decode("ascii")
