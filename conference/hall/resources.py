"""WHIP and WHEP resources and whose they are: what stage and rooms have in common."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Generic, Protocol, TypeVar

from conference.core.errors import NotFound
from conference.media.engine import MediaEngine, MediaUnavailable
from conference.people.model import Person

ENDED = 2_000
"""How many ended resources are known still: their pages end them too, a moment later."""


class Owned(Protocol):
    """One resource: its id, its session's key, the public id of its person, and of the link that it was opened by."""

    @property
    def id(self) -> str: ...

    @property
    def session(self) -> str: ...

    @property
    def person(self) -> str: ...

    @property
    def link(self) -> str: ...


TellOwners = Callable[[str, str, dict[str, list[str]]], None]
OwnedT = TypeVar("OwnedT", bound=Owned)


class Resources(Generic[OwnedT]):
    """Resources that are open, by id. Everybody changes and ends one's own; what is not one's own is not there.

    Args:
        tell: called with what became of resources, a session's key, and the resources by person: ``lost``, to be opened
            anew; ``taken``, for that person sends from another page now.
    """

    def __init__(self, engine: MediaEngine, tell: TellOwners) -> None:
        self._engine, self._tell_owners = engine, tell
        self._resources: dict[str, OwnedT] = {}
        self._gone: list[OwnedT] = []
        self._ended: dict[str, str] = {}

    def _forget(self, resource: str) -> None:
        """Know a resource no longer: it was closed, or is about to be."""
        raise NotImplementedError

    async def patch(self, resource: str, person: Person, fragment: str, etag: str | None) -> tuple[str, str]:
        """Restart ICE of one's own resource. Raises NotFound."""
        self._own(resource, person)
        return await self._engine.patch(resource, fragment, etag)

    async def sizes(self, resource: str, person: Person, heights: list[int]) -> None:
        """Say how large one's own viewer shows its video slots, in physical pixels of height. Raises NotFound."""
        self._own(resource, person)
        await self._engine.show(resource, heights)

    async def close_own(self, resource: str, person: Person) -> None:
        """End one's own resource; one that has ended meanwhile too (RFC 9110 section 9.2.2). Raises NotFound."""
        if self._ended.get(resource) == person.public_id:
            return
        self._own(resource, person)
        await self.close(resource)

    async def close(self, resource: str) -> None:
        """End a resource."""
        self._forget(resource)
        with contextlib.suppress(MediaUnavailable):
            await self._engine.close(resource)

    async def _replace(self, resource: str) -> None:
        """End a resource in whose place its person has opened another one, perhaps on another device."""
        if known := self._resources.get(resource):
            await self.close(resource)
            self._tell_owners("taken", known.session, {known.person: [resource]})

    async def cut_link(self, link: str) -> None:
        """End all media that was opened through a link."""
        for resource in [r for r in self._resources.values() if r.link == link]:
            await self.close(resource.id)

    def _pop(self, resource: str) -> OwnedT | None:
        known = self._resources.pop(resource, None)
        if known is not None:
            self._ended[resource] = known.person
            while len(self._ended) > ENDED:
                del self._ended[next(iter(self._ended))]
        return known

    @contextlib.asynccontextmanager
    async def _closing_if_refused(self, resource: str) -> AsyncIterator[None]:
        try:
            yield
        except BaseException:
            await self.close(resource)
            raise

    def _own(self, resource: str, person: Person) -> OwnedT:
        found = self._resources.get(resource)
        if found is None or found.person != person.public_id:
            raise NotFound("Diese Verbindung")
        return found

    def _tell_lost(self) -> None:
        """A worker is gone: those whose resources were there open theirs anew, nobody else."""
        gone, self._gone = self._gone, []
        lost: dict[str, dict[str, list[str]]] = {}
        for resource in gone:
            lost.setdefault(resource.session, {}).setdefault(resource.person, []).append(resource.id)
        for key, by_person in lost.items():
            self._tell_owners("lost", key, by_person)
