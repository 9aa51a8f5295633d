"""What is forgotten does not stay: batches nobody decided on are withdrawn, and with them their files."""

from __future__ import annotations

from datetime import datetime

from app.audit import services as audit
from app.core.actor import Actor
from app.imports import queries
from app.imports.rules import stages
from app.imports.services import life


def tidy(actor: Actor, now: datetime) -> int:
    """Withdraw batches that have waited for a person for 30 days; returns how many."""
    count = 0
    for batch_id in queries.forgotten(now - stages.KEEP_OPEN_FOR):
        batch = life.locked(batch_id)
        life.move(batch, "withdrawn")
        life.drop_rows(batch_id)
        life.settle(batch)
        audit.record(actor, "import.withdraw", "import", batch_id, now=now)
        count += 1
    return count
