"""One board as a CRDT: pycrdt here, Yjs in the page, the same updates in both."""

from __future__ import annotations

from collections.abc import Iterable

from pycrdt import Doc, Text, TransactionEvent

from conference.breakouts.boards.model import BOARD_BYTES, FIELD_LETTERS, root
from conference.breakouts.boards.update import Malformed, read_state, read_update
from conference.core.errors import ConferenceError

_NOTHING = b"\x00\x00"


class Spoilt(ConferenceError):
    """An update was refused after it had been applied: this object is of no use any more, the stored board is."""

    def __init__(self, refusal: ConferenceError) -> None:
        super().__init__(refusal.code, refusal.message, refusal.address)


class Board:
    """A room's board in memory.

    Attributes:
        number: of the last stored update that is in it.
    """

    def __init__(self, fields: int) -> None:
        self.number = 0
        self._doc: Doc[Text] = Doc()
        self._texts = [self._doc.get(root(index), type=Text) for index in range(fields)]
        self._roots = frozenset(root(index) for index in range(fields))
        self._news: list[bytes] = []
        self._listening = self._doc.observe(self._heard)

    def _heard(self, event: TransactionEvent) -> None:
        self._news.append(event.update)

    @property
    def texts(self) -> list[str]:
        """What stands in each field."""
        return [str(text) for text in self._texts]

    def state(self) -> bytes:
        """What is known here (a state vector)."""
        return self._doc.get_state()

    def since(self, state: bytes) -> bytes:
        """All that somebody with this state vector lacks, as an update. Raises Malformed."""
        read_state(state)
        return self._doc.get_update(state)

    def restore(self, updates: Iterable[tuple[int, bytes]]) -> Board:
        """Bring stored updates in, with their numbers."""
        for number, data in updates:
            self._doc.apply_update(data)
            self.number = number
        self._news.clear()
        return self

    def apply(self, data: bytes) -> bytes:
        """Bring a page's update in; what it adds as an update, empty when everything was known.

        Raises:
            Malformed, Gap: nothing was changed.
            Spoilt: refused for ``board.malformed`` or ``board.full``; take another object.
        """
        change = read_update(data, self._roots)
        change.check_known(read_state(self.state()))
        self._news.clear()
        try:
            self._doc.apply_update(data)
        except BaseException as error:  # a panic in Rust is no Exception
            if isinstance(error, Exception) or type(error).__name__ == "PanicException":
                raise Spoilt(Malformed()) from error
            raise
        if not change.arrived(read_state(self.state())):
            raise Spoilt(Malformed())
        if self._too_large():
            raise Spoilt(ConferenceError("board.full", "In diesem Feld ist kein Platz mehr."))
        return next((news for news in self._news if news != _NOTHING), b"")

    def _too_large(self) -> bool:
        letters = max((len(text.encode("utf-16-le")) // 2 for text in self.texts), default=0)
        return letters > FIELD_LETTERS or len(self.since(b"\x00")) > BOARD_BYTES
