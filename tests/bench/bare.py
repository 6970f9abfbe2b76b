"""Bare forwarding: receive, decrypt, copy, encrypt for each viewer, send. Nothing else, with the same libraries.

No SDP, ICE or DTLS (keys are given), no report, no retransmission, no memory of packets, no rewriting: a viewer gets
the very packet that came in. It is what an SFU cannot do without, and so the measure of what ours does besides.

``python -m tests.bench.bare --key HEX --viewer HOST:PORT …`` prints its port, and ends with its standard input.
"""

from __future__ import annotations

import argparse
import select
import socket
import sys
from typing import Any

from pylibsrtp import Policy, Session

from conference.media import srtp
from conference.media.udp import DATAGRAM, HEADER, Arena, UdpSocket
from conference.media.udp import Path as UdpPath

TAG = srtp.TAG["SRTP_AEAD_AES_128_GCM"]
STRIDES = (256, 1152, 1536)
MAX_PIECES = 8


def session(key: bytes, kind: int) -> Session:
    """One direction of SRTP with AES-128-GCM, for any SSRC; `kind` as `Policy` has it."""
    return Session(Policy(key=key, ssrc_type=kind, srtp_profile=Policy.SRTP_PROFILE_AEAD_AES_128_GCM))


def sockaddr(address: tuple[str, int]) -> bytes:
    """An IPv4 address as the kernel takes it."""
    family = int(socket.AF_INET).to_bytes(2, sys.byteorder)
    return family + address[1].to_bytes(2, "big") + socket.inet_aton(address[0]) + bytes(8)


class Forwarder:
    """Passes on what comes from anybody to all viewers.

    Args:
        together: whether packets that wait together and are equally long go to each viewer as one message that the
            kernel cuts (UDP_SEGMENT), or one by one.
    """

    def __init__(self, viewers: list[tuple[str, int]], key: bytes, together: bool) -> None:
        self.socket = UdpSocket("127.0.0.1", 0)
        self._together = together
        self._inbound = session(key, Policy.SSRC_ANY_INBOUND)
        self._outbound = [session(key, Policy.SSRC_ANY_OUTBOUND) for _ in viewers]
        self._contexts: list[Any] = [one._srtp[0] for one in self._outbound]
        self._paths = [UdpPath(sockaddr(viewer), b"") for viewer in viewers]
        self._arenas = [Arena(len(viewers) * MAX_PIECES, stride) for stride in STRIDES]
        self._plans: dict[tuple[int, int], tuple[list[Any], bytes]] = {}

    def turn(self) -> None:
        """Take what waits, and send it."""
        run: list[bytes] = []
        length = srtp.ffi.new("int *")
        for index in range(self.socket.receive()):
            length[0] = self.socket.length(index)
            if srtp.unprotect(self._inbound._srtp[0], self.socket.pointers[index], length):
                continue
            start = index * DATAGRAM
            packet = bytes(self.socket.memory[start : start + length[0]])
            if run and (not self._together or len(packet) != len(run[0]) or len(run) == MAX_PIECES):
                self._send(run)
                run = []
            run.append(packet)
        if run:
            self._send(run)

    def _send(self, run: list[bytes]) -> None:
        viewers, pieces = len(self._paths), len(run)
        arena = next(arena for arena in self._arenas if arena.stride >= len(run[0]) + TAG)
        contexts, envelope = self._plan(arena, pieces)
        arena.fill(run, viewers, TAG)
        list(map(srtp.protect, contexts, arena.pointers, arena.lengths))
        arena.header_bytes[: viewers * HEADER] = envelope
        if pieces > 1:
            self.socket.segment(len(run[0]) + TAG)
        self.socket.send_many(arena.headers, viewers, pieces)
        if pieces > 1:
            self.socket.segment(0)

    def _plan(self, arena: Arena, pieces: int) -> tuple[list[Any], bytes]:
        """What does not change from packet to packet."""
        if (arena.stride, pieces) not in self._plans:
            contexts = [context for context in self._contexts for _ in range(pieces)]
            self._plans[arena.stride, pieces] = contexts, arena.envelope(self._paths, pieces)
        return self._plans[arena.stride, pieces]


def main() -> None:
    """Forward until standard input ends."""
    parser = argparse.ArgumentParser(prog="tests.bench.bare", description=__doc__)
    parser.add_argument("--key", type=bytes.fromhex, required=True)
    parser.add_argument("--together", action="store_true")
    parser.add_argument("--viewer", action="append", required=True)
    options = parser.parse_args()
    viewers = [(host, int(port)) for host, port in (viewer.split(":") for viewer in options.viewer)]
    forwarder = Forwarder(viewers, options.key, options.together)
    print(forwarder.socket.port, flush=True)
    waiting = select.poll()
    waiting.register(0, select.POLLIN | select.POLLHUP)
    waiting.register(forwarder.socket.socket, select.POLLIN)
    while all(descriptor for descriptor, _ in waiting.poll()):
        forwarder.turn()


if __name__ == "__main__":
    main()
