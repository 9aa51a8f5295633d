"""Tables of a thing with versions: the thing, what was published of it, what somebody is making of it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import BigInteger, CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, synonym

from app.core.db import Dated, Tenant, ref
from app.core.words import Words


class Head(Dated, Tenant):
    """The thing itself, in the list until its last day; its code names one valid thing."""

    __abstract__ = True

    code: Mapped[str]
    name: Mapped[dict[str, str]] = mapped_column(Words)


class _OfHead(Tenant):
    __abstract__ = True
    __head__: ClassVar[str]  # the column that names the thing

    if TYPE_CHECKING:
        head_id: Mapped[int]
    else:

        @declared_attr
        def head_id(cls) -> Mapped[int]:  # noqa: N805 - SQLAlchemy asks the class
            return synonym(cls.__head__)


class Version(_OfHead):
    """One published content, never changed: what was judged by it stays judged so."""

    __abstract__ = True

    number: Mapped[int]
    content: Mapped[dict[str, Any]]
    note: Mapped[str | None]
    published_at: Mapped[datetime]
    published_by: Mapped[int | None] = mapped_column(BigInteger)


def version_rules(table: str, head: str, column: str) -> tuple[Any, ...]:
    """The constraints of a table of versions: numbers count from 1 within a thing."""
    return (
        ref(head, column),
        CheckConstraint("number >= 1", name="number"),
        UniqueConstraint("institution_id", column, "number", name=f"uq_{table}_number"),
    )


class Draft(_OfHead):
    """What somebody is making of a thing and has not published, one per thing; `base_id`: the version it began from."""

    __abstract__ = True

    base_id: Mapped[int] = mapped_column(BigInteger)
    content: Mapped[dict[str, Any]]
    edited_at: Mapped[datetime]
    edited_by: Mapped[int | None] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(default=1)


def one_draft(table: str, column: str) -> str:
    """The name of the constraint that keeps a thing to one draft."""
    return f"uq_{table}_{column.removesuffix('_id')}"


def draft_rules(table: str, head: str, column: str, versions: str) -> tuple[Any, ...]:
    """The constraints of a table of drafts."""
    return (
        ref(head, column),
        ref(versions, "base_id"),
        CheckConstraint("version >= 1", name="version"),
        UniqueConstraint("institution_id", column, name=one_draft(table, column)),
    )
