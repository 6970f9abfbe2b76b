"""SRTP by pointer: libsrtp (as pylibsrtp ships it) works on our buffers, nothing is copied (RFC 3711, RFC 7714)."""

from __future__ import annotations

from typing import Any

from pylibsrtp import _binding

ffi: Any = _binding.ffi
lib: Any = _binding.lib

protect: Any = lib.srtp_protect
protect_rtcp: Any = lib.srtp_protect_rtcp
unprotect: Any = lib.srtp_unprotect
unprotect_rtcp: Any = lib.srtp_unprotect_rtcp

TAG = {"SRTP_AEAD_AES_128_GCM": 16, "SRTP_AES128_CM_SHA1_80": 10}
RTCP_INDEX = 4
MAX_TRAILER = 32


class Srtp:
    """The two contexts of one peer, keyed by its DTLS handshake.

    Attributes:
        inbound, outbound: libsrtp contexts (``srtp_t``), for the module's ``protect`` and ``unprotect`` functions.
        tag: bytes that protection adds to an RTP packet.
    """

    __slots__ = ("_buffer", "_length", "_owner", "inbound", "outbound", "tag")

    def __init__(self, inbound: Any, outbound: Any, profile: str, owner: object) -> None:
        """`owner` keeps the contexts alive; `profile` is named as in `TAG`."""
        self._owner = owner
        self.inbound = inbound
        self.outbound = outbound
        self.tag = TAG[profile]
        self._buffer = ffi.new("char[]", 2048)
        self._length = ffi.new("int *")

    def open_in_place(self, pointer: Any, size: int) -> int:
        """Verify and decrypt an RTP packet where it lies; its plain size, or 0 when it is not authentic or a replay."""
        length = self._length
        length[0] = size
        return 0 if unprotect(self.inbound, pointer, length) else length[0]

    def open_rtcp(self, data: bytes) -> bytes:
        """Verify and decrypt an RTCP packet; ``b""`` when it is not authentic."""
        return self._transform(unprotect_rtcp, self.inbound, data)

    def seal(self, data: bytes) -> bytes:
        """Protect one RTP packet; ``b""`` when libsrtp refuses (a sequence number used twice, too long)."""
        return self._transform(protect, self.outbound, data)

    def seal_rtcp(self, data: bytes) -> bytes:
        """Protect one RTCP packet."""
        return self._transform(protect_rtcp, self.outbound, data)

    def _transform(self, function: Any, context: Any, data: bytes) -> bytes:
        size = len(data)
        if size > len(self._buffer) - MAX_TRAILER - RTCP_INDEX:
            return b""
        ffi.memmove(self._buffer, data, size)
        self._length[0] = size
        if function(context, self._buffer, self._length):
            return b""
        return bytes(ffi.buffer(self._buffer, self._length[0]))
