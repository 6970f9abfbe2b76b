"""The one file that names private parts of aiortc and pylibsrtp; aiortc's version is pinned for their sake.

aiortc's DTLS transport wants an ICE transport to send and receive through. `Wire` is that: a queue in, a function
out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from aiortc import rtcdtlstransport as dtls
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pylibsrtp import Policy, Session

from conference.media.libssl import LibsslTransport
from conference.media.srtp import Srtp

QUEUE = 64
_PROFILES = [dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_SHA1_80]


class Certificate:
    """A self-signed certificate for DTLS.

    Attributes:
        der: the certificate; `key_der`: its private key.
        fingerprint: as an ``a=fingerprint`` value: ``sha-256 AB:CD:…``.
    """

    def __init__(self) -> None:
        self.rtc = RTCCertificate.generateCertificate()
        value = next(f.value for f in self.rtc.getFingerprints() if f.algorithm == "sha-256")
        self.fingerprint = f"sha-256 {value}"
        self.der = self.rtc._cert.public_bytes(Encoding.DER)
        self.key_der = self.rtc._key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())


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

    def unplug(self) -> None:
        """Send nothing any more."""
        self._out = _nowhere


def _nowhere(_: bytes) -> None:
    """Where datagrams go after the end."""


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
        return _srtp(self._transport._rx_srtp, self._transport._tx_srtp, profile)

    async def stop(self) -> None:
        """Send close_notify and end; nothing refers to the sender any more."""
        await self._transport.stop()
        self._transport.remove_all_listeners()
        self._wire.unplug()


class EncoderTransport:
    """The same by way of `conference.media.libssl`, for encoders that aiortc's DTLS cannot talk to."""

    def __init__(self, certificate: Certificate, role: str, send: Callable[[bytes], None]) -> None:
        """`role` is ``client`` or ``server``."""
        self._role = role
        self._transport = LibsslTransport(certificate.der, certificate.key_der, role, send)
        self.feed = self._transport.feed
        self.on_close = self._transport.on_close
        self.stop = self._transport.stop

    async def handshake(self, fingerprints: Sequence[tuple[str, str]]) -> Srtp | None:
        """Run the handshake and check the peer's certificate; None when either fails."""
        keys = await self._transport.handshake(fingerprints)
        if keys is None:
            return None
        profile = next(p for p in _PROFILES if p.openssl_profile.decode("ascii") == keys[0])
        client, server = (profile.get_key_and_salt(keys[1], i) for i in (0, 1))
        inbound, outbound = (server, client) if self._role == "client" else (client, server)
        return _srtp(
            Session(_policy(profile, inbound, Policy.SSRC_ANY_INBOUND)),
            Session(_policy(profile, outbound, Policy.SSRC_ANY_OUTBOUND)),
            keys[0],
        )


def _policy(profile: dtls.SRTPProtectionProfile, key: bytes, direction: int) -> Policy:
    policy = Policy(key=key, ssrc_type=direction, srtp_profile=profile.libsrtp_profile)
    policy.window_size = 1024
    return policy


def _srtp(inbound: Session, outbound: Session, profile: str) -> Srtp:
    return Srtp(inbound._srtp[0], outbound._srtp[0], profile, (inbound, outbound))
