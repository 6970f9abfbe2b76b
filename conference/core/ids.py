"""Identifiers that say nothing about whom they name."""

from __future__ import annotations

import secrets

_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that is misread aloud


def new_id(prefix: str, length: int = 12) -> str:
    """A random id such as ``p-7kq2…``: about 59 bits at the usual length; public, not a secret."""
    return f"{prefix}-" + "".join(secrets.choice(_ALPHABET) for _ in range(length))


def new_nonce() -> str:
    """128 random bits as 32 hexadecimal digits."""
    return secrets.token_hex(16)
