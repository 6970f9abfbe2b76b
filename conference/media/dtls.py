"""One peer's DTLS association (RFC 5764): when it may begin, which records reach it, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from conference.media import libssl
from conference.media.aiortc_seam import Certificate, DtlsTransport, EncoderTransport
from conference.media.srtp import Srtp

ALERT, HEADER = 21, 13


def answering_role(setup: str) -> str:
    """Our ``a=setup`` for an offered one (RFC 5763 section 5): the offerer connects, unless it will not."""
    return "active" if setup == "passive" else "passive"


def made_for_encoders(setup: str) -> bool:
    """Whether an offer comes from an encoder: browsers leave the DTLS role to us (RFC 8829 section 5.2.1)."""
    return setup != "actpass"


def admissible(datagram: bytes) -> bool:
    """Whether a datagram may be shown to DTLS.

    An alert of epoch 0 is not protected by any key, so anybody could have sent it: such alerts are never believed.
    """
    return len(datagram) >= HEADER and not (datagram[0] == ALERT and datagram[3:5] == b"\0\0")


def _nobody(_: object) -> None:
    """Is told in place of a peer that is gone, which nothing may refer to: the collector does not come for it."""


class Dtls:
    """Runs the handshake in a task of its own and reports once: keys, or the end."""

    def __init__(
        self,
        certificate: Certificate,
        offered_setup: str,
        fingerprints: Sequence[tuple[str, str]],
        send: Callable[[bytes], None],
        on_keys: Callable[[Srtp], None],
        on_end: Callable[[str], None],
    ) -> None:
        """`offered_setup` is the peer's: if it is ``passive``, `start` sends our ClientHello."""
        role = "client" if answering_role(offered_setup) == "active" else "server"
        special = made_for_encoders(offered_setup) and libssl.available()
        transport = EncoderTransport if special else DtlsTransport
        self._transport: DtlsTransport | EncoderTransport = transport(certificate, role, send)
        self._transport.on_close(lambda: on_end("peer closed"))
        self._fingerprints = fingerprints
        self._on_keys, self._on_end = on_keys, on_end
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, once the peer has an authenticated address. Further calls do nothing."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        srtp = await self._transport.handshake(self._fingerprints)
        if srtp is None:
            self._on_end("handshake failed")
        else:
            self._on_keys(srtp)

    def receive(self, datagram: bytes) -> None:
        """Take a datagram from the peer's authenticated address."""
        if self._task is not None and admissible(datagram):
            self._transport.feed(datagram)

    async def close(self) -> None:
        """Tell the peer, and stop; nobody is called any more."""
        self._on_keys = self._on_end = _nobody
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self._transport.stop()
