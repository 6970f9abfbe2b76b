"""What all tests share: a real server on a free port with a real database, real socket.io clients, a clock to turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.house import House, open_house

settings.register_profile("busy machines", deadline=None)
settings.load_profile("busy machines")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """The Kooperationskonferenz, imported and served; every task of ours has ended afterwards."""
    async with open_house(tmp_path) as house:
        yield house
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    assert [task.get_coro().__qualname__ for task in left if "conference" in repr(task.get_coro())] == []
