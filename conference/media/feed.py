"""A publisher's streams: what comes in, what is remembered of it, and what the publisher is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conference.media import rtcp
from conference.media.reception import Reception
from conference.media.rtp import Packet
from conference.media.sdp import Codec
from conference.media.speaking import Speaking

if TYPE_CHECKING:
    from conference.media.fanout import Group
    from conference.media.relay import Export
    from conference.media.slots import Flow

RING = 1024
PLI_INTERVAL = 1.0
REPLAY = PLI_INTERVAL, 200
REPLAY_UNASKED = 10.0, 700
ALIVE = {"camera": 1.0, "programme": 1.0, "screen": 4.0}
STANDS = 3.0
"""Seconds without a packet after which a picture stands."""
LINES = {"q": 180, "h": 360}
FULL_LINES = 720
NOMINAL = {"audio": 50_000, "q": 150_000, "h": 500_000, "f": 1_800_000}
"""Bits per second to reckon with until they have been measured."""


@dataclass(frozen=True, slots=True)
class ClockPair:
    """The same instant by a publisher's NTP clock, its RTP clock, and ours (monotonic)."""

    ntp: int
    rtp: int
    arrived: float


class FeedClock:
    """How far a publisher's wall clock is from ours, so that all feeds are told in our time.

    The first sender report settles it for all streams of the feed: they stay in step with each other.
    """

    def __init__(self) -> None:
        self.offset: float | None = None

    def learn(self, ntp: int, wall: float) -> None:
        """Take a sender report that arrived at `wall` (Unix seconds) into account."""
        offset = wall - rtcp.unix_time(ntp)
        if self.offset is None or abs(offset - self.offset) > 1.0:
            self.offset = offset


class Stream:
    """One RTP stream of a feed: its sound, or one layer of its picture.

    Attributes:
        kind: ``audio`` or ``video``.
        codec: what it is encoded with, fixed by the answer.
        source: the kind of its feed, ``camera``, ``screen`` or ``programme``.
        rid: names a simulcast layer (RFC 8851), ``""`` where there is one alone.
        ssrc: as announced or first seen; None until then.
        height: lines of its picture, as its last key frame says or else as its rid lets expect.
        muted: nothing of it is forwarded.
        flows: where it flows.
    """

    def __init__(
        self, kind: str, codec: Codec, clock: FeedClock, owner: str, source: str = "camera", rid: str = ""
    ) -> None:
        self.kind = kind
        self.codec = codec
        self.owner = owner
        self.source = source
        self.rid = rid
        self.height = LINES.get(rid, FULL_LINES)
        self.ssrc: int | None = None
        self.rtx_ssrc: int | None = None
        self.muted = False
        self.flows: list[Flow | Export] = []
        self.reception = Reception(codec.clock, "nack" in codec.feedback)
        self.repairs = Reception(90000, False)
        self.bytes = 0
        self.bitrate = 0
        self.frames = 0
        self.frame_rate = 0.0
        self.loss = 0.0
        self.key_frames = 0
        self.key_frame_at: float | None = None
        self.recovered = 0
        self.requests = 0
        self.report: ClockPair | None = None
        self._clock = clock
        self._ring: list[Packet | None] = [None] * RING
        self._key_seq: int | None = None
        self._key_timestamp: int | None = None
        self._latest: tuple[int, float] = (0, 0.0)
        self._wanted = False
        self._asked_at = -PLI_INTERVAL
        self._media_bytes = self._media_before = 0
        self._bytes_before = self._frames_before = 0

    def same_feed(self, other: Stream) -> bool:
        """Whether both are of one feed."""
        return self._clock is other._clock

    @property
    def arrived(self) -> float:
        """When the last packet came that nobody had to ask for twice (monotonic seconds), 0 for never."""
        return self._latest[1]

    @property
    def cost(self) -> int:
        """Bits per second that a viewer of it needs."""
        return self.bitrate or NOMINAL.get(self.rid or self.kind, 1_000_000)

    def alive(self, now: float) -> bool:
        """Whether packets come. An encoder short of bandwidth or CPU ceases to send its upper layers."""
        return now - self._latest[1] < ALIVE[self.source] and not self.muted

    def receive(self, packet: Packet, size: int, now: float, wall: float, repaired: bool = False) -> Iterator[Group]:
        """Take a packet in and forward it; yields the groups to flush."""
        self.bytes += size
        if self._remember(packet):
            return
        self._media_bytes += size
        if self.reception.note(packet.seq, now):
            self._restart()
        if repaired:
            self.recovered += 1
        else:
            self.reception.time(packet.timestamp, now)
            self._latest = packet.timestamp, now
        if self.kind == "video":
            self.frames += packet.marker
            if packet.key:
                self._note_key_frame(packet, now)
        if not self.muted:
            for flow in self.flows:
                yield from flow.forward(packet, now, wall)

    def _remember(self, packet: Packet) -> bool:
        """Put a packet into the ring; True if it is there already."""
        place = packet.seq % RING
        known = self._ring[place]
        if known is not None and known.seq == packet.seq and known.timestamp == packet.timestamp:
            return True
        self._ring[place] = packet
        return False

    def _restart(self) -> None:
        self._key_seq = self._key_timestamp = None
        for flow in self.flows:
            flow.pause()
            flow.request_key_frame()

    def _note_key_frame(self, packet: Packet, now: float) -> None:
        if packet.timestamp != self._key_timestamp:
            self._key_timestamp, self._key_seq = packet.timestamp, packet.seq
            self.key_frames += 1
            self.key_frame_at = now
            self.height = packet.height or self.height
            self._wanted = False
        else:
            packet.key = False  # a frame begins once: with its parameter sets, not again with its first slice

    def stored(self, seq: int) -> Packet | None:
        """A packet for retransmission, if it came and is not too old."""
        packet = self._ring[seq % RING]
        return packet if packet is not None and packet.seq == seq and not self.muted else None

    def since_key_frame(self, joining: bool) -> list[Packet]:
        """All packets since the last key frame; none if it is too long ago or something is missing.

        A publisher who makes key frames when asked need not be helped for longer than he may not be asked again; for
        others, somebody who joins (`joining`) gets more of the past than those who saw something else until now.
        """
        if self._key_seq is None or self.muted or self.key_frame_at is None:
            return []
        age, most = REPLAY_UNASKED if joining and "nack pli" not in self.codec.feedback else REPLAY
        count = ((self.reception.highest & 0xFFFF) - self._key_seq & 0xFFFF) + 1
        if self._latest[1] - self.key_frame_at > age or count > most:
            return []
        packets = [self.stored((self._key_seq + i) & 0xFFFF) for i in range(count)]
        return [packet for packet in packets if packet is not None] if None not in packets else []

    def request_key_frame(self) -> None:
        """Want a key frame; the publisher is asked at most once a second, whoever wants it."""
        if self.kind == "video" and not self.muted:
            self._wanted = True

    def wanted(self, now: float) -> bool:
        """Whether to ask the publisher for a key frame now."""
        if not self._wanted or self.ssrc is None or now - self._asked_at < PLI_INTERVAL:
            return False
        self._asked_at, self._wanted = now, False
        self.requests += 1
        return True

    def mute(self, muted: bool) -> None:
        """Stop or resume forwarding; video resumes with a key frame."""
        if muted == self.muted:
            return
        self.muted = muted
        self._key_seq = None  # what came meanwhile is for nobody
        for flow in self.flows:
            flow.pause()
            flow.request_key_frame()

    def note_sender_report(self, report: rtcp.SenderReport, now: float, wall: float) -> None:
        """Keep the publisher's clocks."""
        self.report = ClockPair(report.ntp, report.rtp, now)
        self._clock.learn(report.ntp, wall)

    def timestamp_at(self, now: float, wall: float) -> int:
        """The RTP timestamp of this instant, by the publisher's sender reports or else by what arrived last."""
        if self.report is not None and self._clock.offset is not None:
            passed = wall - (rtcp.unix_time(self.report.ntp) + self._clock.offset)
            return int(self.report.rtp + passed * self.codec.clock) & 0xFFFFFFFF
        timestamp, arrived = self._latest
        return int(timestamp + (now - arrived) * self.codec.clock) & 0xFFFFFFFF

    def block(self, now: float) -> rtcp.ReportBlock | None:
        """What the publisher shall know about this stream."""
        reception = self.reception
        if self.ssrc is None or reception.highest < 0:
            return None
        last_sr = delay = 0
        if self.report is not None:
            last_sr = self.report.ntp >> 16 & 0xFFFFFFFF
            delay = int((now - self.report.arrived) * 65536) & 0xFFFFFFFF
        lost = max(min(reception.lost, 0x7FFFFF), -0x800000)
        highest = reception.highest & 0xFFFFFFFF
        fraction = reception.fraction()
        self.loss = fraction / 256
        return rtcp.ReportBlock(self.ssrc, fraction, lost, highest, int(reception.jitter), last_sr, delay)

    def measure(self, seconds: float) -> int:
        """Measure since the last call, `seconds` ago; all bits per second that came, repairs and trials included."""
        received = int((self.bytes - self._bytes_before) * 8 / seconds)
        self.bitrate = int((self._media_bytes - self._media_before) * 8 / seconds)
        self.frame_rate = round((self.frames - self._frames_before) / seconds, 1)
        self._bytes_before, self._media_before, self._frames_before = self.bytes, self._media_bytes, self.frames
        return received

    def capture_time(self, timestamp: int) -> float | None:
        """When the publisher captured `timestamp`, by its own clock (Unix seconds); None before its first report."""
        if self.report is None:
            return None
        ahead = ((timestamp - self.report.rtp + 0x80000000) & 0xFFFFFFFF) - 0x80000000
        return rtcp.unix_time(self.report.ntp) + ahead / self.codec.clock

    def timestamp_of(self, captured: float) -> int | None:
        """The RTP timestamp of a moment by the publisher's clock, the reverse of `capture_time`."""
        if self.report is None:
            return None
        passed = captured - rtcp.unix_time(self.report.ntp)
        return int(self.report.rtp + round(passed * self.codec.clock)) & 0xFFFFFFFF

    def stats(self, now: float) -> dict[str, object]:
        """Counters for `MediaEngine.stats`."""
        age = None if self.key_frame_at is None else round(now - self.key_frame_at, 3)
        return {
            "kind": self.kind,
            "rid": self.rid,
            "codec": self.codec.name,
            "packets": self.reception.received,
            "bytes": self.bytes,
            "bitrate": self.bitrate,
            "frames": self.frames,
            "fps": self.frame_rate,
            "height": self.height if self.key_frames else None,
            "lost": self.reception.lost,
            "loss": round(self.loss, 3),
            "recovered": self.recovered,
            "jitter": round(self.reception.jitter / self.codec.clock, 4),
            "key_frames": self.key_frames,
            "key_frame_age": age,
            "key_frame_requests": self.requests,
            "muted": self.muted,
        }


@dataclass
class Feed:
    """What one publisher sends.

    Attributes:
        audio: its sound.
        video: the layers of its picture, the smallest first; one alone without simulcast.
        speaking: how loud it is, and whether that is speech.
        moving: whether its picture (of sound alone: its sound) comes, as told last.
    """

    name: str
    owner: str
    kind: str
    audio: Stream | None = None
    video: list[Stream] = field(default_factory=list)
    speaking: Speaking = field(default_factory=Speaking)
    moving: bool = False

    def layers(self, kind: str) -> list[Stream]:
        """The streams of one kind, the smallest first."""
        if kind == "video":
            return self.video
        return [self.audio] if self.audio is not None else []

    def streams(self) -> list[Stream]:
        """All of them."""
        return self.video + self.layers("audio")

    def watch(self, now: float) -> bool | None:
        """Whether the picture has begun to move (True) or come to stand (False) since the last call; None: neither.

        It moves from its first key frame on, while packets come.
        """
        shown = self.video or self.layers("audio")
        begun = [stream for stream in shown if stream.kind == "audio" or stream.key_frames]
        moving = any(now - stream.arrived < STANDS for stream in begun)
        changed, self.moving = moving is not self.moving, moving
        return moving if changed else None

    def stats(self, now: float) -> dict[str, object]:
        """What the production wants to know: is there sound, does the picture move."""
        video_at = max((layer.arrived for layer in self.video), default=0.0)
        return {
            "level": None if self.audio is None or self.speaking.heard_at == 0.0 else round(self.speaking.level),
            "silent_for": None if self.audio is None else _since(self._sound_at(), now),
            "frozen_for": _since(video_at, now) if self.video else None,
            "streams": [stream.stats(now) for stream in self.streams()],
        }

    def _sound_at(self) -> float:
        """When sound last came: loud enough, where its packets say how loud they are."""
        assert self.audio is not None
        return self.speaking.sound_at if self.speaking.heard_at else self.audio.arrived


def _since(at: float, now: float) -> float | None:
    return round(now - at, 1) if at else None
