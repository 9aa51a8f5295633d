"""What is forgotten does not stay: batches nobody decided on are withdrawn, and with them their files."""

from __future__ import annotations

from datetime import datetime

from app.imports import queries
from app.imports.rules import stages
from app.imports.services import life


def tidy(now: datetime) -> int:
    """Withdraw batches that have waited for a person for 30 days; returns how many."""
    count = 0
    for batch_id in queries.forgotten(now - stages.KEEP_OPEN_FOR):
        life.move(life.locked(batch_id), "withdrawn")
        life.drop_rows(batch_id)
        life.drop_file(batch_id)
        count += 1
    return count
