"""The seam between the conference and whatever forwards its media.

Nothing outside this package knows how packets travel. The conference says who may publish and which feed flows in
which slot of which room; the engine answers SDP and reports what happened.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from conference.core.errors import BadRequest, ConferenceError

FeedKind = Literal["camera", "screen", "programme"]
WORKER_LOST = "worker lost"
"""Why a resource was closed whose worker died."""


class MediaRefused(BadRequest):
    """An SDP offer or fragment that is not accepted; the message says why."""

    def __init__(self, message: str, code: str = "media.refused") -> None:
        super().__init__(message, code)


class MediaUnavailable(ConferenceError):
    """The worker that should answer is being replaced; ask again in a moment."""

    def __init__(self) -> None:
        super().__init__("media.unavailable", "Bild und Ton starten gerade neu. Bitte einen Moment warten.")


@dataclass(frozen=True)
class Answer:
    """What a WHIP or WHEP request is answered with.

    Attributes:
        resource: the id under which it is patched and closed; for a publisher also the id of its feed.
        sdp: the SDP answer (RFC 8829).
        etag: identifies the ICE session (RFC 9725 section 4.3.1).
    """

    resource: str
    sdp: str
    etag: str


@dataclass(frozen=True)
class MediaEvent:
    """What the engine reports on its own.

    Attributes:
        kind: ``connected``, ``closed`` (a resource), ``worker_lost``, ``worker_ready``, ``speaking`` (a feed),
            ``picture`` (a programme's feed), ``slots`` (a room that fills its slots by itself).
        resource: the resource or room it is about, or ``""`` for a worker.
        owner: the owner given when the resource was made, or ``""``.
        detail: more, by kind: ``{"reason": …}`` for ``closed``, ``{"speaking": bool}`` for ``speaking``,
            ``{"moving": bool}`` for ``picture`` (False: nothing new of it for 3 s),
            ``{"audio": [feed or None …], "video": […]}`` for ``slots``.
    """

    kind: Literal["connected", "closed", "worker_lost", "worker_ready", "speaking", "picture", "slots"]
    resource: str
    owner: str
    detail: dict[str, Any] = field(default_factory=dict)


class MediaEngine(Protocol):
    """The media plane as the hall sees it."""

    on_event: Callable[[MediaEvent], None] | None

    async def start(self) -> None:
        """Start the workers; returns when the first one answers."""

    async def stop(self) -> None:
        """End all media and the workers."""

    async def publish(self, offer: str, *, owner: str, kind: FeedKind, room: str = "") -> Answer:
        """Accept a publisher (at most one audio and one video stream). The feed flows nowhere until `switch`.

        `room` is where it will probably be seen, so that it is received near there; it may be shown anywhere.

        Raises:
            MediaRefused: the offer is malformed, too large or asks for what is not offered here.
            MediaUnavailable: no worker answers now.
        """

    async def view(self, offer: str, *, owner: str, room: str) -> Answer:
        """Accept a viewer of a room. Its recvonly m-lines are the room's slots, in order, each kind counted alone.

        Feeds whose owner equals this viewer's owner are not sent to it (nobody hears himself).
        """

    async def patch(self, resource: str, fragment: str, etag: str | None) -> tuple[str, str]:
        """ICE restart (RFC 9725 section 4.3.3): takes an SDP fragment, returns ``(fragment, new etag)``.

        A fragment with trickled candidates only is accepted and answered with ``("", etag)``.
        """

    async def close(self, resource: str) -> None:
        """End one resource. Unknown ids are no error."""

    async def switch(self, room: str, slots: Sequence[str | None]) -> None:
        """Say which feed flows in which slot of a room: the feed's video in video slot i, its audio in audio slot i."""

    async def gather(self, room: str, feeds: Sequence[str], *, pictures: int = 9, voices: int = 3) -> None:
        """Let a room's slots be filled by who speaks, instead of `switch`.

        The loudest of `feeds` are heard in the first `voices` audio slots, those who spoke last are seen in the first
        `pictures` video slots. Event ``slots`` tells who is where.
        """

    async def show(self, resource: str, heights: Sequence[int]) -> None:
        """Say in how many physical pixels of height a viewer shows video slot i; 0: not at all, nothing is sent.

        Pictures not listed are shown in full size. Unknown ids are no error.
        """

    async def mute(self, feed: str, *, audio: bool, video: bool) -> None:
        """Stop (True) or resume (False) forwarding a feed's audio and video, whatever its publisher sends."""

    async def stats(self) -> dict[str, Any]:
        """Counters per worker, feed and viewer, for /metrics and the Regie screen."""
