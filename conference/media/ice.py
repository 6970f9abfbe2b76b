"""ICE-lite (RFC 8445 section 2.5): we answer binding requests and learn from them where a peer is."""

from __future__ import annotations

import secrets
import string
import struct
from dataclasses import dataclass

from aioice import stun

_ALPHABET = string.ascii_letters + string.digits


def random_chars(length: int) -> str:
    """Letters and digits that nobody can guess."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


@dataclass
class Credentials:
    """Both sides' ICE user fragments and our password (the peer's is never needed: we send no requests)."""

    ufrag: str
    password: str
    remote_ufrag: str

    @classmethod
    def fresh(cls, remote_ufrag: str) -> Credentials:
        """New random ones for us."""
        return cls(random_chars(12), random_chars(32), remote_ufrag)


def username(message: stun.Message) -> tuple[str, str]:
    """``(our ufrag, theirs)`` of a request, empty where it has none."""
    ours, _, theirs = str(message.attributes.get("USERNAME", "")).partition(":")
    return ours, theirs


def named(datagram: bytes) -> str:
    """Our ufrag in a request that begins with USERNAME, as browsers' do, without reading the rest; else ``""``."""
    if datagram[20:22] != b"\x00\x06":
        return ""
    return datagram[24 : 24 + int.from_bytes(datagram[22:24], "big")].partition(b":")[0].decode("ascii", "replace")


def read_request(datagram: bytes) -> stun.Message | None:
    """A STUN binding request, or None for anything else (responses included: we never asked anybody)."""
    try:
        message = stun.parse_message(datagram)
    except (ValueError, LookupError, struct.error):
        return None
    wanted = message.message_class == stun.Class.REQUEST and message.message_method == stun.Method.BINDING
    return message if wanted else None


def authentic(message: stun.Message, credentials: Credentials) -> bool:
    """Whether the request was made with these credentials (RFC 8489 section 9.1.3)."""
    if username(message)[1] != credentials.remote_ufrag:
        return False
    return bool(message.check_message_integrity(credentials.password.encode("ascii")))


def success(message: stun.Message, credentials: Credentials, address: tuple[str, int]) -> bytes:
    """The response to an authentic request, telling the sender's address as seen here."""
    response = stun.Message(
        stun.Method.BINDING, stun.Class.RESPONSE, message.transaction_id, {"XOR-MAPPED-ADDRESS": address}
    )
    response.add_message_integrity(credentials.password.encode("ascii"))
    return bytes(response)
