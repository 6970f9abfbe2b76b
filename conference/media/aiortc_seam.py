"""The one file that names aiortc's private parts; its version is pinned for their sake.

aiortc's DTLS transport wants an ICE transport to send and receive through. `Wire` is that: a queue in, a function out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from aiortc import rtcdtlstransport as dtls
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport

from conference.media.srtp import Srtp

QUEUE = 64
_PROFILES = [dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_SHA1_80]


class Certificate:
    """A self-signed certificate for DTLS.

    Attributes:
        fingerprint: as an ``a=fingerprint`` value: ``sha-256 AB:CD:…``.
    """

    def __init__(self) -> None:
        self.rtc = RTCCertificate.generateCertificate()
        value = next(f.value for f in self.rtc.getFingerprints() if f.algorithm == "sha-256")
        self.fingerprint = f"sha-256 {value}"


class Wire:
    """Stands where aiortc's ``RTCIceTransport`` would."""

    role = "controlled"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._out = send
        self.inbox: asyncio.Queue[bytes] = asyncio.Queue(QUEUE)

    async def _recv(self) -> bytes:
        return await self.inbox.get()

    async def _send(self, data: bytes) -> None:
        self._out(data)


class DtlsTransport:
    """A DTLS association over `send`; datagrams come in by `feed`."""

    def __init__(self, certificate: Certificate, role: str, send: Callable[[bytes], None]) -> None:
        """`role` is ``client`` or ``server``."""
        self._wire = Wire(send)
        self._transport: Any = RTCDtlsTransport(self._wire, [certificate.rtc])  # type: ignore[arg-type]
        self._transport._srtp_profiles = _PROFILES
        self._transport._set_role(role)

    def feed(self, datagram: bytes) -> None:
        """Hand over a received datagram; too many unread ones are dropped."""
        if not self._wire.inbox.full():
            self._wire.inbox.put_nowait(datagram)

    def on_close(self, callback: Callable[[], None]) -> None:
        """Call `callback` when the association ends, by either side."""

        def check() -> None:
            if self._transport.state == "closed":
                callback()

        self._transport.on("statechange", check)

    async def handshake(self, fingerprints: Sequence[tuple[str, str]]) -> Srtp | None:
        """Run the handshake and check the peer's certificate; None when either fails."""
        wanted = [RTCDtlsFingerprint(algorithm, value) for algorithm, value in fingerprints]
        await self._transport.start(RTCDtlsParameters(wanted))
        if self._transport.state != "connected":
            return None
        profile = self._transport._ssl.get_selected_srtp_profile().decode("ascii")
        sessions = self._transport._rx_srtp, self._transport._tx_srtp
        return Srtp(sessions[0]._srtp[0], sessions[1]._srtp[0], profile, sessions)

    async def stop(self) -> None:
        """Send close_notify and end."""
        await self._transport.stop()
