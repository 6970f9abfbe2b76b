"""A server that a rehearsal started does not outlive it."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from tests.house import until

STARTS = """
import asyncio, sys
from pathlib import Path
from tests.server import Server

async def main():
    server = Server(Path(sys.argv[1]))
    await server.import_day(None)
    await server.start()
    print(server.process.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def ended(pid: int) -> bool:
    """Whether a process is gone, or only waits to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


async def test_the_server_of_a_killed_rehearsal_ends(tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STARTS, str(tmp_path), stdout=asyncio.subprocess.PIPE, cwd=os.getcwd()
    )
    assert parent.stdout is not None
    server = int(await parent.stdout.readline())
    assert not ended(server)
    parent.kill()
    await parent.wait()
    await until(lambda: ended(server), 30)
