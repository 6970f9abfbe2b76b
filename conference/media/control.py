"""What engine and worker say to each other: JSON objects, each with its length before it (four bytes, big-endian).

A request has ``id`` and ``verb``, its reply the same ``id`` with ``result`` or ``error``; an event has ``event``.
"""

from __future__ import annotations

import asyncio
import json
import struct
from typing import Any

MAX_MESSAGE = 16 * 1024 * 1024
_LENGTH = struct.Struct("!I")


def write(writer: asyncio.StreamWriter, message: dict[str, Any]) -> None:
    """Send one message; nothing happens when the other side is gone."""
    if not writer.is_closing():
        body = json.dumps(message, separators=(",", ":")).encode()
        writer.write(_LENGTH.pack(len(body)) + body)


async def read(reader: asyncio.StreamReader) -> dict[str, Any] | None:
    """Receive one message, or None when the other side has ended.

    Raises:
        ValueError: what came is not such a message.
    """
    try:
        (size,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        if size > MAX_MESSAGE:
            raise ValueError("control message too long")
        message = json.loads(await reader.readexactly(size))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    if not isinstance(message, dict):
        raise ValueError("control message is not an object")
    return message
