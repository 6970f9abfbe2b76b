"""One remote transport: ICE credentials, the addresses it proved to have, its DTLS association, its SRTP keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aioice import stun

from conference.media import ice
from conference.media.aiortc_seam import Certificate
from conference.media.dtls import Dtls, answering_role
from conference.media.ice import Credentials
from conference.media.limits import BURST_SECONDS, KNOCKS, RTCP_BITS, RTCP_PACKETS, Intake, Seen, TokenBucket
from conference.media.sdp import Offer
from conference.media.srtp import Srtp
from conference.media.udp import Path, UdpSocket

MAX_PATHS = 8
MAX_SENDERS = 128  # libsrtp keeps state for each SSRC that speaks to us


class Peer:
    """What publishers and viewers have in common.

    Attributes:
        name: the resource id.
        path: where we send; None until the peer authenticated itself there.
        heard: when authenticated traffic last came (monotonic seconds).
        etag: identifies the ICE session.
        knocks: how many STUN requests in its name are still read.
    """

    def __init__(
        self,
        name: str,
        owner: str,
        offer: Offer,
        certificate: Certificate,
        socket: UdpSocket,
        now: float,
        on_connected: Callable[[Peer], None],
        on_closed: Callable[[Peer, str], None],
    ) -> None:
        self.name = name
        self.owner = owner
        self.credentials = Credentials.fresh(offer.ufrag)
        self.previous: Credentials | None = None
        self.etag = ice.random_chars(8)
        self.setup = answering_role(offer.setup)
        self.path: Path | None = None
        self.paths: dict[bytes, Path] = {}
        self.srtp: Srtp | None = None
        self.made = self.heard = now
        self.rtt: float | None = None
        self._socket = socket
        self._senders: set[bytes] = set()
        self._reports = Intake(RTCP_PACKETS, RTCP_BITS, now)
        self._requests = Seen()
        self.knocks = TokenBucket(KNOCKS, KNOCKS * BURST_SECONDS, now)
        self._on_connected, self._on_closed = on_connected, on_closed
        self._remote_password = offer.password
        self.dtls = Dtls(certificate, offer.setup, offer.fingerprints, self._send, self._keys, self._ended)

    def _send(self, datagram: bytes) -> None:
        if self.path is not None:
            self._socket.send(datagram, self.path)

    def _keys(self, srtp: Srtp) -> None:
        self.srtp = srtp
        self.connected()
        self._on_connected(self)

    def _ended(self, reason: str) -> None:
        self._on_closed(self, reason)

    @property
    def half_open(self) -> bool:
        """Whether it has not connected yet."""
        return self.srtp is None

    def connected(self) -> None:
        """Keys are there; media may flow."""

    def moved(self) -> None:
        """The peer is at another address from now on."""

    # ICE

    def credentials_of(self, ufrag: str) -> Credentials | None:
        """The current credentials, or those before an ICE restart, by our ufrag."""
        for credentials in (self.credentials, self.previous):
            if credentials is not None and credentials.ufrag == ufrag:
                return credentials
        return None

    def bind(self, request: stun.Message, credentials: Credentials, path: Path, now: float) -> bytes | None:
        """Answer an authentic binding request from `path`, which is the peer's from now on.

        Returns the key of a path given up in return, if there were too many.
        The first address is taken at once, another when the peer nominates it (RFC 8445 section 7.3.2). A request that
        came before may have been copied on its way: it moves nothing, and from elsewhere it is not even answered.
        """
        fresh = self._requests.first(request.transaction_id)
        if not fresh and path.key not in self.paths:
            return None
        self._socket.send(ice.success(request, credentials, path.address), path)
        path.prove()
        given_up = self._oldest_path() if path.key not in self.paths and len(self.paths) >= MAX_PATHS else None
        if given_up is not None:
            self.paths.pop(given_up).close()
        path = self.paths[path.key] = self.paths.pop(path.key, path)  # the one heard last stands last
        self.heard = now if fresh else self.heard
        nominated = fresh and "USE-CANDIDATE" in request.attributes
        restarted = fresh and credentials is self.credentials and self.previous is not None
        if self.path is None or self.path.gone or ((nominated or restarted) and self.path is not path):
            self.path = path
            self.moved()
        if restarted:
            self.previous = None
        self.dtls.start()
        return given_up

    def _oldest_path(self) -> bytes:
        return next(key for key, path in self.paths.items() if path is not self.path)

    def lose(self, path: Path) -> None:
        """Forget a closed connection; another path of the peer, the one heard last, takes its place."""
        self.paths.pop(path.key, None)
        if self.path is path and self.paths:
            self.path = next(reversed(self.paths.values()))
            self.moved()

    def same_session(self, ufrag: str, password: str) -> bool:
        """Whether a fragment's credentials are those this ICE session began with."""
        return (ufrag, password) == (self.credentials.remote_ufrag, self._remote_password)

    def restart(self, ufrag: str, password: str) -> None:
        """Begin a new ICE session; the old one serves until the peer is heard in the new (RFC 8445 section 9)."""
        self.previous, self.credentials = self.credentials, Credentials.fresh(ufrag)
        self._remote_password = password
        self.etag = ice.random_chars(8)

    # datagrams

    def receive_dtls(self, datagram: bytes) -> None:
        """Take a DTLS datagram from one of the peer's addresses."""
        self.dtls.receive(datagram)

    def receive_rtcp(self, datagram: bytes, now: float, wall: float) -> None:
        """Take an SRTCP datagram from one of the peer's addresses."""
        sender = datagram[4:8]
        known = sender in self._senders or len(self._senders) < MAX_SENDERS
        if self.srtp is None or not known or not self._reports.admits(now):
            return
        plain = self.srtp.open_rtcp(datagram)
        if plain:
            self._reports.charge(len(datagram))
            self._senders.add(sender)
            self.heard = now
            self.feedback(plain, now, wall)

    def feedback(self, data: bytes, now: float, wall: float) -> None:
        """Take a decrypted compound RTCP packet."""

    def send_rtcp(self, data: bytes) -> None:
        """Protect and send RTCP."""
        if self.srtp is not None:
            sealed = self.srtp.seal_rtcp(data)
            if sealed:
                self._send(sealed)

    def overdue(self, now: float, half_open: float, silent: float) -> str | None:
        """Why this peer should be given up after so many seconds, or None."""
        if self.srtp is None:
            return "never connected" if now - self.made > half_open else None
        return "silent" if now - self.heard > silent else None

    async def close(self) -> None:
        """Forget the keys, and tell the peer: while that takes its time, it is nobody's any more."""
        self.srtp = None
        await self.dtls.close()

    def stats(self, now: float) -> dict[str, Any]:
        """Counters for `MediaEngine.stats`."""
        return {
            "owner": self.owner,
            "connected": self.srtp is not None,
            "age": round(now - self.made, 1),
            "rtt": self.rtt,
            "refused": self._reports.refused,
            "transport": "tcp" if self.path is not None and self.path.stream is not None else "udp",
        }
