"""The worker's centre: who is connected, which datagram belongs to whom, and what is due every so often."""

from __future__ import annotations

import asyncio
import gc
import logging
import secrets
import time
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path as FilePath
from typing import Any

from conference.media import ice, limits, publisher, relay, sdp, viewer
from conference.media.aiortc_seam import Certificate
from conference.media.engine import Answer, FeedKind, MediaRefused
from conference.media.fanout import Group, Outbox
from conference.media.feed import Feed
from conference.media.memory import resident
from conference.media.peer import Peer
from conference.media.publisher import Publisher
from conference.media.relay import Import, Relay
from conference.media.rooms import Room
from conference.media.sdp import Offer
from conference.media.shield import Shield
from conference.media.tcp import TcpPath
from conference.media.udp import BATCH, DATAGRAM, Path, UdpSocket, ffi
from conference.media.viewer import Viewer
from conference.media.waits import HALF_OPEN, SILENT

logger = logging.getLogger(__name__)

MAX_PEERS = 4000
MAX_ROOMS = 2000
MAX_GATHERED = 400
COLLECT_AFTER = 500
ASK_INTERVAL = 0.05
REPORT_INTERVAL = 1.0

Report = Callable[[str, str, str, dict[str, Any]], None]


class Exchange:
    """Peers, feeds and rooms of one worker, over one socket.

    Its methods are those of `MediaEngine`; what happens by itself is told to `on_event` as
    ``(kind, resource, owner, detail)``.
    """

    def __init__(
        self,
        socket: UdpSocket,
        addresses: Sequence[str],
        on_event: Report,
        half_open: float = HALF_OPEN,
        silent: float = SILENT,
    ) -> None:
        self.socket = socket
        self.addresses = list(addresses)
        self.certificate = Certificate()
        self.outbox = Outbox(socket)
        self.peers: dict[str, Peer] = {}
        self.rooms: dict[str, Room] = {}
        self.shield = Shield(socket.socket)
        self.relay = Relay(self._published, self._flush, self.failed)
        self.received = 0
        self.received_bytes = 0
        self.strange = 0
        self.failures = 0
        self._on_event = on_event
        self._half_open, self._silent = half_open, silent
        self._by_ufrag: dict[str, Peer] = {}
        self._by_address: dict[bytes, Peer] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._watched: list[Viewer] = []
        self._ended = 0
        self._reported_at = self._watched_at = time.monotonic()
        self._knocks = limits.TokenBucket(limits.STRANGE_KNOCKS, limits.STRANGE_KNOCKS, self._reported_at)
        self._ways = [partial(socket.path, index) for index in range(BATCH)]
        self._memory = bytearray(DATAGRAM)  # where datagrams that came by TCP are decrypted
        self._pointer = ffi.from_buffer(self._memory)

    # the engine's verbs

    def publish(self, offer: str, owner: str, kind: FeedKind, room: str = "") -> Answer:
        """See `MediaEngine.publish`."""
        parsed = sdp.parse(offer)
        accepted = publisher.acceptable(parsed)
        if not accepted:
            raise MediaRefused("Das Angebot sendet nichts, was hier angenommen wird (VP8 oder H.264, Opus).")
        peer = Publisher(kind, parsed, accepted, *self._peer_arguments(owner, parsed))
        return self._admit(peer, parsed, accepted, {"room": room, "kind": kind, "streams": relay.describe(peer.feed)})

    def view(self, offer: str, owner: str, room: str) -> Answer:
        """See `MediaEngine.view`."""
        parsed = sdp.parse(offer)
        accepted, slots = viewer.acceptable(parsed)
        if not accepted:
            raise MediaRefused("Das Angebot empfängt nichts, was hier gesendet wird (VP8 oder H.264, Opus).")
        peer = Viewer(self._room(room), room, slots, *self._peer_arguments(owner, parsed))
        return self._admit(peer, parsed, accepted, {"room": room})

    def _peer_arguments(self, owner: str, offer: Offer) -> tuple[Any, ...]:
        if len(self.peers) >= MAX_PEERS:
            raise MediaRefused("Der Server ist voll besetzt.", limits.FULL)
        limits.check_share(owner, self.peers.values())
        name, now = ice.random_chars(20), time.monotonic()
        return name, owner, offer, self.certificate, self.socket, now, self._connected, self._closed

    def _admit(self, peer: Peer, offer: Offer, accepted: dict[int, sdp.Accepted], opened: dict[str, Any]) -> Answer:
        self.peers[peer.name] = peer
        self._by_ufrag[peer.credentials.ufrag] = peer
        self._on_event("opened", peer.name, peer.owner, opened)
        session = secrets.randbits(62)
        return Answer(peer.name, sdp.answer(offer, self._transport(peer), session, accepted), peer.etag)

    def _transport(self, peer: Peer) -> sdp.Transport:
        own = peer.credentials
        fingerprint, port = self.certificate.fingerprint, self.socket.port
        return sdp.Transport(own.ufrag, own.password, fingerprint, peer.setup, self.addresses, port)

    def patch(self, resource: str, fragment: str, etag: str | None) -> tuple[str, str]:
        """See `MediaEngine.patch`."""
        peer = self.peers.get(resource)
        if peer is None:
            raise MediaRefused("Diese Verbindung gibt es nicht mehr.", "media.gone")
        parsed = sdp.parse_fragment(fragment)
        if not parsed.ufrag or not parsed.password or peer.same_session(parsed.ufrag, parsed.password):
            if etag not in (None, "*", peer.etag):
                raise MediaRefused("Diese ICE-Sitzung ist abgelöst.", "media.stale")
            return "", peer.etag
        old = peer.previous
        peer.restart(parsed.ufrag, parsed.password)
        if old is not None:
            self._by_ufrag.pop(old.ufrag, None)
        self._by_ufrag[peer.credentials.ufrag] = peer
        return self._transport(peer).fragment(), peer.etag

    def close(self, resource: str, reason: str = "closed") -> None:
        """See `MediaEngine.close`."""
        peer = self.peers.pop(resource, None)
        if peer is None:
            return
        paths = [path for key, path in peer.paths.items() if self._by_address.get(key) is peer]
        self._by_ufrag = {ufrag: p for ufrag, p in self._by_ufrag.items() if p is not peer}
        self._by_address = {key: p for key, p in self._by_address.items() if p is not peer}
        if isinstance(peer, Publisher):
            self._refresh_rooms()
        self._spawn(self._end(peer, paths))
        self._on_event("closed", peer.name, peer.owner, {"reason": reason})

    async def _end(self, peer: Peer, paths: Sequence[Path]) -> None:
        await peer.close()
        for path in paths:
            path.close()
        if isinstance(peer, Viewer):
            self._drop_room(peer.room_name)
        self._ended += 1
        if self._ended % COLLECT_AFTER == 0:  # by itself, Python would come too seldom for the little that is left
            gc.collect()

    def switch(self, room: str, slots: Sequence[str | None]) -> None:
        """See `MediaEngine.switch`."""
        self._room(room).switch(slots)
        self._drop_room(room)
        self.ask()

    def assign(self, room: str, audio: Sequence[str | None], video: Sequence[str | None]) -> None:
        """`switch`, where other feeds are heard than seen."""
        self._room(room).assign(audio, video)
        self._drop_room(room)
        self.ask()

    def gather(self, room: str, feeds: Sequence[str], pictures: int, voices: int) -> None:
        """See `MediaEngine.gather`."""
        self._room(room).gather(feeds[:MAX_GATHERED], min(pictures, viewer.MAX_SLOTS), min(voices, viewer.MAX_SLOTS))
        self._tell_slots(room)
        self._drop_room(room)
        self.ask()

    def _tell_slots(self, room: str) -> None:
        self._on_event("slots", room, "", {kind: list(names) for kind, names in self.rooms[room].assigned.items()})

    def show(self, resource: str, heights: Sequence[int]) -> None:
        """See `MediaEngine.show`."""
        peer = self.peers.get(resource)
        if isinstance(peer, Viewer):
            peer.show(heights[: viewer.MAX_SLOTS])

    def mute(self, feed: str, audio: bool, video: bool) -> None:
        """See `MediaEngine.mute`."""
        found = self._feed(feed)
        for kind, muted in (("audio", audio), ("video", video)):
            for stream in found.layers(kind) if found is not None else ():
                stream.mute(muted)

    def take(
        self,
        feed: str,
        owner: str,
        kind: str,
        streams: Sequence[dict[str, Any]],
        link: str,
        audio: bool,
        video: bool,
    ) -> None:
        """Show a feed here that is published on the worker that listens at `link`, muted or not."""
        taken = Import(feed, owner, kind, streams, self.relay.next_ssrc())
        self.relay.take(taken, FilePath(link))
        self.mute(feed, audio, video)
        self._refresh_rooms()

    def drop(self, feed: str) -> None:
        """Show a feed of another worker no more."""
        self.relay.drop(feed)
        self._refresh_rooms()

    def stats(self) -> dict[str, Any]:
        """Counters of this worker, its feeds and viewers; see `EmbeddedEngine.stats`."""
        now = time.monotonic()
        peers = self.peers.values()
        return {
            "worker": {
                "packets_in": self.received,
                "bytes_in": self.received_bytes,
                "packets_out": self.socket.sent,
                "dropped_out": self.socket.dropped,
                "dropped_in": self.shield.dropped,
                "shielded": self.shield.raised,
                "strange": self.strange,
                "failures": self.failures,
                "cpu_seconds": time.process_time(),
                "memory_bytes": resident(),
                "peers": len(self.peers),
                "rooms": len(self.rooms),
                **self.relay.stats(),
            },
            "feeds": {p.name: p.stats(now) for p in peers if isinstance(p, Publisher)},
            "viewers": {p.name: p.stats(now) for p in peers if isinstance(p, Viewer)},
        }

    # rooms and feeds

    def _room(self, name: str) -> Room:
        if name not in self.rooms:
            if len(self.rooms) >= MAX_ROOMS:
                raise MediaRefused("Der Server hat zu viele Räume.", "media.full")
            self.rooms[name] = Room(self.outbox, self._feed)
        return self.rooms[name]

    def _drop_room(self, name: str) -> None:
        """Forget a room where nobody watches and nothing is shown."""
        room = self.rooms.get(name)
        awaited = any(isinstance(p, Viewer) and p.room is room for p in self.peers.values())
        if room is not None and room.empty and not awaited:
            del self.rooms[name]

    def _feed(self, name: str) -> Feed | None:
        return self._published(name) or self.relay.feed(name)

    def _published(self, name: str) -> Feed | None:
        peer = self.peers.get(name)
        return peer.feed if isinstance(peer, Publisher) else None

    def _refresh_rooms(self) -> None:
        for room in self.rooms.values():
            room.refresh()

    # peers

    def _connected(self, peer: Peer) -> None:
        if peer.name in self.peers:
            self._on_event("connected", peer.name, peer.owner, {})
            self.ask()

    def _closed(self, peer: Peer, reason: str) -> None:
        if self.peers.get(peer.name) is peer:
            self.close(peer.name, reason)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def end(self) -> None:
        """Close everything; what is still under way a second later is given up."""
        for name in list(self.peers):
            self.close(name, "server stops")
        self.relay.close()
        if self._tasks:
            _, hanging = await asyncio.wait(self._tasks, timeout=1)
            for task in hanging:
                task.cancel()
            await asyncio.gather(*hanging, return_exceptions=True)

    # datagrams

    def readable(self) -> None:
        """Take what waits in the socket (up to a batch), then send what it leads to."""
        sock = self.socket
        count = sock.receive()
        now, wall = time.monotonic(), time.time()
        dirty: dict[int, Group] = {}
        for index in range(count):
            source, way = sock.source(index), self._ways[index]
            place = sock.memory, index * DATAGRAM, sock.length(index), sock.pointers[index]
            try:
                self._receive(source, way, *place, now, wall, dirty)
            except Exception:  # neither one datagram nor one group may cost the others
                self.failed()
        self.received += count
        self._flush(dirty)

    def framed(self, path: TcpPath, datagrams: Sequence[bytes]) -> None:
        """Take the datagrams that came together by a TCP connection, then send what they lead to."""
        memory, pointer = self._memory, self._pointer
        now, wall = time.monotonic(), time.time()
        dirty: dict[int, Group] = {}
        for datagram in datagrams:
            size = len(datagram)
            memory[:size] = datagram
            try:
                self._receive(path.key, lambda: path, memory, 0, size, pointer, now, wall, dirty)
            except Exception:
                self.failed()
        self.received += len(datagrams)
        self._flush(dirty)

    def unframed(self, path: TcpPath) -> None:
        """Forget a TCP connection that is closed."""
        peer = self._by_address.pop(path.key, None)
        if peer is not None:
            peer.lose(path)

    def _flush(self, dirty: dict[int, Group]) -> None:
        for group in dirty.values():
            try:
                group.flush()
            except Exception:
                self.failed()

    def _receive(
        self,
        source: bytes,
        way: Callable[[], Path],
        memory: bytearray,
        start: int,
        size: int,
        pointer: Any,
        now: float,
        wall: float,
        dirty: dict[int, Group],
    ) -> None:
        """Take one datagram; what kind it is, its first byte tells (RFC 7983).

        It lies at ``memory[start:]``, for C at `pointer`; `source` is the key of the path by which it came, and `way`
        gives that path.
        """
        self.received_bytes += size
        first = memory[start] if size else 255
        if 128 <= first < 192 and size >= 12:
            peer = self._by_address.get(source)
            if peer is None or peer.srtp is None:
                self.strange += 1
            elif 192 <= memory[start + 1] < 224:  # RFC 5761 section 4
                peer.receive_rtcp(bytes(memory[start : start + size]), now, wall)
            elif isinstance(peer, Publisher):
                for group in peer.receive_rtp(pointer, memory, start, size, now, wall):
                    dirty[id(group)] = group
        elif first < 64:
            self._receive_rare(source, way, bytes(memory[start : start + size]), now)
        else:
            self.strange += 1

    def failed(self) -> None:
        """Count an error of ours; the first few go to the log."""
        self.failures += 1
        if self.failures <= 10:
            logger.exception("what came could not be handled")

    def _receive_rare(self, source: bytes, way: Callable[[], Path], datagram: bytes, now: float) -> None:
        """STUN (RFC 8489) and DTLS."""
        if datagram[0] < 4:
            self._receive_stun(way, datagram, now)
        elif datagram[0] >= 20 and (peer := self._by_address.get(source)):
            peer.receive_dtls(datagram)
        else:
            self.strange += 1

    def _receive_stun(self, way: Callable[[], Path], datagram: bytes, now: float) -> None:
        named = self._by_ufrag.get(ice.named(datagram))
        if not (named.knocks if named else self._knocks).take(1, now):
            self.strange += 1
            return
        request = ice.read_request(datagram)
        ours = ice.username(request)[0] if request is not None else ""
        peer = self._by_ufrag.get(ours)
        credentials = peer.credentials_of(ours) if peer is not None else None
        if request is None or peer is None or credentials is None or not ice.authentic(request, credentials):
            self.strange += 1
            return
        previous = peer.previous
        path = way()
        given_up = peer.bind(request, credentials, path, now)
        if path.key not in peer.paths:
            self.strange += 1
            return
        if given_up is not None and self._by_address.get(given_up) is peer:
            del self._by_address[given_up]
        self._by_address[path.key] = peer
        if previous is not None and peer.previous is None:
            self._by_ufrag.pop(previous.ufrag, None)

    # what is due

    def ask(self) -> None:
        """Ask publishers for missing packets and wanted key frames."""
        now = time.monotonic()
        for peer in self.peers.values():
            if isinstance(peer, Publisher) and peer.srtp is not None:
                peer.ask(now)
        self.relay.ask(now)

    def report(self) -> None:
        """Once a second: reports to everybody, and an end to those who are gone."""
        now, wall = time.monotonic(), time.time()
        seconds, self._reported_at = now - self._reported_at, now
        for peer in list(self.peers.values()):
            reason = peer.overdue(now, self._half_open, self._silent)
            if reason is not None:
                self.close(peer.name, reason)
            elif isinstance(peer, Publisher) and peer.srtp is not None:
                self._report_feed(peer, now, wall, max(seconds, 0.001))
        self.relay.report(now, wall, max(seconds, 0.001))

    def _report_feed(self, peer: Publisher, now: float, wall: float, seconds: float) -> None:
        peer.report(now, wall, seconds)
        for stream in peer.feed.streams():
            if not stream.muted:
                for flow in stream.flows:
                    flow.report(now, wall)

    def listen(self) -> None:
        """Report who began or ceased to speak, and which programme's picture began to move or came to stand."""
        now = time.monotonic()
        for peer in self.peers.values():
            if not isinstance(peer, Publisher):
                continue
            if (speaking := peer.feed.speaking.change(now)) is not None:
                self._on_event("speaking", peer.name, peer.owner, {"speaking": speaking})
            if peer.feed.kind == "programme" and (moving := peer.feed.watch(now)) is not None:
                self._on_event("picture", peer.name, peer.owner, {"moving": moving})
        for name, room in self.rooms.items():
            if room.listen(now):
                room.refresh()
                self._tell_slots(name)

    def watch_lines(self, turn: int, turns: int) -> None:
        """Care for viewers' lines: for each one once in so many turns, for those that changed at once."""
        now, wall = time.monotonic(), time.time()
        if turn % turns == 0:
            self._watched = [one for one in self.peers.values() if isinstance(one, Viewer)]
        for peer in self._watched[turn % turns :: turns]:
            if peer.srtp is not None:
                peer.watch_line(now)
        for peer in [peer for peer in self._watched if peer.downlink.limit is not None]:
            if peer.srtp is not None:
                peer.relieve()
                peer.probe(now, wall, ASK_INTERVAL)

    def watch(self) -> None:
        """Raise the shield against a flood of strange datagrams, or lower it."""
        now = time.monotonic()
        seconds, self._watched_at = now - self._watched_at, now
        self.shield.watch(self.strange, self._by_address, max(seconds, 0.001), now)

    async def run(self) -> None:
        """Do what is due, until cancelled."""
        turn = 0
        while True:
            await asyncio.sleep(ASK_INTERVAL)
            turn += 1
            self.ask()
            self.watch()
            self.watch_lines(turn, int(REPORT_INTERVAL / ASK_INTERVAL))
            if turn % 5 == 0:
                self.listen()
            if turn % int(REPORT_INTERVAL / ASK_INTERVAL) == 0:
                self.report()
