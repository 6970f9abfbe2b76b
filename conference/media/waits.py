"""How long silence is borne; shared by the engine and its workers."""

from __future__ import annotations

HALF_OPEN = 15.0
SILENT = 30.0
