"""``conference``, whose viewers go to the next media worker as soon as a session's home has one."""

from __future__ import annotations

import sys

from conference.cli import main
from conference.media.embedded import EmbeddedEngine

if __name__ == "__main__":
    EmbeddedEngine.__init__.__kwdefaults__["spread_at"] = 1
    sys.exit(main())
