"""Sends junk as fast as one core can, from many addresses of the loopback: ``python -m tests.load.flood PORT SECONDS``.

Every kind is in it: what could be STUN, DTLS, SRTP or SRTCP by its first bytes, requests for ufrags that nobody has,
noise, and datagrams of full size. Prints how many were sent.
"""

from __future__ import annotations

import random
import socket
import sys
import time
from typing import Any

from conference.media.udp import ffi, libc

SOURCES = 16
BATCH = 256
HEADS = (
    b"\x00\x01\x00\x30\x21\x12\xa4\x42",
    b"\x16\xfe\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x40\x01",
    b"\x17\xfe\xfd\x00\x01",
    b"\x2f\x00",
    b"\x80\x60",
    b"\x90\xe0",
    b"\x81\xc9\x00\x07",
    b"\xff",
)


def datagrams(rng: random.Random) -> list[bytes]:
    """One batch."""
    junk = [rng.choice(HEADS) + rng.randbytes(rng.choice([1, 40, 200, 1200])) for _ in range(BATCH * 3 // 4)]
    names = [bytes([97 + rng.randrange(26)]) * 12 + b":abcd" for _ in range(BATCH // 8)]
    requests = [
        HEADS[0] + rng.randbytes(12) + b"\x00\x06\x00\x11" + name + bytes(3) + rng.randbytes(24) for name in names
    ]
    noise = [rng.randbytes(rng.randrange(1, 1400)) for _ in range(BATCH - len(junk) - len(requests))]
    return junk + requests + noise


class Source:
    """A connected socket with a batch ready for ``sendmmsg(2)``."""

    def __init__(self, host: str, port: int, rng: random.Random) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, 0))
        self._socket.connect(("127.0.0.1", port))
        self._buffers = [ffi.new("char[]", data) for data in datagrams(rng)]
        self._iov = ffi.new("struct iovec[]", BATCH)
        self._headers: Any = ffi.new("struct mmsghdr[]", BATCH)
        for i, buffer in enumerate(self._buffers):
            self._iov[i].iov_base, self._iov[i].iov_len = buffer, len(buffer) - 1
            self._headers[i].msg_hdr.msg_iov, self._headers[i].msg_hdr.msg_iovlen = self._iov + i, 1

    def shoot(self) -> int:
        """Send the batch; how many went out."""
        return max(int(libc.sendmmsg(self._socket.fileno(), self._headers, BATCH, 0)), 0)


def main() -> None:
    """Shoot until the time is over."""
    port, seconds = int(sys.argv[1]), float(sys.argv[2])
    rng = random.Random(7)
    sources = [Source(f"127.0.9.{i + 1}", port, rng) for i in range(SOURCES)]
    sent, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        for source in sources:
            sent += source.shoot()
    print(sent)


if __name__ == "__main__":
    main()
