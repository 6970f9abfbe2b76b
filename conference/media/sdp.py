"""SDP offers in, answers out (RFC 8829, RFC 8866): strict, bounded, and only what this server forwards.

An offer is read line by line in one pass; anything over the limits is refused before a line of it is looked at.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from conference.media.engine import MediaRefused
from conference.media.rtp import EXTENSIONS, RID

MAX_BYTES = 128 * 1024
MAX_LINES = 4000
MAX_LINE = 2048
MAX_SECTIONS = 48
MAX_CANDIDATES = 256
MAX_PAYLOADS = 64
MAX_SSRCS = 64
MAX_LAYERS = 3
START_KBITS = 1200
START_KBITS_LAYERED = 1800
PREFERENCE = {"video": ("VP8", "H264"), "audio": ("opus",)}
FEEDBACK = ("goog-remb", "ccm fir", "nack", "nack pli")

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]{1,64}\Z")
_ICE_CHARS = re.compile(r"[A-Za-z0-9+/_=-]{4,256}\Z")
_FINGERPRINT = re.compile(r"(sha-256|sha-384|sha-512) ((?:[0-9A-F]{2}:){31,63}[0-9A-F]{2})\Z", re.IGNORECASE)
_RID = re.compile(r"[A-Za-z0-9_-]{1,16}\Z")
_PROTOCOL = re.compile(r"[A-Za-z0-9/]{1,32}\Z")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]|\r(?!\n)")
_NAMES = {"vp8": "VP8", "h264": "H264", "opus": "opus", "rtx": "rtx", "red": "red"}


@dataclass
class Codec:
    """A payload type of one m-line.

    Attributes:
        payload_type: 0 … 127.
        name: ``VP8``, ``H264``, ``opus``, ``rtx`` or whatever else was written.
        clock: timestamp units per second.
        channels: of audio.
        fmtp: format parameters as written.
        feedback: the ``a=rtcp-fb`` values offered.
        rtx: payload type of its retransmissions (RFC 4588), None where not offered.
        red: payload type of its redundant form (RFC 2198), None where not offered.
    """

    payload_type: int
    name: str
    clock: int
    channels: int = 1
    fmtp: str = ""
    feedback: list[str] = field(default_factory=list)
    rtx: int | None = None
    red: int | None = None

    def parameter(self, name: str) -> str:
        """One format parameter, ``""`` where it is missing."""
        for part in self.fmtp.split(";"):
            key, _, value = part.strip().partition("=")
            if key == name:
                return value
        return ""


@dataclass
class Section:
    """One m-line of an offer with its attributes.

    Attributes:
        kind: ``audio``, ``video``, or another media name (which is always rejected).
        mid: its identification in the bundle.
        direction: as offered.
        extensions: header extension URI → id.
        ssrcs: as announced by ``a=ssrc``, in order.
        repairs: SSRC of a stream → SSRC of its retransmissions (``a=ssrc-group:FID``).
        rids: names of the streams that would be sent, by ``a=rid`` (RFC 8851).
        simulcast: those that are alternatives of one picture (RFC 8853), as ordered in the offer.
    """

    kind: str
    protocol: str
    port: int
    payload_types: list[int]
    mid: str = ""
    direction: str = "sendrecv"
    codecs: dict[int, Codec] = field(default_factory=dict)
    extensions: dict[str, int] = field(default_factory=dict)
    ssrcs: list[int] = field(default_factory=list)
    repairs: dict[int, int] = field(default_factory=dict)
    rids: list[str] = field(default_factory=list)
    simulcast: list[str] = field(default_factory=list)
    rtcp_mux: bool = False

    @property
    def sends(self) -> bool:
        """Whether the offerer wants to send here."""
        return self.direction in ("sendonly", "sendrecv") and self.usable

    @property
    def receives(self) -> bool:
        """Whether the offerer wants to receive here."""
        return self.direction in ("recvonly", "sendrecv") and self.usable

    @property
    def usable(self) -> bool:
        """Whether this m-line is media this server could carry at all."""
        return (
            self.kind in PREFERENCE and self.rtcp_mux and self.protocol.endswith("RTP/SAVPF") and bool(self.accepted())
        )

    def accepted(self) -> list[Codec]:
        """The codecs this server forwards, best first, each with its `Codec.rtx` set where offered."""
        chosen: list[Codec] = []
        for name in PREFERENCE.get(self.kind, ()):
            alike = [c for c in self._listed() if c.name == name and _forwardable(c)]
            chosen += sorted(alike, key=_profile_rank)[:1]
        return chosen

    def layers(self) -> list[str]:
        """Rids of the simulcast layers to accept, the smallest first; none where there is one stream alone.

        A layer's packets are told by header extension alone, so that without it there are no layers.
        """
        if self.kind != "video" or RID not in self.extensions:
            return []
        known = [rid for rid in self.simulcast if rid in self.rids][:MAX_LAYERS]
        return sorted(known, key="qhf".index) if set(known) <= set("qhf") else known

    def _listed(self) -> Iterator[Codec]:
        return (self.codecs[pt] for pt in self.payload_types if pt in self.codecs)


@dataclass
class Offer:
    """An SDP offer.

    Attributes:
        ufrag, password: ICE credentials of the offerer.
        fingerprints: ``(algorithm, value)`` of the certificate it will show in DTLS.
        setup: ``actpass``, ``active`` or ``passive`` (RFC 5763).
        bundle: mids of the first BUNDLE group.
    """

    ufrag: str
    password: str
    fingerprints: list[tuple[str, str]]
    setup: str
    bundle: list[str]
    sections: list[Section]


def _forwardable(codec: Codec) -> bool:
    if codec.name == "H264":
        return codec.clock == 90000 and codec.parameter("packetization-mode") == "1"
    if codec.name == "VP8":
        return codec.clock == 90000
    return codec.name == "opus" and codec.clock == 48000 and codec.channels == 2


def _profile_rank(codec: Codec) -> int:
    """Constrained baseline first: every browser encodes and decodes it."""
    profile = codec.parameter("profile-level-id").lower()
    if codec.name != "H264" or profile.startswith("42e0"):
        return 0
    return 1 if profile.startswith("42") else 2


def parse(text: str) -> Offer:
    """Read an offer. Takes time linear in its size, at most a few milliseconds.

    Raises:
        MediaRefused: it is too large, malformed, or not a WebRTC offer with one bundled, muxed transport.
    """
    return _Reader(_lines(text)).offer()


def _lines(text: str) -> list[str]:
    if len(text) > MAX_BYTES:
        raise MediaRefused("Das SDP ist zu groß.")
    if text.count("\n") > MAX_LINES:
        raise MediaRefused("Das SDP hat zu viele Zeilen.")
    if _CONTROL.search(text):
        raise MediaRefused("Das SDP enthält Steuerzeichen.")
    lines = [line.rstrip("\r") for line in text.split("\n") if line not in ("", "\r")]
    if any(len(line) > MAX_LINE or line[1:2] != "=" for line in lines):
        raise MediaRefused("Das SDP hat eine unlesbare Zeile.")
    if text.count("a=candidate:") > MAX_CANDIDATES:
        raise MediaRefused("Das SDP nennt zu viele Kandidaten.")
    return lines


class _Reader:
    """Collects what the lines say; the m-line read last is the current one."""

    def __init__(self, lines: Sequence[str]) -> None:
        if not lines or lines[0] != "v=0":
            raise MediaRefused("Das ist kein SDP.")
        self.sections: list[Section] = []
        self.ufrags: list[str] = []
        self.passwords: list[str] = []
        self.fingerprints: list[tuple[str, str]] = []
        self.setups: list[str] = []
        self.bundle: list[str] = []
        self.session_direction = "sendrecv"
        for line in lines:
            self._read(line)

    def _read(self, line: str) -> None:
        if line.startswith("m="):
            self.sections.append(self._section(line[2:]))
        elif line.startswith("a="):
            name, _, value = line[2:].partition(":")
            reader = getattr(self, "_a_" + name.replace("-", "_"), None)
            if reader is not None:
                reader(value)

    def _section(self, value: str) -> Section:
        if len(self.sections) == MAX_SECTIONS:
            raise MediaRefused("Das SDP hat zu viele Medienzeilen.")
        parts = value.split(" ")
        if len(parts) < 4 or len(parts) > 3 + MAX_PAYLOADS:
            raise MediaRefused("Das SDP hat eine unlesbare Medienzeile.")
        kind, port, protocol, formats = parts[0], parts[1], parts[2], parts[3:]
        if not _TOKEN.match(kind) or not _PROTOCOL.match(protocol):
            raise MediaRefused("Das SDP hat eine unlesbare Medienzeile.")
        types = [_number(f, 127) for f in formats] if "RTP" in protocol else []
        return Section(kind, protocol, _number(port, 65535), types, direction=self.session_direction)

    @property
    def _current(self) -> Section | None:
        return self.sections[-1] if self.sections else None

    def _a_group(self, value: str) -> None:
        if value.startswith("BUNDLE") and not self.bundle:
            self.bundle = value.split(" ")[1:]

    def _a_ice_ufrag(self, value: str) -> None:
        self.ufrags.append(_ice_chars(value))

    def _a_ice_pwd(self, value: str) -> None:
        self.passwords.append(_ice_chars(value))

    def _a_fingerprint(self, value: str) -> None:
        match = _FINGERPRINT.match(value)
        if match and (pair := (match[1].lower(), match[2].upper())) not in self.fingerprints:
            if len(self.fingerprints) == 8:
                raise MediaRefused("Das SDP nennt zu viele Fingerabdrücke.")
            self.fingerprints.append(pair)

    def _a_setup(self, value: str) -> None:
        self.setups.append(value)

    def _a_mid(self, value: str) -> None:
        if self._current:
            if not _TOKEN.match(value) or len(value) > 16:
                raise MediaRefused("Das SDP hat eine unlesbare Kennung.")
            self._current.mid = value

    def _direction(self, value: str) -> None:
        if self._current:
            self._current.direction = value
        else:
            self.session_direction = value

    def _a_sendonly(self, _: str) -> None:
        self._direction("sendonly")

    def _a_recvonly(self, _: str) -> None:
        self._direction("recvonly")

    def _a_sendrecv(self, _: str) -> None:
        self._direction("sendrecv")

    def _a_inactive(self, _: str) -> None:
        self._direction("inactive")

    def _a_rtcp_mux(self, _: str) -> None:
        if self._current:
            self._current.rtcp_mux = True

    def _a_rtpmap(self, value: str) -> None:
        if not self._current:
            return
        number, _, encoding = value.partition(" ")
        name, *rest = encoding.split("/")
        clock = _number(rest[0], 1_000_000) if rest else 0
        channels = _number(rest[1], 255) if len(rest) > 1 else 1
        codec = self._codec(number)
        if codec:
            codec.name, codec.clock, codec.channels = _NAMES.get(name.lower(), name), clock, channels

    def _codec(self, number: str) -> Codec | None:
        """The codec of a payload type; Firefox gives parameters and feedback before it says which one that is."""
        payload_type = _number(number, 127)
        if not self._current:
            return None
        codecs = self._current.codecs
        if payload_type not in codecs:
            codecs[payload_type] = Codec(payload_type, "", 0, 1)
        return codecs[payload_type]

    def _a_fmtp(self, value: str) -> None:
        number, _, parameters = value.partition(" ")
        codec = self._codec(number)
        if codec:
            codec.fmtp = parameters

    def _a_rtcp_fb(self, value: str) -> None:
        number, _, kind = value.partition(" ")
        if self._current and number == "*":
            targets = list(self._current.codecs.values())
        else:
            codec = self._codec(number)
            targets = [codec] if codec else []
        for codec in targets:
            if kind in FEEDBACK and kind not in codec.feedback:
                codec.feedback.append(kind)

    def _a_extmap(self, value: str) -> None:
        number, _, uri = value.partition(" ")
        ident = number.partition("/")[0]
        known = uri.split(" ")[0] in EXTENSIONS and ident.isascii() and ident.isdigit()
        if self._current and known and 1 <= int(ident[:4]) <= 14:
            self._current.extensions[uri.split(" ")[0]] = int(ident)

    def _a_rid(self, value: str) -> None:
        name, _, rest = value.partition(" ")
        if self._current and rest.split(" ")[0] == "send" and _RID.match(name) and len(self._current.rids) < MAX_SSRCS:
            self._current.rids.append(name)

    def _a_simulcast(self, value: str) -> None:
        """``send q;h;f``: alternatives of one stream are separated by commas, paused ones begin with a tilde."""
        words = value.split(" ")
        if self._current and "send" in words[:-1] and not self._current.simulcast:
            streams = words[words.index("send") + 1].split(";")[:MAX_SSRCS]
            first = (stream.split(",")[0].removeprefix("~") for stream in streams)
            self._current.simulcast = list(dict.fromkeys(rid for rid in first if _RID.match(rid)))

    def _a_ssrc(self, value: str) -> None:
        if self._current:
            ssrc = _number(value.partition(" ")[0], 0xFFFFFFFF)
            if ssrc not in self._current.ssrcs:
                if len(self._current.ssrcs) == MAX_SSRCS:
                    raise MediaRefused("Das SDP nennt zu viele Quellen.")
                self._current.ssrcs.append(ssrc)

    def _a_ssrc_group(self, value: str) -> None:
        kind, *ssrcs = value.split(" ")
        if self._current and kind == "FID" and len(ssrcs) == 2 and len(self._current.repairs) < MAX_SSRCS:
            self._current.repairs[_number(ssrcs[0], 0xFFFFFFFF)] = _number(ssrcs[1], 0xFFFFFFFF)

    def offer(self) -> Offer:
        if not self.sections:
            raise MediaRefused("Das SDP hat keine Medienzeile.")
        if not self.ufrags or not self.passwords or len(self.passwords[0]) < 22:
            raise MediaRefused("Dem SDP fehlen die ICE-Zugangsdaten.")
        if not self.fingerprints:
            raise MediaRefused("Dem SDP fehlt der Fingerabdruck.")
        setup = self.setups[0] if self.setups else "actpass"
        if setup not in ("actpass", "active", "passive"):
            raise MediaRefused("Das SDP verlangt eine unbekannte DTLS-Rolle.")
        self._check_transport()
        self._link_retransmissions()
        self._link_redundancy()
        return Offer(self.ufrags[0], self.passwords[0], self.fingerprints, setup, self.bundle, self.sections)

    def _check_transport(self) -> None:
        mids = [section.mid for section in self.sections]
        if len(set(mids)) != len(mids) and any(mids):
            raise MediaRefused("Das SDP verwendet eine Kennung doppelt.")
        if len(self.sections) > 1 and not self.bundle:
            raise MediaRefused("Das SDP bündelt seine Medien nicht (BUNDLE).")

    def _link_retransmissions(self) -> None:
        for section in self.sections:
            for codec in section.codecs.values():
                apt = codec.parameter("apt") if codec.name == "rtx" else ""
                if apt.isascii() and apt.isdigit() and (target := section.codecs.get(int(apt[:4]))):
                    target.rtx = codec.payload_type

    def _link_redundancy(self) -> None:
        for section in self.sections:
            for codec in section.codecs.values():
                first = codec.fmtp.partition("/")[0] if codec.name == "red" and section.kind == "audio" else ""
                target = section.codecs.get(int(first[:4])) if first.isascii() and first.isdigit() else None
                if target is not None and (target.clock, target.channels) == (codec.clock, codec.channels):
                    target.red = codec.payload_type


@functools.lru_cache(4096)
def _number(text: str, limit: int) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 10 or int(text) > limit:
        raise MediaRefused("Das SDP enthält eine unlesbare Zahl.")
    return int(text)


def _ice_chars(value: str) -> str:
    if not _ICE_CHARS.match(value):
        raise MediaRefused("Das SDP hat unlesbare ICE-Zugangsdaten.")
    return value


@dataclass(frozen=True)
class Fragment:
    """What a PATCH brings (RFC 8840): new ICE credentials, or none when only candidates trickle in."""

    ufrag: str
    password: str


def parse_fragment(text: str) -> Fragment:
    """Read an SDP fragment. Candidates are passed over: an ICE-lite server needs none of its clients'.

    Raises:
        MediaRefused: it is too large or its credentials are malformed.
    """
    found = {"ice-ufrag": "", "ice-pwd": ""}
    for line in _lines(text):
        name, _, value = line[2:].partition(":")
        if line.startswith("a=") and name in found and not found[name]:
            found[name] = _ice_chars(value)
    return Fragment(found["ice-ufrag"], found["ice-pwd"])


@dataclass(frozen=True)
class Transport:
    """Our side of the one transport all m-lines share.

    Attributes:
        fingerprint: ``sha-256 AB:CD:…`` of our certificate.
        setup: ``active`` or ``passive``.
        addresses: host addresses to offer, best first.
    """

    ufrag: str
    password: str
    fingerprint: str
    setup: str
    addresses: Sequence[str]
    port: int

    def candidates(self) -> list[str]:
        """``a=candidate`` lines (RFC 8839 section 5.1): UDP for each address, then TCP, waiting (RFC 6544)."""
        lines, count = [], len(self.addresses)
        for i, address in enumerate(self.addresses):
            priority = 126 << 24 | (65535 - i) << 8 | 255
            lines.append(f"a=candidate:{i + 1} 1 udp {priority} {address} {self.port} typ host")
        for i, address in enumerate(self.addresses):
            priority = 90 << 24 | ((4 << 13) + 8191 - i) << 8 | 255  # RFC 6544 section 4.2: passive has preference 4
            tail = f"{self.port} typ host tcptype passive"
            lines.append(f"a=candidate:{count + i + 1} 1 tcp {priority} {address} {tail}")
        return [*lines, "a=end-of-candidates"]

    def fragment(self) -> str:
        """The answer to an ICE restart (RFC 8840)."""
        lines = ["a=ice-lite", f"a=ice-ufrag:{self.ufrag}", f"a=ice-pwd:{self.password}", *self.candidates()]
        return "\r\n".join(lines) + "\r\n"


@dataclass(frozen=True)
class OutgoingStream:
    """How a sendonly m-line announces its stream: fixed for the life of the viewer, whoever flows in it."""

    stream: str
    track: str
    ssrc: int
    rtx_ssrc: int | None
    cname: str

    def lines(self, with_rtx: bool) -> list[str]:
        """``a=msid`` and ``a=ssrc`` lines (RFC 8830, RFC 5576)."""
        lines = [f"a=msid:{self.stream} {self.track}"]
        ssrcs = [self.ssrc]
        if with_rtx and self.rtx_ssrc is not None:
            ssrcs.append(self.rtx_ssrc)  # Chromium takes the first a=ssrc line for the stream itself
            lines.append(f"a=ssrc-group:FID {self.ssrc} {self.rtx_ssrc}")
        return lines + [f"a=ssrc:{ssrc} cname:{self.cname}" for ssrc in ssrcs]


@dataclass(frozen=True)
class Accepted:
    """What an m-line is answered with.

    Attributes:
        codecs: those that may come.
        stream: what we send there, if we do.
        layers: rids of the simulcast layers that we take there.
    """

    codecs: Sequence[Codec]
    stream: OutgoingStream | None = None
    layers: Sequence[str] = ()


def answer(offer: Offer, transport: Transport, session: int, accepted: dict[int, Accepted]) -> str:
    """Write the answer.

    Args:
        offer: what is answered.
        transport: our ICE and DTLS side.
        session: session id of the ``o=`` line.
        accepted: index of each accepted m-line → what it is answered with. All others are rejected.
    """
    mids = " ".join(offer.sections[i].mid for i in sorted(accepted))
    lines = ["v=0", f"o=- {session} 1 IN IP4 127.0.0.1", "s=-", "t=0 0"]
    lines += [f"a=group:BUNDLE {mids}"] if offer.bundle else []
    lines += ["a=ice-lite", "a=msid-semantic:WMS *"]
    for i, section in enumerate(offer.sections):
        if i in accepted:
            lines += _accepted_section(section, transport, accepted[i])
        else:
            lines += _rejected_section(section)
    return "\r\n".join(lines) + "\r\n"


def _rejected_section(section: Section) -> list[str]:
    formats = " ".join(map(str, section.payload_types)) or "webrtc-datachannel"
    lines = [f"m={section.kind} 0 {section.protocol} {formats}", "c=IN IP4 0.0.0.0", "a=inactive"]
    return [*lines, f"a=mid:{section.mid}"] if section.mid else lines


def _accepted_section(section: Section, transport: Transport, accepted: Accepted) -> list[str]:
    codecs, stream = accepted.codecs, accepted.stream
    sends = stream is not None
    formats = " ".join(
        str(pt) for c in codecs for pt in (c.payload_type, c.rtx, c.red if sends else None) if pt is not None
    )
    lines = [f"m={section.kind} {transport.port} {section.protocol} {formats}"]
    lines.append(_connection(transport.addresses))
    lines += [f"a=mid:{section.mid}"] if section.mid else []
    lines += [
        "a=recvonly" if stream is None else "a=sendonly",
        f"a=ice-ufrag:{transport.ufrag}",
        f"a=ice-pwd:{transport.password}",
        f"a=fingerprint:{transport.fingerprint}",
        f"a=setup:{transport.setup}",
        "a=rtcp-mux",
    ]
    lines += [f"a=extmap:{ident} {uri}" for uri, ident in sorted(section.extensions.items(), key=lambda e: e[1])]
    start = START_KBITS_LAYERED if accepted.layers else START_KBITS
    lines += [line for codec in codecs for line in _codec_lines(codec, start if stream is None else 0)]
    lines += _layer_lines(accepted.layers)
    if stream is not None:
        lines += stream.lines(any(codec.rtx is not None for codec in codecs))
    return lines + transport.candidates()


def _connection(addresses: Iterable[str]) -> str:
    first = next(iter(addresses), "0.0.0.0")
    return f"c=IN IP{6 if ':' in first else 4} {first}"


def _layer_lines(layers: Sequence[str]) -> list[str]:
    """``a=rid`` and ``a=simulcast`` (RFC 8851 section 5, RFC 8853 section 5.1)."""
    return [*(f"a=rid:{rid} recv" for rid in layers), f"a=simulcast:recv {';'.join(layers)}"] if layers else []


def _start_bitrate(codec: Codec, kbits: int) -> str:
    """Chromium otherwise begins at 300 kbit/s, sends a quarter of the picture, and keeps to it for long."""
    parameters = f"{codec.fmtp};" if codec.fmtp else ""
    return f"a=fmtp:{codec.payload_type} {parameters}x-google-start-bitrate={kbits}"


def _codec_lines(codec: Codec, start: int) -> list[str]:
    """One codec; who sends it to us is told to begin with `start` kbit/s."""
    pt, suffix = codec.payload_type, f"/{codec.channels}" if codec.channels > 1 else ""
    lines = [f"a=rtpmap:{pt} {codec.name}/{codec.clock}{suffix}"]
    lines += [f"a=rtcp-fb:{pt} {kind}" for kind in FEEDBACK if kind in codec.feedback]
    if codec.name == "opus":
        lines.append(f"a=fmtp:{pt} minptime=10;useinbandfec=1")
    elif start:
        lines.append(_start_bitrate(codec, start))
    elif codec.fmtp:
        lines.append(f"a=fmtp:{pt} {codec.fmtp}")
    if codec.rtx is not None:
        lines += [f"a=rtpmap:{codec.rtx} rtx/90000", f"a=fmtp:{codec.rtx} apt={pt}"]
    if codec.red is not None and not start:
        lines += [f"a=rtpmap:{codec.red} red/{codec.clock}{suffix}", f"a=fmtp:{codec.red} {pt}/{pt}"]
    return lines
