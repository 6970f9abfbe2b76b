"""Reading people and links."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from conference.core.errors import NotFound
from conference.core.roles import MAY, Permission, Role
from conference.people.model import Link, Person
from conference.people.tables import LinkRow, PersonRow

VOTERS = tuple(role.value for role in Role if Permission.VOTE in MAY[role])
"""Roles that count as eligible."""


async def person(db: AsyncSession, public_id: str) -> Person:
    """The person that pages call so. Raises NotFound."""
    row = (await db.execute(select(PersonRow).where(PersonRow.public_id == public_id))).scalar_one_or_none()
    if row is None:
        raise NotFound("Diese Person")
    return row.to_model()


async def by_link(db: AsyncSession, link_id: str, nonce: str) -> tuple[Link, Person] | None:
    """Link and person of a secret that was read, or None when it is revoked, reissued or gone."""
    query = select(LinkRow, PersonRow).join(PersonRow, PersonRow.id == LinkRow.person_id)
    row = (await db.execute(query.where(LinkRow.public_id == link_id))).one_or_none()
    if row is None or row[0].nonce != nonce or row[0].revoked_at is not None:
        return None
    return row[0].to_model(), row[1].to_model()


async def links_of(db: AsyncSession, person_id: int) -> list[LinkRow]:
    """All links of a person, the day's first."""
    query = select(LinkRow).where(LinkRow.person_id == person_id).order_by(LinkRow.session.isnot(None), LinkRow.id)
    return list((await db.execute(query)).scalars())


async def everybody(db: AsyncSession, query: str = "", roles: Collection[Role] = ()) -> list[Person]:
    """All people by last name, or those in whose name, address or organisation the words occur."""
    wanted = select(PersonRow).order_by(PersonRow.last_name, PersonRow.first_name, PersonRow.id)
    for word in query.split():
        like = f"%{_escaped(word)}%"
        columns = (PersonRow.name, PersonRow.email, PersonRow.organisation, PersonRow.office)
        wanted = wanted.where(or_(*(column.ilike(like, escape="\\") for column in columns)))
    if roles:
        wanted = wanted.where(PersonRow.role.in_([role.value for role in roles]))
    return [row.to_model() for row in (await db.execute(wanted)).scalars()]


async def by_email(db: AsyncSession, email: str) -> Person | None:
    """The person with this address, or None."""
    row = (await db.execute(select(PersonRow).where(PersonRow.email == email.strip().lower()))).scalar_one_or_none()
    return row.to_model() if row else None


async def eligible(db: AsyncSession) -> int:
    """How many people may vote."""
    query = select(func.count()).select_from(PersonRow).where(PersonRow.role.in_(VOTERS))
    return (await db.execute(query)).scalar_one()


async def active_links(db: AsyncSession) -> dict[int, int]:
    """How many links that still open something each person has, by the person's key."""
    query = select(LinkRow.person_id, func.count()).where(LinkRow.revoked_at.is_(None)).group_by(LinkRow.person_id)
    return dict((await db.execute(query)).all())


async def all_links(db: AsyncSession) -> Sequence[tuple[Link, Person]]:
    """Every standing link with its person, by name, the day's link first."""
    query = (
        select(LinkRow, PersonRow)
        .join(PersonRow, PersonRow.id == LinkRow.person_id)
        .where(LinkRow.revoked_at.is_(None))
        .order_by(PersonRow.last_name, PersonRow.first_name, PersonRow.id, LinkRow.session.isnot(None), LinkRow.id)
    )
    return [(link.to_model(), row.to_model()) for link, row in await db.execute(query)]


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
