"""Offers as browsers and encoders write them, one file each; `collect` writes them anew."""

from __future__ import annotations

import functools
from pathlib import Path

FOLDER = Path(__file__).parent


@functools.cache
def real_offers() -> dict[str, str]:
    """All of them: name → SDP."""
    return {path.stem: path.read_bytes().decode() for path in sorted(FOLDER.glob("*.sdp"))}
