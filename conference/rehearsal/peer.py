"""One end of a WebRTC transport and nothing else: real ICE, DTLS and SRTP, and no pictures to encode or decode."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
from collections.abc import Sequence
from typing import Any

from aioice import stun

from conference.media import rtcp, rtp, srtp
from conference.media.aiortc_seam import Certificate, DtlsTransport

VP8, RTX, OPUS = 96, 97, 111
MID_ID, LEVEL_ID, SEND_TIME_ID = 3, 1, 2
UFRAG, PASSWORD = "testufrag", "testpasswordtestpassword"


def offer(certificate: Certificate, sections: Sequence[str], setup: str = "actpass") -> str:
    """An SDP offer with these m-sections (see `media`), bundled."""
    mids = " ".join(str(i) for i in range(len(sections)))
    head = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", f"a=group:BUNDLE {mids}"]
    transport = [
        f"a=ice-ufrag:{UFRAG}",
        f"a=ice-pwd:{PASSWORD}",
        f"a=fingerprint:{certificate.fingerprint}",
        f"a=setup:{setup}",
        "a=rtcp-mux",
    ]
    body = [line for i, section in enumerate(sections) for line in [*section.split("\n"), f"a=mid:{i}", *transport]]
    return "\r\n".join(head + body) + "\r\n"


def media(kind: str, direction: str, ssrcs: Sequence[int] = (), with_rtx: bool = True) -> str:
    """One m-section: VP8 with RTX, or Opus; the second SSRC is that of the retransmissions."""
    payloads = f"{VP8} {RTX}" if kind == "video" else str(OPUS)
    lines = [f"m={kind} 9 UDP/TLS/RTP/SAVPF {payloads}", "c=IN IP4 0.0.0.0", f"a={direction}"]
    lines += [f"a=extmap:{MID_ID} {rtp.MID}", f"a=extmap:{SEND_TIME_ID} {rtp.ABS_SEND_TIME}"]
    if kind == "video":
        lines += [f"a=rtpmap:{VP8} VP8/90000", f"a=rtcp-fb:{VP8} goog-remb", f"a=rtcp-fb:{VP8} nack"]
        lines += [f"a=rtcp-fb:{VP8} nack pli"]
        lines += [f"a=rtpmap:{RTX} rtx/90000", f"a=fmtp:{RTX} apt={VP8}"] if with_rtx else []
    else:
        lines += [f"a=extmap:{LEVEL_ID} {rtp.AUDIO_LEVEL}", f"a=rtpmap:{OPUS} opus/48000/2"]
    lines += [f"a=ssrc-group:FID {ssrcs[0]} {ssrcs[1]}"] if len(ssrcs) > 1 else []
    return "\n".join([*lines, *(f"a=ssrc:{ssrc} cname:test" for ssrc in ssrcs)])


def attribute(sdp: str, name: str) -> str:
    """The first value of an attribute."""
    match = re.search(rf"^a={name}:(.*?)\r?$", sdp, re.MULTILINE)
    if match is None:
        raise ValueError(f"no a={name} in the answer")
    return match[1]


def vp8_payload(key: bool, picture_id: int, size: int = 1000, starts: bool = True) -> bytes:
    """A VP8 payload with a 15-bit picture id and TL0PICIDX; the frame itself is noise."""
    descriptor = bytes([0x90 if starts else 0x80, 0xC0, 0x80 | picture_id >> 8, picture_id & 0xFF, picture_id & 0xFF])
    return descriptor + bytes([0 if key else 1]) + bytes(size - 6)


class Peer(asyncio.DatagramProtocol):
    """Follows an answer, and sends and takes packets.

    Attributes:
        host: the server's address; `own` is that to send from, the same one where it is empty.
        closed: set when the other side said good-bye.
    """

    def __init__(self, certificate: Certificate | None = None) -> None:
        self.certificate = certificate or Certificate()
        self.srtp: srtp.Srtp | None = None
        self.answer = ""
        self.closed = asyncio.Event()
        self._early: list[bytes] = []
        self.dtls: DtlsTransport | None = None
        self.host = "127.0.0.1"
        self.own = ""
        self._transport: Any = None
        self._responses: dict[bytes, asyncio.Future[bytes]] = {}

    def take_rtp(self, plain: bytes) -> None:
        """Called with each RTP packet, decrypted."""

    def take_rtcp(self, messages: list[rtcp.Message]) -> None:
        """Called with what came in each RTCP packet."""

    # DatagramProtocol

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        if data[0] < 4:
            future = self._responses.pop(data[8:20], None)
            if future is not None and not future.done():
                future.set_result(data)
        elif data[0] < 64 and self.dtls is not None:
            self.dtls.feed(data)
        elif self.srtp is not None:
            self._media(data)
        else:
            self._early.append(data)

    def _media(self, data: bytes) -> None:
        if self.srtp is None:
            return
        if 192 <= data[1] < 224:
            plain = self.srtp.open_rtcp(data)
            self.take_rtcp(list(rtcp.read(plain)) if plain else [])
        elif plain := self.open(data):
            self.take_rtp(plain)

    def open(self, data: bytes) -> bytes:
        """Verify and decrypt one RTP packet, ``b""`` if it is not authentic."""
        buffer = srtp.ffi.new("char[]", data)
        size = self.keys.open_in_place(buffer, len(data))
        return bytes(srtp.ffi.buffer(buffer, size))

    @property
    def keys(self) -> srtp.Srtp:
        """What DTLS agreed on. Raises ConnectionError before that."""
        if self.srtp is None:
            raise ConnectionError("DTLS is not done")
        return self.srtp

    # ICE, DTLS

    @property
    def socket(self) -> Any:
        """The socket underneath."""
        return self._transport.get_extra_info("socket")

    async def open_socket(self, port: int) -> None:
        """Take a (new) socket of our own, in place of the old; `port` is the server's."""
        self.vanish()
        await self.open_another(port)

    async def open_another(self, port: int) -> Any:
        """Take a new socket to send by and keep the old one open; returns the old one's transport."""
        old = self._transport
        await self.dial(port, self.own or self.host)
        return old

    async def dial(self, port: int, own: str) -> None:
        """Open the socket, from the address `own`; `connection_made` is called with it."""
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, remote_addr=(self.host, port), local_addr=(own, 0))

    async def connect(self, answer: str, role: str = "client") -> None:
        """Follow an answer: prove who we are, then agree on keys."""
        self.answer = answer
        await self.open_socket(int(attribute(answer, "candidate").split(" ")[5]))
        await self.bind()
        await self.agree(role)

    async def agree(self, role: str = "client") -> None:
        """Agree on keys."""
        self.dtls = DtlsTransport(self.certificate, role, self.send)
        self.dtls.on_close(self.closed.set)
        algorithm, value = attribute(self.answer, "fingerprint").split(" ")
        self.srtp = await self.dtls.handshake([(algorithm, value)])
        if self.srtp is None:
            raise ConnectionError("DTLS failed")
        for data in self._early:
            self._media(data)

    def binding(
        self, *, nominate: bool = True, ufrag: str = "", password: str = "", remote: str = UFRAG
    ) -> stun.Message:
        """A binding request with the answer's credentials or others."""
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        request.attributes["USERNAME"] = f"{ufrag or attribute(self.answer, 'ice-ufrag')}:{remote}"
        request.attributes["PRIORITY"] = 1
        request.attributes["ICE-CONTROLLING"] = secrets.randbits(64)
        if nominate:
            request.attributes["USE-CANDIDATE"] = None
        request.add_message_integrity((password or attribute(self.answer, "ice-pwd")).encode())
        return request

    async def bind(self, seconds: float = 5, **kinds: Any) -> bytes:
        """Send a binding request, again every half second (RFC 8489 section 6.2.1); its response.

        Raises:
            TimeoutError: none came in time.
        """
        request = self.binding(**kinds)
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._responses[request.transaction_id] = future
        async with asyncio.timeout(seconds):
            while not future.done():
                self.send(bytes(request))
                await asyncio.wait([future], timeout=0.5)
        return future.result()

    def send(self, data: bytes) -> None:
        """Send any datagram; nothing happens when the socket is released."""
        if not self._transport.is_closing():
            self._transport.sendto(data)

    async def close(self) -> None:
        """Say good-bye and release the socket."""
        if self.dtls is not None:
            await self.dtls.stop()
        self.vanish()

    def vanish(self) -> None:
        """Release the socket without a word."""
        if self._transport is not None:
            self._transport.close()

    def take_socket(self) -> int:
        """The socket as a descriptor that the caller reads and closes from now on; the event loop reads it no more."""
        descriptor = os.dup(self.socket.fileno())
        self.vanish()
        return descriptor

    # media

    def send_rtp(
        self,
        ssrc: int,
        payload_type: int,
        seq: int,
        timestamp: int,
        payload: bytes,
        *,
        marker: bool = False,
        elements: bytes = b"",
    ) -> None:
        """Protect and send one RTP packet with these header extension elements."""
        first = 0x90 if elements else 0x80
        header = rtp.HEADER.pack(first, marker << 7 | payload_type, seq, timestamp, ssrc)
        self.send(self.keys.seal(header + rtp.extension_block(elements) + payload))

    def send_rtcp(self, data: bytes) -> None:
        """Protect and send RTCP."""
        self.send(self.keys.seal_rtcp(data))
