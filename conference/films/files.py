"""The files of films: taken in as a stream, looked at in a process of their own, kept in the data directory."""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from conference.core.errors import ConferenceError
from conference.films.model import (
    LARGEST_BYTES,
    LARGEST_SUBTITLES,
    Streams,
    check_beginning,
    check_streams,
    check_subtitles,
)
from conference.films.tables import FilmRow

PIECE = 1024 * 1024
PROBE_SECONDS = 60.0
LEFT_SECONDS = 24 * 3600
"""What nothing was written to for so long comes no more."""
NAME_LETTERS = 200


def folder(data: Path) -> Path:
    """Where the films of a data directory lie."""
    return data / "films"


def film_path(data: Path, key: str, kind: str) -> Path:
    """The file of a film."""
    return folder(data) / f"{key}.{kind}"


def subtitles_path(data: Path, key: str) -> Path:
    """The subtitles of a film."""
    return folder(data) / f"{key}.vtt"


@dataclass(frozen=True)
class Intake:
    """A film that was checked and put in its place, not yet known to the database."""

    key: str
    kind: str
    name: str
    size: int
    duration: int
    subtitles: bool

    def row(self, part: str, now: datetime) -> FilmRow:
        """As the database keeps it; `actions.file` says of which session."""
        return FilmRow(
            part=part,
            key=self.key,
            name=self.name,
            kind=self.kind,
            size=self.size,
            duration=self.duration,
            subtitles=self.subtitles,
            filed_at=now,
        )


class Receiving:
    """Takes a film in; used as ``async with``: what was not kept at the end is gone."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._key = secrets.token_urlsafe(24)
        self._kind = ""
        self._name = ""
        self._size = 0
        self._subtitles = False
        self._kept = False

    async def __aenter__(self) -> Receiving:
        await asyncio.to_thread(_make_room, folder(self._data))
        return self

    async def __aexit__(self, *_raised: object) -> None:
        await asyncio.to_thread(self._coming.unlink, missing_ok=True)
        if not self._kept:
            await drop(self._data, self._key)

    @property
    def began(self) -> bool:
        """Whether a film was taken in already."""
        return self._name != ""

    @property
    def _coming(self) -> Path:
        return folder(self._data) / f"{self._key}.coming"

    async def film(self, name: str, chunks: AsyncIterator[bytes]) -> None:
        """Write the film to the disk as it comes.

        Raises:
            ConferenceError: ``film.kind`` as soon as its beginning is there, ``film.large``.
        """
        self._name = Path(name.replace("\\", "/")).name[:NAME_LETTERS] or "Film"
        held = bytearray()
        with self._coming.open("wb") as file:
            async for chunk in chunks:
                held += chunk
                if len(held) >= PIECE:
                    await self._write(file, held)
            await self._write(file, held)
        if self._size == 0:
            raise ConferenceError("film.kind", "Bitte eine Filmdatei auswählen.")

    async def _write(self, file: BinaryIO, held: bytearray) -> None:
        if not held:
            return
        if self._size == 0:
            self._kind = check_beginning(bytes(held[:64]))
        self._size += len(held)
        if self._size > LARGEST_BYTES:
            raise ConferenceError("film.large", "Der Film ist größer als 8 GB.")
        await asyncio.to_thread(file.write, bytes(held))
        held.clear()

    async def subtitles(self, chunks: AsyncIterator[bytes]) -> None:
        """Take subtitles in. Raises ConferenceError ``film.subtitles``."""
        text = bytearray()
        async for chunk in chunks:
            text += chunk
            if len(text) > LARGEST_SUBTITLES:
                raise ConferenceError("film.subtitles", "Die Untertitel sind größer als 1 MB.")
        if not text:
            return
        check_subtitles(bytes(text))
        self._subtitles = True
        await asyncio.to_thread(subtitles_path(self._data, self._key).write_bytes, bytes(text))

    async def look(self) -> Intake:
        """Look into what came and put it in its place. Raises ConferenceError ``film.…``."""
        if not self._size:
            raise ConferenceError("film.kind", "Bitte eine Filmdatei auswählen.")
        found = await probe(self._coming)
        check_streams(self._kind, found)
        await asyncio.to_thread(self._coming.rename, film_path(self._data, self._key, self._kind))
        return Intake(self._key, self._kind, self._name, self._size, found.duration, self._subtitles)

    def keep(self) -> None:
        """The database knows it."""
        self._kept = True


def _make_room(place: Path) -> None:
    """The folder of films, without what a crash left half taken in."""
    place.mkdir(parents=True, exist_ok=True)
    for left in place.glob("*.coming"):
        if time.time() - left.stat().st_mtime > LEFT_SECONDS:
            left.unlink(missing_ok=True)


async def probe(path: Path) -> Streams:
    """What is in a file. Foreign bytes are read by a process of their own, which may fail without harm.

    Raises:
        ConferenceError: ``film.broken``.
    """
    command = (sys.executable, "-m", "conference.films.probe", str(path))
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        out, _ = await asyncio.wait_for(process.communicate(), PROBE_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
        out = b""
    if process.returncode != 0 or not out:
        raise ConferenceError("film.broken", "Diese Filmdatei ist nicht zu lesen.")
    return Streams(**json.loads(out))


async def drop(data: Path, key: str) -> None:
    """Remove the files of a film."""
    for path in (film_path(data, key, "mp4"), film_path(data, key, "webm"), subtitles_path(data, key)):
        await asyncio.to_thread(path.unlink, missing_ok=True)


async def pieces(path: Path) -> AsyncIterator[bytes]:
    """A file of this machine, piece by piece. Raises OSError."""
    with path.open("rb") as file:
        while piece := await asyncio.to_thread(file.read, PIECE):
            yield piece
