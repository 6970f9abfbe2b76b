"""Alembic's entry: runs on the connection it is handed."""

from alembic import context

import conference.breakouts.boards.tables
import conference.breakouts.tables
import conference.chat.tables
import conference.direction.tables
import conference.feedback.tables
import conference.films.tables
import conference.pauses.tables
import conference.people.tables
import conference.polls.tables
import conference.questions.tables
import conference.sessions.tables
import conference.store.facts_log  # noqa: F401
from conference.store.base import Base, Instant


def _render(kind, item, _autogen):  # type: ignore[no-untyped-def]
    if kind == "type" and isinstance(item, Instant):
        return "sa.DateTime(timezone=True)"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    render_item=_render,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
