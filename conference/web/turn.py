"""TURN servers for those whom nothing else connects: named in the settings, opened by credentials that expire.

The server and its TURN server (coturn with ``use-auth-secret``) share a secret. A credential is the HMAC of a user name
that says until when it holds; the TURN server needs no list of people and learns nobody's name.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

VALID = timedelta(hours=12)


def credentials(secret: str, until: datetime) -> tuple[str, str]:
    """User name and password that hold until then (draft-uberti-behave-turn-rest section 2.2)."""
    username = f"{int(until.timestamp())}:{secrets.token_hex(8)}"
    digest = hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()
    return username, base64.b64encode(digest).decode("ascii")


def ice_servers(urls: Sequence[str], secret: str, now: datetime) -> list[dict[str, Any]]:
    """The servers as ``RTCPeerConnection`` takes them, with fresh credentials; empty without any in the settings."""
    if not urls:
        return []
    username, credential = credentials(secret, now + VALID)
    return [{"urls": list(urls), "username": username, "credential": credential}]


def links(servers: Sequence[dict[str, Any]]) -> list[str]:
    """The same as values of ``Link`` headers, one for each address (RFC 9725 section 4.6)."""
    return [
        f'<{url}>; rel="ice-server"; username="{server["username"]}"; credential="{server["credential"]}"; '
        'credential-type="password"'
        for server in servers
        for url in server["urls"]
    ]
