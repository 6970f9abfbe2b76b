"""Verbs on people and links."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from conference.core.errors import NotFound
from conference.core.ids import new_id, new_nonce
from conference.core.roles import Role
from conference.people.model import Link, display_name, split_name
from conference.people.people_file import PersonEntry
from conference.people.tables import LinkRow, PersonRow
from conference.store.unit import Unit

_RANK = (Role.PARTICIPANT, Role.SPEAKER, Role.MODERATOR, Role.PRODUCTION, Role.ORGANISER)


@dataclass(frozen=True)
class Imported:
    """What an import of people did."""

    added: int
    changed: int
    unchanged: int


async def import_people(unit: Unit, entries: Sequence[PersonEntry]) -> Imported:
    """Add the people and update those who are known by their address; their links stay as they are."""
    known = {row.email: row for row in (await unit.db.execute(select(PersonRow))).scalars()}
    added = changed = 0
    for entry in entries:
        row = known.get(entry.email)
        if row is None:
            row = known[entry.email] = _add(unit, entry.email, Role.PARTICIPANT)
            _take(row, entry)
            added += 1
        else:
            changed += _take(row, entry)
    await unit.db.flush()
    return Imported(added, changed, len(entries) - added - changed)


async def ensure_person(
    unit: Unit, name: str, email: str | None, role: Role, organisation: str, office: str
) -> PersonRow:
    """Somebody whom the programme names: made if unknown; a role is raised, never lowered; an empty field is filled."""
    query = select(PersonRow).where(PersonRow.email == email, PersonRow.role == role.value)
    if email is not None:
        query = select(PersonRow).where(PersonRow.email == email)
    row = (await unit.db.execute(query)).scalars().first()
    if row is None:
        row = _add(unit, email, role)
        row.name, (row.first_name, row.last_name) = name, split_name(name)
    if role in _RANK and _RANK.index(role) > _RANK.index(Role(row.role)):
        row.role = role.value
    row.organisation = row.organisation or organisation
    row.office = office or row.office
    await unit.db.flush()
    return row


async def ensure_links(unit: Unit, sessions: Iterable[str]) -> int:
    """Give everybody a link for the day and one for each session; returns how many were missing."""
    wanted = [None, *sessions]
    have = {(p, s) for p, s in await unit.db.execute(select(LinkRow.person_id, LinkRow.session))}
    people = list((await unit.db.execute(select(PersonRow.id).order_by(PersonRow.id))).scalars())
    missing = [(p, s) for p in people for s in wanted if (p, s) not in have]
    unit.db.add_all(
        LinkRow(public_id=new_id("l"), person_id=p, session=s, nonce=new_nonce(), generation=1) for p, s in missing
    )
    await unit.db.flush()
    return len(missing)


async def revoke(unit: Unit, person: str, link: str) -> Link:
    """Make a link open nothing from now on; what was open through it is cut by the hall."""
    row = await _link(unit, person, link)
    row.revoked_at = row.revoked_at or unit.now
    return row.to_model()


async def reissue(unit: Unit, person: str, link: str) -> Link:
    """Give the link a new secret; the old one opens nothing any more."""
    row = await _link(unit, person, link)
    row.nonce, row.generation, row.revoked_at, row.reissued_at = (
        new_nonce(),
        row.generation + 1,
        None,
        unit.now,
    )
    return row.to_model()


async def _link(unit: Unit, person: str, link: str) -> LinkRow:
    query = select(LinkRow).join(PersonRow).where(LinkRow.public_id == link, PersonRow.public_id == person)
    row = (await unit.db.execute(query)).scalar_one_or_none()
    if row is None:
        raise NotFound("Diesen Link")
    return row


def _add(unit: Unit, email: str | None, role: Role) -> PersonRow:
    row = PersonRow(
        public_id=new_id("p"),
        email=email,
        role=role.value,
        name="",
        first_name="",
        last_name="",
        organisation="",
        office="",
        attends="remote",
        wishes=[],
    )
    unit.db.add(row)
    return row


def _take(row: PersonRow, entry: PersonEntry) -> bool:
    """Carry an entry over; whether anything changed."""
    new = {
        "first_name": entry.first_name,
        "last_name": entry.last_name,
        "organisation": entry.organisation or row.organisation,
        "name": display_name(entry.first_name, entry.last_name),
        "office": entry.office or row.office,
        "attends": entry.attends,
        "wishes": list(entry.wishes),
    }
    changed = any(getattr(row, field) != value for field, value in new.items())
    for field, value in new.items():
        setattr(row, field, value)
    return changed
