"""A peer that sends: its packets are checked against the answer, opened once, and handed to its feed's streams."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from conference.media import rtcp, rtp, sdp
from conference.media.bitrate import BitrateEstimate, StandingQueue
from conference.media.fanout import Group
from conference.media.feed import Feed, FeedClock, Stream
from conference.media.peer import Peer
from conference.media.rtp import Malformed, Packet
from conference.media.sdp import Accepted, Section
from conference.media.speaking import Speaking

MAX_SSRCS = 12
SENDER_SSRC = 1


def acceptable(offer: sdp.Offer) -> dict[int, Accepted]:
    """The first audio and the first video m-line that would send, each with its best codec."""
    chosen: dict[int, Accepted] = {}
    kinds: set[str] = set()
    for index, section in enumerate(offer.sections):
        if section.sends and section.kind not in kinds and len(chosen) < (2 if offer.bundle else 1):
            kinds.add(section.kind)
            chosen[index] = Accepted(section.accepted()[:1])
    return chosen


class Publisher(Peer):
    """Receives what the answer accepted, and nothing else."""

    def __init__(self, kind: str, offer: sdp.Offer, accepted: dict[int, Accepted], *args: Any) -> None:
        super().__init__(*args)
        clock = FeedClock()
        self.sections = [offer.sections[index] for index in accepted]
        streams = {
            section.kind: Stream(section.kind, answer.codecs[0], clock, self.owner)
            for section, answer in zip(self.sections, accepted.values(), strict=True)
        }
        self.feed = Feed(self.name, self.owner, kind, streams)
        self.sources: dict[int, tuple[Stream, bool]] = {}
        self.speaking = Speaking()
        self.estimate = BitrateEstimate()
        self.queue = StandingQueue()
        self.refused = 0
        self._level_id = self._extension(rtp.AUDIO_LEVEL, "audio")
        self._send_time_id = self._extension(rtp.ABS_SEND_TIME, "video")
        self._mid_id = self._extension(rtp.MID, "video") or self._extension(rtp.MID, "audio")
        self._seen: set[int] = set()
        for section in self.sections:
            self._announce(section, streams[section.kind])

    def _extension(self, uri: str, kind: str) -> int:
        """The id of a header extension in the m-line of this kind, 0 where it has none."""
        return next((section.extensions.get(uri, 0) for section in self.sections if section.kind == kind), 0)

    def _announce(self, section: Section, stream: Stream) -> None:
        """Bind the SSRCs that the offer names."""
        repairs = set(section.repairs.values())
        first = next((ssrc for ssrc in section.ssrcs if ssrc not in repairs), None)
        if first is None or first in self.sources:
            return
        stream.ssrc, self.sources[first] = first, (stream, False)
        rtx = section.repairs.get(first)
        if rtx is not None and stream.codec.rtx is not None and rtx not in self.sources:
            stream.rtx_ssrc, self.sources[rtx] = rtx, (stream, True)

    def receive_rtp(
        self, pointer: Any, data: bytearray, start: int, size: int, now: float, wall: float
    ) -> Iterator[Group]:
        """Take an SRTP packet from one of the peer's addresses; yields the groups to flush."""
        ssrc = struct.unpack_from("!I", data, start + 8)[0]
        source = self.sources.get(ssrc)
        if self.srtp is None or (source is None and not self._may_be_new(ssrc)):
            self.refused += 1
            return
        plain = self.srtp.open_in_place(pointer, size)
        if plain < 12:
            return
        self.heard = now
        self._seen.add(ssrc)
        try:
            source = source or self._bind(ssrc, data, start, plain)
            if source is None:
                self.refused += 1
            else:
                yield from self._take(source, data, start, plain, now, wall)
        except Malformed:
            self.refused += 1

    def _may_be_new(self, ssrc: int) -> bool:
        """libsrtp keeps state for each SSRC, so that there may be only so many."""
        return len(self._seen) < MAX_SSRCS or ssrc in self._seen

    def _bind(self, ssrc: int, data: bytearray, start: int, size: int) -> tuple[Stream, bool] | None:
        """Find the stream of an SSRC not named in the offer: by mid (RFC 9143 section 9.2), else by payload type."""
        payload_type = data[start + 1] & 0x7F
        mid = None
        if self._mid_id:
            _, extension, length = rtp.header_size(data, start, size)
            value = rtp.find_extension(data, extension, length, self._mid_id)
            mid = value.decode("ascii", "replace") if value is not None else None
        for section in self.sections:
            stream = self.feed.streams[section.kind]
            if mid is not None and section.mid != mid:
                continue
            if payload_type == stream.codec.payload_type and stream.ssrc is None:
                stream.ssrc, self.sources[ssrc] = ssrc, (stream, False)
                return self.sources[ssrc]
            if payload_type == stream.codec.rtx and stream.rtx_ssrc is None:
                stream.rtx_ssrc, self.sources[ssrc] = ssrc, (stream, True)
                return self.sources[ssrc]
        return None

    def _take(
        self, source: tuple[Stream, bool], data: bytearray, start: int, size: int, now: float, wall: float
    ) -> Iterator[Group]:
        stream, repair = source
        first, second, seq, timestamp, _ = rtp.HEADER.unpack_from(data, start)
        codec = stream.codec
        if second & 0x7F != (codec.rtx if repair else codec.payload_type):
            self.refused += 1
            return
        at, extension, extension_size = rtp.header_size(data, start, size)
        end = start + size
        if repair:
            if end - at < 3 or (first & 0x20 and end - at - data[end - 1] < 3):
                return  # a probe: padding without an original in it
            seq, at = data[at] << 8 | data[at + 1], at + 2
        packet = Packet(seq, timestamp, second & 0x80 != 0, first & 0x20 != 0, bytes(data[at:end]))
        self._look_inside(stream, packet)
        if extension:
            self._read_extensions(stream, packet, data, extension, extension_size, now)
        yield from stream.receive(packet, size, now, wall, repair)

    def _read_extensions(
        self, stream: Stream, packet: Packet, data: bytearray, start: int, size: int, now: float
    ) -> None:
        if stream.kind == "audio":
            level = rtp.find_extension(data, start, size, self._level_id) if self._level_id else None
            if level is not None:
                packet.level = level[0] & 0x7F
                self.speaking.hear(127 if stream.muted else packet.level, now)
        elif self._send_time_id:
            sent = rtp.find_extension(data, start, size, self._send_time_id)
            if sent is not None and len(sent) == 3:
                self.queue.hear(int.from_bytes(sent, "big"), now)

    @staticmethod
    def _look_inside(stream: Stream, packet: Packet) -> None:
        name = stream.codec.name
        if name == "VP8" and packet.payload:
            packet.vp8 = rtp.vp8_descriptor(packet.payload)
            packet.key = packet.vp8.key
        elif name == "H264":
            packet.key = rtp.h264_starts_key_frame(packet.payload)
        else:
            packet.key = stream.kind == "audio"

    # feedback

    def feedback(self, data: bytes, now: float, wall: float) -> None:
        """Read the publisher's sender reports, and what it says about our own."""
        try:
            messages = rtcp.read(data)
        except Malformed:
            return
        for message in messages:
            if isinstance(message, rtcp.SenderReport) and message.ssrc in self.sources:
                self.sources[message.ssrc][0].note_sender_report(message, now, wall)
            elif isinstance(message, rtcp.Echo):
                self.rtt = rtcp.round_trip(rtcp.ntp_time(wall), message.last, message.delay) or self.rtt

    def ask(self, now: float) -> None:
        """Ask for what is missing and for key frames that are wanted; called many times a second."""
        parts = b""
        for stream in self.feed.streams.values():
            if stream.ssrc is None:
                continue
            if stream.reception.missing and (lost := stream.reception.due(now)):
                parts += rtcp.nack(SENDER_SSRC, stream.ssrc, lost)
            if stream.wanted(now):
                parts += rtcp.picture_loss(SENDER_SSRC, stream.ssrc)
        if parts:
            self.send_rtcp(rtcp.receiver_report(SENDER_SSRC) + parts)

    def report(self, now: float, wall: float, seconds: float) -> None:
        """Send reports and the bitrate estimate; called once a second."""
        blocks, received, worst = [], 0, 0
        for stream in self.feed.streams.values():
            received += stream.measure(seconds)
            block = stream.block(now)
            if block is not None:
                blocks.append(block)
                worst = max(worst, block.fraction if stream.kind == "video" else 0)
            for flow in stream.flows:
                flow.request_key_frame()
        target = self.estimate.update(received, worst, self.queue.standing())
        video = self.feed.streams.get("video")
        parts = rtcp.receiver_report(SENDER_SSRC, blocks) + rtcp.source_description(SENDER_SSRC, "conference")
        if video is not None and video.ssrc is not None and "goog-remb" in video.codec.feedback:
            parts += rtcp.remb(SENDER_SSRC, target, [video.ssrc])
        if blocks:
            self.send_rtcp(parts + rtcp.reference_time(SENDER_SSRC, rtcp.ntp_time(wall)))

    def stats(self, now: float) -> dict[str, Any]:
        """Counters of the feed."""
        streams = [stream.stats(now) for stream in self.feed.streams.values()]
        return {
            **super().stats(now),
            "kind": self.feed.kind,
            "streams": streams,
            "refused": self.refused,
            "remb": self.estimate.target,
            "speaking": self.speaking.speaking,
        }
