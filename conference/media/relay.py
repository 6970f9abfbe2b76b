"""Feeds that several workers show: each is published on one, and taken from there by those that show it, too.

The worker that takes a feed chooses the SSRCs under which its streams come over the link, one after the other. It gets
every packet once, in the publisher's own numbers; sender reports in the server's time, so that all workers tell their
viewers the same; and sends back the wish for key frames, which the publisher is asked for once for all.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from conference.media import rtcp, rtp
from conference.media.fanout import Group
from conference.media.feed import ClockPair, Feed, FeedClock, Stream
from conference.media.link import Link, LinkListener, connect
from conference.media.reception import Reception
from conference.media.rtp import Packet, seq_diff
from conference.media.sdp import Codec

LEVEL_ID = 1
ASKING = 1
STEP = 8  # SSRCs set aside for each feed

Deliver = Callable[[dict[int, Group]], None]


def describe(feed: Feed) -> list[dict[str, Any]]:
    """A feed's streams in words that JSON carries, see `Import`."""
    return [{"kind": s.kind, "rid": s.rid, "codec": asdict(s.codec)} for s in feed.streams()]


class Export:
    """A stream on its way to another worker; it follows the stream as a `Flow` does."""

    def __init__(self, stream: Stream, link: Link, ssrc: int) -> None:
        self.stream = stream
        self._link = link
        self._ssrc = ssrc
        stream.flows.append(self)
        self.report(time.monotonic(), time.time())
        for packet in stream.since_key_frame(joining=True):
            link.push(self._render(packet))
        link.flush()

    def end(self) -> None:
        """Pass nothing more on."""
        self.stream.flows.remove(self)

    def pause(self) -> None:
        """What comes after a gap is passed on like the rest: the other worker sees the gap itself."""

    def request_key_frame(self) -> None:
        """The other worker asks when it needs one."""

    def forward(self, packet: Packet, now: float, wall: float) -> Iterator[Any]:
        """Queue one packet; yields the link to flush."""
        self._link.push(self._render(packet))
        yield self._link

    def _render(self, packet: Packet) -> bytes:
        level = b"" if packet.level is None else rtp.extension_element(LEVEL_ID, bytes([packet.level]))
        first = 0x80 | packet.padded << 5 | bool(level) << 4
        header = rtp.HEADER.pack(first, packet.marker << 7, packet.seq, packet.timestamp, self._ssrc)
        return header + rtp.extension_block(level) + packet.payload

    def report(self, now: float, wall: float) -> None:
        """Pass on what the publisher's sender reports say about this instant."""
        if self.stream.report is not None:
            timestamp = self.stream.timestamp_at(now, wall)
            self._link.push(rtcp.sender_report(self._ssrc, rtcp.ntp_time(wall), timestamp, 0, 0))
            self._link.flush()


class Import:
    """A feed that is published on another worker."""

    def __init__(self, name: str, owner: str, kind: str, streams: Sequence[dict[str, Any]], ssrc: int) -> None:
        self.feed = Feed(name, owner, kind)
        self.ssrc = ssrc
        self.sources: dict[int, Stream] = {}
        clock = FeedClock()
        clock.offset = 0.0  # its reports are in our time
        for number, told in enumerate(streams[:STEP]):
            codec = Codec(**told["codec"])
            stream = Stream(told["kind"], codec, clock, owner, kind, told["rid"])
            stream.reception = Reception(codec.clock, False)  # repairs are the other worker's business
            stream.ssrc = ssrc + number
            self.sources[ssrc + number] = stream
            if stream.kind == "audio":
                self.feed.audio = stream
            else:
                self.feed.video.append(stream)

    def receive(self, stream: Stream, data: bytes, now: float, wall: float) -> Iterator[Group]:
        """Take a packet in; yields the groups to flush.

        Raises:
            Malformed: it is not one.
        """
        if 192 <= data[1] < 224:  # RFC 5761 section 4
            for message in rtcp.read(data):
                if isinstance(message, rtcp.SenderReport):
                    stream.report = ClockPair(message.ntp, message.rtp, now)
            return
        first, second, seq, timestamp, _ = rtp.HEADER.unpack_from(data)
        at, extension, size = rtp.header_size(data, 0, len(data))
        packet = Packet(seq, timestamp, second & 0x80 != 0, first & 0x20 != 0, data[at:])
        packet.look_inside(stream.codec.name)
        level = rtp.find_extension(data, extension, size, LEVEL_ID) if extension else None
        if level is not None:
            packet.level = level[0]
            self.feed.speaking.hear(127 if stream.muted else packet.level, now)
        late = stream.reception.highest >= 0 and seq_diff(seq, stream.reception.highest & 0xFFFF) < 0
        yield from stream.receive(packet, len(data), now, wall, late)

    def wishes(self, now: float) -> list[bytes]:
        """Requests for the key frames that are wanted here."""
        self.feed.speaking.change(now)
        return [rtcp.picture_loss(ASKING, ssrc) for ssrc, stream in self.sources.items() if stream.wanted(now)]

    def report(self, now: float, wall: float, seconds: float) -> None:
        """Tell the viewers the time; called once a second."""
        for stream in self.sources.values():
            stream.measure(seconds)
            for flow in stream.flows:
                flow.request_key_frame()
                if not stream.muted:
                    flow.report(now, wall)


class Neighbour:
    """Another worker from which feeds are taken. A link that breaks is made anew."""

    def __init__(self, path: Path, deliver: Callable[[Neighbour, list[bytes]], None]) -> None:
        self.imports: dict[int, Import] = {}
        self._path = path
        self._deliver = deliver
        self._link: Link | None = None

    def take(self, taken: Import) -> None:
        """Ask for a feed."""
        self.imports[taken.ssrc] = taken
        if self._link is None:
            self.connect()
        else:
            self._ask(taken)

    def drop(self, taken: Import) -> None:
        """Ask for it no more; without any, the link ends."""
        del self.imports[taken.ssrc]
        self._tell({"leave": taken.ssrc})
        if not self.imports and self._link is not None:
            self._link.close()

    def connect(self) -> None:
        """Make the link, if there is none, and ask for everything."""
        if self._link is not None or not self.imports:
            return
        self._link = link = connect(self._path)
        if link is not None:
            link.follow(partial(self._deliver, self), link.close, self._ended)  # what we ask for must not get lost
            for taken in self.imports.values():
                self._ask(taken)

    def _ended(self) -> None:
        self._link = None

    def _ask(self, taken: Import) -> None:
        self._tell({"take": taken.feed.name, "ssrc": taken.ssrc})

    def _tell(self, message: dict[str, Any]) -> None:
        if self._link is not None:
            self._link.push(json.dumps(message).encode())
            self._link.flush()

    def receive(self, data: bytes, now: float, wall: float) -> Iterator[Group]:
        """Take one packet in; yields the groups to flush. What is not asked for any more is passed over."""
        report = 192 <= data[1] < 224
        ssrc = int.from_bytes(data[4:8] if report else data[8:12], "big")
        taken = self.imports.get(ssrc - ssrc % STEP)
        if taken is not None and ssrc in taken.sources:
            yield from taken.receive(taken.sources[ssrc], data, now, wall)

    def ask(self, now: float) -> None:
        """Pass on the wish for key frames."""
        link = self._link
        if link is not None:
            for taken in self.imports.values():
                for wish in taken.wishes(now):
                    link.push(wish)
            link.flush()


class Outlet:
    """A worker that takes feeds from us."""

    def __init__(self, link: Link, find: Callable[[str], Feed | None], ended: Callable[[Outlet], None]) -> None:
        self.link = link
        self._find = find
        self._exports: dict[int, list[Export]] = {}
        self._ended = ended
        link.follow(self._receive, self._dropped, self._end)

    def _receive(self, packets: list[bytes]) -> None:
        for data in packets:
            if data[:1] == b"{":
                self._obey(json.loads(data))
            else:
                for message in rtcp.read(data):
                    if isinstance(message, rtcp.KeyFrameRequest):
                        self._request_key_frame(message.ssrc)

    def _obey(self, message: dict[str, Any]) -> None:
        if "take" in message:
            feed, ssrc = self._find(message["take"]), message["ssrc"]
            streams = feed.streams()[:STEP] if feed is not None else []
            self._exports[ssrc] = [Export(stream, self.link, ssrc + i) for i, stream in enumerate(streams)]
        else:
            for export in self._exports.pop(message["leave"], []):
                export.end()

    def _request_key_frame(self, ssrc: int) -> None:
        exports = self._exports.get(ssrc - ssrc % STEP, [])
        if ssrc % STEP < len(exports):
            exports[ssrc % STEP].stream.request_key_frame()

    def _dropped(self) -> None:
        """Something was lost on the way: pictures begin anew."""
        for exports in self._exports.values():
            for export in exports:
                export.stream.request_key_frame()

    def _end(self) -> None:
        for exports in self._exports.values():
            for export in exports:
                export.end()
        self._exports.clear()
        self._ended(self)


class Relay:
    """All that goes between this worker and the others.

    Attributes:
        received: packets that came from other workers.

    Args:
        find: a feed that is published here, by name.
        flush: sends what packets that came have led to.
        failed: counts an error of ours.
    """

    def __init__(self, find: Callable[[str], Feed | None], flush: Deliver, failed: Callable[[], None]) -> None:
        self.received = 0
        self.imports: dict[str, tuple[Neighbour, Import]] = {}
        self._find, self._flush, self._failed = find, flush, failed
        self._neighbours: dict[str, Neighbour] = {}
        self._outlets: list[Outlet] = []
        self._past_sent = self._past_dropped = 0
        self._ssrcs = itertools.count(STEP, STEP)
        self._listener: LinkListener | None = None

    def listen(self, path: Path) -> None:
        """Let other workers take feeds from here."""
        self._listener = LinkListener(path, self._accept)

    def close(self) -> None:
        """End all links."""
        if self._listener is not None:
            self._listener.close()
        for name in list(self.imports):
            self.drop(name)
        for outlet in list(self._outlets):
            outlet.link.close()

    def take(self, taken: Import, path: Path) -> None:
        """Take a feed from the worker that listens at `path`."""
        self.drop(taken.feed.name)
        neighbour = self._neighbours.get(str(path))
        if neighbour is None:
            neighbour = self._neighbours[str(path)] = Neighbour(path, self._receive)
        self.imports[taken.feed.name] = neighbour, taken
        neighbour.take(taken)

    def drop(self, name: str) -> None:
        """Take it no more."""
        if name in self.imports:
            neighbour, taken = self.imports.pop(name)
            neighbour.drop(taken)

    def next_ssrc(self) -> int:
        """The first of the SSRCs for a feed that is about to be taken."""
        return next(self._ssrcs)

    def feed(self, name: str) -> Feed | None:
        """A feed that is taken from another worker."""
        found = self.imports.get(name)
        return found[1].feed if found is not None else None

    def ask(self, now: float) -> None:
        """Pass on the wish for key frames; called many times a second."""
        for neighbour in self._neighbours.values():
            neighbour.ask(now)

    def report(self, now: float, wall: float, seconds: float) -> None:
        """Tell viewers the time, and mend links; called once a second."""
        for _, taken in self.imports.values():
            taken.report(now, wall, seconds)
        for neighbour in self._neighbours.values():
            neighbour.connect()

    def stats(self) -> dict[str, int]:
        """Packets that came from other workers, went to them, and did not get there in time."""
        links = [outlet.link for outlet in self._outlets]
        return {
            "relayed_in": self.received,
            "relayed_out": self._past_sent + sum(link.sent for link in links),
            "relay_dropped": self._past_dropped + sum(link.dropped for link in links),
        }

    def _accept(self, link: Link) -> None:
        self._outlets.append(Outlet(link, self._find, self._ended))

    def _ended(self, outlet: Outlet) -> None:
        self._outlets.remove(outlet)
        self._past_sent += outlet.link.sent
        self._past_dropped += outlet.link.dropped

    def _receive(self, neighbour: Neighbour, packets: list[bytes]) -> None:
        now, wall = time.monotonic(), time.time()
        dirty: dict[int, Group] = {}
        for data in packets:
            try:
                for group in neighbour.receive(data, now, wall):
                    dirty[id(group)] = group
            except Exception:  # one packet may not cost the others
                self._failed()
        self.received += len(packets)
        self._flush(dirty)
