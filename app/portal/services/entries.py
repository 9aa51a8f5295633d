"""What the desk writes for everybody: knowledge answers and duty contacts are kept, changed and closed alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import select

from app.audit import services as audit
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import NotFound
from app.core.held import locking
from app.core.seen import Seen, still
from app.portal.models import Answer, DutyContact
from app.sites import queries as sites

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Row = TypeVar("Row", Answer, DutyContact)
Text = TypeVar("Text", bound="DataclassInstance")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries(Generic[Row, Text]):
    """One kind of entry, `kind` in the audit log (`answer`: "answer.write", "answer.change", "answer.close").

    `check` raises Rejected for a text that cannot be kept, `columns` is how it is stored, `text_of` what stands in a
    row as it could be written again.
    """

    kind: str
    model: type[Row]
    check: Callable[[Text], None]
    columns: Callable[[Text, datetime], Mapping[str, Any]]
    text_of: Callable[[Row], Text]

    def open(self, row_id: int, *, lock: bool = False) -> Row:
        """An entry that can be changed; `lock`: as it is now, and nobody else changes it.

        Raises NotFound for a closed or unknown one.
        """
        query = select(self.model).where(self.model.id == row_id, self.model.valid_to.is_(None))
        found = db.session.scalars(locking(query) if lock else query).first()
        if found is None:
            raise NotFound
        return found

    def write(self, text: Text, *, actor: Actor, now: datetime) -> Row:
        """A new one. Raises Rejected."""
        self.check(text)
        made = self.model(valid_from=sites.today(now), **self.columns(text, now))
        db.session.add(made)
        db.session.flush()
        audit.record(actor, f"{self.kind}.write", self.kind, made.id, now=now, after=asdict(text))
        return made

    def change(self, row_id: int, text: Text, *, actor: Actor, now: datetime, seen: Seen | int | None) -> Row:
        """Write it anew. Raises NotFound, Stale, Rejected."""
        row = still(self.model, row_id, seen, self.model.valid_to.is_(None))
        self.check(text)
        before = asdict(self.text_of(row))
        for name, value in self.columns(text, now).items():
            setattr(row, name, value)
        row.version += 1
        db.session.flush()
        after = asdict(self.text_of(row))
        audit.record_change(actor, f"{self.kind}.change", self.kind, row.id, now=now, before=before, after=after)
        return row

    def close(self, row_id: int, *, actor: Actor, now: datetime, seen: Seen | int | None) -> None:
        """Nobody is shown it any more; it is never deleted. Raises NotFound, Stale."""
        row = still(self.model, row_id, seen, self.model.valid_to.is_(None))
        row.valid_to = sites.today(now)
        row.version += 1
        db.session.flush()
        audit.record(actor, f"{self.kind}.close", self.kind, row.id, now=now)
