"""Offers as browsers and encoders write them, one file each; `collect` writes them anew."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent


def real_offers() -> dict[str, str]:
    """All of them: name → SDP."""
    return {path.stem: path.read_bytes().decode() for path in sorted(FOLDER.glob("*.sdp"))}
