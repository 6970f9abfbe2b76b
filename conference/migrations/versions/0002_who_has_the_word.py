"""who has the word"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("stage", schema=None) as batch_op:
        batch_op.add_column(sa.Column("speaks", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.create_index(
            "uq_stage_speaks",
            ["session_id"],
            unique=True,
            sqlite_where=sa.text("speaks"),
            postgresql_where=sa.text("speaks"),
        )


def downgrade() -> None:
    with op.batch_alter_table("stage", schema=None) as batch_op:
        batch_op.drop_index("uq_stage_speaks", sqlite_where=sa.text("speaks"), postgresql_where=sa.text("speaks"))
        batch_op.drop_column("speaks")
