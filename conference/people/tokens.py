"""Link tokens and cookies: signed by the server's key (itsdangerous, HMAC-SHA-256), so neither is stored anywhere."""

from __future__ import annotations

import hashlib
import re

from itsdangerous import BadSignature, Signer

from conference.people.model import Link

_TOKEN = re.compile(r"l-[a-z0-9]{4,24}\.[0-9a-f]{32}\.[A-Za-z0-9_-]{43}")


class Tokens:
    """Makes and reads the secrets of links.

    A token is ``{link}.{nonce}.{signature}``: 128 random bits that the reissue of a link renews, under a 256-bit
    signature. Reading checks the signature only; whether the link still stands is the database's word.
    """

    def __init__(self, key: bytes) -> None:
        self._link = self._signer(key, b"conference.link")
        self._cookie = self._signer(key, b"conference.cookie")
        self._key = key

    @staticmethod
    def _signer(key: bytes, salt: bytes) -> Signer:
        return Signer(key, salt=salt, sep=".", key_derivation="hmac", digest_method=hashlib.sha256)

    def token(self, link: Link) -> str:
        """The secret of a link, the same every time until it is reissued."""
        return self._link.sign(f"{link.public_id}.{link.nonce}").decode()

    def read_token(self, token: str) -> tuple[str, str] | None:
        """``(link id, nonce)`` of a token that we signed, else None."""
        return self._read(self._link, token) if _TOKEN.fullmatch(token) else None

    def cookie(self, link: Link) -> str:
        """The cookie's value for a link: dies with the link, opens nothing else."""
        return self._cookie.sign(f"{link.public_id}.{link.nonce}").decode()

    def read_cookie(self, value: str) -> tuple[str, str] | None:
        """``(link id, nonce)`` of a cookie that we signed, else None."""
        return self._read(self._cookie, value) if len(value) < 200 else None

    def hall_code(self, session: str, period: int) -> str:
        """The check-in code that the hall's screen shows in a period: 10 characters that cannot be guessed."""
        signed = self._signer(self._key, b"conference.hall").get_signature(f"{session}.{period}")
        return signed.decode()[:10]

    def badge(self, link: Link) -> str:
        """What a name badge carries beside the link: its holder was given it in the hall. Dies with the link."""
        signed = self._signer(self._key, b"conference.badge").get_signature(f"{link.public_id}.{link.nonce}")
        return signed.decode()[:10]

    @staticmethod
    def _read(signer: Signer, value: str) -> tuple[str, str] | None:
        try:
            link, nonce = signer.unsign(value).decode().split(".")
        except (BadSignature, ValueError):
            return None
        return link, nonce
