"""The lease says who decides with which code, and who stands by to be handed it.

Revision of the warehouse: 0005.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from babingepet_resources.warehouse.types import KEY

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = ()
"""Tables this revision makes: an upgrade is refused when one of that name is there already."""

COLUMNS = (
    ("decided_at", sa.BigInteger()),
    ("code_version", KEY),
    ("handover_reason", sa.Text()),
    ("successor", KEY),
    ("successor_at", sa.BigInteger()),
)


def upgrade() -> None:
    """Add the columns."""
    for name, kind in COLUMNS:
        op.add_column("loop_lease", sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    """Drop the columns."""
    for name, _ in COLUMNS:
        op.drop_column("loop_lease", name)
