"""The worker's one UDP socket: many datagrams per system call, by way of ``recvmmsg(2)`` and ``sendmmsg(2)``.

The socket is bound to a wildcard address more often than not, so each datagram's own destination address is read
(RFC 3542 section 6.2, ``IP_PKTINFO`` for IPv4) and answers leave from exactly there.
"""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import struct
from array import array
from collections.abc import Callable, Sequence
from typing import Any

from cffi import FFI

ffi: Any = FFI()
ffi.cdef(
    """
    struct iovec { void *iov_base; size_t iov_len; };
    struct msghdr {
        void *msg_name; unsigned int msg_namelen;
        struct iovec *msg_iov; size_t msg_iovlen;
        void *msg_control; size_t msg_controllen;
        int msg_flags;
    };
    struct mmsghdr { struct msghdr msg_hdr; unsigned int msg_len; };
    int recvmmsg(int fd, struct mmsghdr *messages, unsigned int count, int flags, void *timeout);
    int sendmmsg(int fd, struct mmsghdr *messages, unsigned int count, int flags);
    """
)
libc: Any = ffi.dlopen(None)

BATCH = 64
DATAGRAM = 2048
HEADER = ffi.sizeof("struct mmsghdr")
SOCKADDR = 28
CONTROL = 64
SOCKET_BUFFER = 4 * 1024 * 1024
UDP_SEGMENT = 103
_SO_SNDBUFFORCE, _SO_RCVBUFFORCE = 32, 33
_IP_PKTINFO = 8
_IPV6_RECVPKTINFO = 49
_LENGTH_WORD = ffi.offsetof("struct mmsghdr", "msg_len") // 4
_HEADER_WORDS32 = HEADER // 4


class Path:
    """A remote address together with the local address it reached us on.

    Attributes:
        key: the remote ``sockaddr`` as bytes; equal for equal addresses.
        host: remote address in text form.
        port: remote port.
        stream: None; where datagrams go by a TCP connection (`TcpPath`), the function that sends one.
    """

    stream: Callable[[bytes], bool] | None = None

    __slots__ = (
        "_control",
        "_name",
        "ancillary",
        "control",
        "control_size",
        "host",
        "key",
        "name",
        "name_size",
        "port",
    )

    def __init__(self, key: bytes, pktinfo: bytes) -> None:
        self.key = key
        family = struct.unpack_from("=H", key)[0]
        self.port = struct.unpack_from("!H", key, 2)[0]
        if family == socket.AF_INET:
            self.host = socket.inet_ntop(socket.AF_INET, key[4:8])
            self.ancillary = _source_ipv4(pktinfo)
        else:
            self.host = socket.inet_ntop(socket.AF_INET6, key[8:24])
            self.ancillary = _source_ipv6(pktinfo)
        self._name = ffi.new("char[]", key)
        self.name = int(ffi.cast("uintptr_t", self._name))
        self.name_size = len(key)
        control = b"".join(_cmsg(level, kind, data) for level, kind, data in self.ancillary)
        self._control = ffi.new("char[]", control)
        self.control = int(ffi.cast("uintptr_t", self._control)) if control else 0
        self.control_size = len(control)

    @property
    def address(self) -> tuple[str, int]:
        """Remote address as the socket module takes it; IPv4-mapped addresses are given as IPv4."""
        return (self.host.removeprefix("::ffff:") if "." in self.host else self.host, self.port)

    @property
    def gone(self) -> bool:
        """Whether nothing can be sent here any more."""
        return False

    def prove(self) -> None:
        """Note that an authentic STUN request came from here."""

    def close(self) -> None:
        """Release what the path holds; a mere address holds nothing."""


def _source_ipv4(pktinfo: bytes) -> list[tuple[int, int, bytes]]:
    if len(pktinfo) < 12:
        return []
    return [(socket.IPPROTO_IP, _IP_PKTINFO, b"\0\0\0\0" + pktinfo[4:8] + b"\0\0\0\0")]


def _source_ipv6(pktinfo: bytes) -> list[tuple[int, int, bytes]]:
    if len(pktinfo) < 20:
        return []
    link_local = pktinfo[0] == 0xFE and pktinfo[1] & 0xC0 == 0x80
    scope = pktinfo[16:20] if link_local else b"\0\0\0\0"
    return [(socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, pktinfo[:16] + scope)]


def _cmsg(level: int, kind: int, data: bytes) -> bytes:
    header = struct.pack("@nii", 16 + len(data), level, kind)
    return header + data + bytes(-len(data) % 8)


class UdpSocket:
    """A non-blocking UDP socket with memory of its own for a batch of `BATCH` datagrams.

    After ``count = receive()`` the i-th datagram (i < count) lies at ``memory[i * DATAGRAM:]`` with ``length(i)``
    bytes, also reachable for C as ``pointers[i]``; all of it is overwritten by the next call.
    """

    def __init__(self, host: str, port: int) -> None:
        """Bind to `host` (an IPv4 or IPv6 address, wildcards included) and `port` (0: any).

        Raises:
            OSError: the address is not ours or the port is taken.
        """
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        for option, forced in ((socket.SO_RCVBUF, _SO_RCVBUFFORCE), (socket.SO_SNDBUF, _SO_SNDBUFFORCE)):
            self.socket.setsockopt(socket.SOL_SOCKET, option, SOCKET_BUFFER)
            with contextlib.suppress(OSError):  # whoever may, need not ask for net.core.rmem_max
                self.socket.setsockopt(socket.SOL_SOCKET, forced, SOCKET_BUFFER)
        if family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            self.socket.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVPKTINFO, 1)
        else:
            self.socket.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        self.socket.bind((host, port))
        self.port: int = self.socket.getsockname()[1]
        self.sent = 0
        self.dropped = 0
        self.segmenting = self._can_segment()
        self._prepare_receive()

    def _can_segment(self) -> bool:
        try:
            self.socket.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 0)
        except OSError:
            return False
        return True

    def _prepare_receive(self) -> None:
        self.memory = bytearray(BATCH * DATAGRAM)
        base = ffi.from_buffer(self.memory)
        self.pointers: list[Any] = [base + i * DATAGRAM for i in range(BATCH)]
        self._iov = ffi.new("struct iovec[]", BATCH)
        self._names = bytearray(BATCH * SOCKADDR)
        self._controls = bytearray(BATCH * CONTROL)
        self._headers = ffi.new("struct mmsghdr[]", BATCH)
        names, controls = ffi.from_buffer(self._names), ffi.from_buffer(self._controls)
        for i in range(BATCH):
            self._iov[i].iov_base, self._iov[i].iov_len = self.pointers[i], DATAGRAM
            header = self._headers[i].msg_hdr
            header.msg_name, header.msg_namelen = names + i * SOCKADDR, SOCKADDR
            header.msg_iov, header.msg_iovlen = self._iov + i, 1
            header.msg_control, header.msg_controllen = controls + i * CONTROL, CONTROL
        self._header_bytes = memoryview(ffi.buffer(self._headers))
        self._header_words = self._header_bytes.cast("I")
        self._pristine = bytes(self._header_bytes)
        self._used = 0

    def receive(self) -> int:
        """Receive up to `BATCH` waiting datagrams; 0 when none waits (or the socket had an error to tell)."""
        used = self._used
        self._header_bytes[: used * HEADER] = self._pristine[: used * HEADER]
        count: int = libc.recvmmsg(self.socket.fileno(), self._headers, BATCH, 0, ffi.NULL)
        self._used = max(count, 0)
        return self._used

    def length(self, index: int) -> int:
        """Bytes of a received datagram."""
        size: int = self._header_words[index * _HEADER_WORDS32 + _LENGTH_WORD]
        return size

    def source(self, index: int) -> bytes:
        """Who sent it: a raw ``sockaddr``, see `Path.key`."""
        size: int = self._header_words[index * _HEADER_WORDS32 + 2]
        start = index * SOCKADDR
        return bytes(self._names[start : start + size])

    def path(self, index: int) -> Path:
        """Where an answer to a received datagram goes, and from which of our addresses."""
        start = index * CONTROL
        size = self._headers[index].msg_hdr.msg_controllen
        pktinfo = b""
        if size >= 16:
            length = struct.unpack_from("@n", self._controls, start)[0]
            pktinfo = bytes(self._controls[start + 16 : start + length])
        return Path(self.source(index), pktinfo)

    def send(self, data: bytes, path: Path) -> None:
        """Send one datagram, as `path` goes; what is refused is counted as dropped, as a network would."""
        if path.stream is not None:
            if path.stream(data):
                self.sent += 1
            else:
                self.dropped += 1
            return
        try:
            self.socket.sendmsg([data], path.ancillary, 0, (path.host, path.port))
            self.sent += 1
        except OSError:
            self.dropped += 1

    def send_many(self, headers: Any, count: int, pieces: int = 1) -> int:
        """Send `count` prepared ``struct mmsghdr`` of `pieces` datagrams each; returns how many the kernel took.

        A full send buffer is waited for (at most 10 ms, the line drains it); a message that fails for a reason of
        its own is skipped.
        """
        fd, done, sent, waited = self.socket.fileno(), 0, 0, False
        while done < count:
            took = libc.sendmmsg(fd, headers + done, count - done, 0)
            if took > 0:
                done, sent, waited = done + took, sent + took, False
            elif ffi.errno == errno.EAGAIN and not waited:
                waited = True
                select.select([], [fd], [], 0.01)
            elif ffi.errno == errno.EAGAIN:
                break
            elif ffi.errno != errno.EINTR:
                done += 1
        self.sent += sent * pieces
        self.dropped += (count - sent) * pieces
        return sent

    def segment(self, size: int) -> None:
        """From now on the kernel cuts every message into datagrams of `size` bytes; 0: sends each as it is."""
        self.socket.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, size)

    def close(self) -> None:
        """Release the port."""
        self.socket.close()


class Arena:
    """Memory for a fan-out: `slots` datagrams of at most `stride` bytes, with all ``sendmmsg(2)`` needs.

    Datagram i lies at ``pointers[i]``, its length for libsrtp at ``lengths[i]``.
    """

    def __init__(self, slots: int, stride: int) -> None:
        self.slots = slots
        self.stride = stride
        self.memory = bytearray(slots * stride)
        self._view = memoryview(self.memory)
        base = ffi.from_buffer(self.memory)
        self.pointers: list[Any] = [base + i * stride for i in range(slots)]
        self._lengths = ffi.new("int[]", slots)
        self.lengths: list[Any] = [self._lengths + i for i in range(slots)]
        self._length_words = memoryview(ffi.buffer(self._lengths)).cast("i")
        self._iov = ffi.new("struct iovec[]", slots)
        for i in range(slots):
            self._iov[i].iov_base = self.pointers[i]
        self._iov_words = memoryview(ffi.buffer(self._iov)).cast("Q")
        self.headers = ffi.new("struct mmsghdr[]", slots)
        self.header_bytes = memoryview(ffi.buffer(self.headers))

    def envelope(self, paths: Sequence[Path], pieces: int) -> bytes:
        """``struct mmsghdr`` entries, one for each path; entry k sends datagrams ``k * pieces …`` in one message."""
        iov = int(ffi.cast("uintptr_t", self._iov))
        step = 16 * pieces
        pack = struct.Struct("@QI4xQQQQI4xI4x").pack
        return b"".join(
            pack(path.name, path.name_size, iov + k * step, pieces, path.control, path.control_size, 0, 0)
            for k, path in enumerate(paths)
        )

    def fill(self, packets: Sequence[bytes], copies: int, tail: int) -> None:
        """Write `packets`, one after the other, `copies` times; on the wire each will be `tail` bytes longer."""
        stride, pieces = self.stride, len(packets)
        for i, packet in enumerate(packets):
            self._view[i * stride : i * stride + len(packet)] = packet
        done, total = pieces * stride, pieces * stride * copies
        while done < total:  # what is there is doubled, in place
            step = min(done, total - done)
            self._view[done : done + step] = self._view[:step]
            done += step
        sizes = [len(packet) for packet in packets]
        self._length_words[: pieces * copies] = array("i", sizes) * copies
        self._iov_words[1 : 2 * pieces * copies : 2] = array("Q", [size + tail for size in sizes]) * copies
