"""The institution: the one table without a policy, and the look-up of a request's institution by host name."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Integer, create_engine, pool, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from app.core.db import Model, db
from app.core.words import Words

HOST_CACHE_SECONDS = 30.0


class Institution(Model):
    """A university or school. `hosts` are the names its pages answer to; empty for the only one."""

    __tablename__ = "institution"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[dict[str, str]] = mapped_column(Words)
    hosts: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    flags: Mapped[dict[str, Any]] = mapped_column(default=dict)


@dataclass(frozen=True, slots=True)
class InstitutionFacts:
    """What a request needs of its institution; plain values, so that the cache holds no row."""

    id: int
    code: str
    name: dict[str, str]
    hosts: tuple[str, ...]
    flags: dict[str, Any]


class _Cache:
    """The last reading of the table and when it was made (monotonic seconds)."""

    read_at = 0.0
    known: tuple[InstitutionFacts, ...] = ()


_lock = threading.Lock()


def institutions() -> tuple[InstitutionFacts, ...]:
    """All institutions of this cell, read at most every HOST_CACHE_SECONDS (the table changes by command only)."""
    if _Cache.known and time.monotonic() - _Cache.read_at < HOST_CACHE_SECONDS:
        return _Cache.known
    with _lock:
        # a transaction begun here knows no institution yet: left open, it would see no tenant row (core.db)
        begun_here = not db.session().in_transaction()
        rows = db.session.execute(
            select(Institution.id, Institution.code, Institution.name, Institution.hosts, Institution.flags).order_by(
                Institution.id
            )
        ).all()
        _Cache.known = tuple(InstitutionFacts(r.id, r.code, r.name, tuple(r.hosts), r.flags) for r in rows)
        _Cache.read_at = time.monotonic()
        if begun_here:
            db.session.rollback()
    return _Cache.known


def forget_institutions() -> None:
    """Drop the cache (after a command changed the table; between tests)."""
    _Cache.known = ()


def write(
    owner_url: str,
    *,
    code: str,
    name: Mapping[str, str],
    hosts: Sequence[str],
    flags: Mapping[str, Any],
    number: int | None = None,
) -> int | None:
    """Write one as the owner of the tables, in a transaction of its own: other roles may only read this one.

    `number` is its id, the next one by default. Returns the id; None where it or the code is taken.
    """
    engine = create_engine(owner_url, poolclass=pool.NullPool)
    try:
        with engine.begin() as connection:
            made = connection.execute(
                text(
                    "INSERT INTO institution (id, code, name, hosts, flags) VALUES (coalesce(:number, "
                    "(SELECT max(id) FROM institution) + 1, 1), :code, CAST(:name AS jsonb), :hosts, "
                    "CAST(:flags AS jsonb)) ON CONFLICT DO NOTHING RETURNING id"
                ),
                {
                    "number": number,
                    "code": code,
                    "name": orjson.dumps(name).decode(),
                    "hosts": [host.lower() for host in hosts],
                    "flags": orjson.dumps(flags).decode(),
                },
            ).scalar()
    finally:
        engine.dispose()
    forget_institutions()
    return None if made is None else int(made)


def by_host(host: str) -> InstitutionFacts | None:
    """The institution of a request: by host name, or the only one there is."""
    known = institutions()
    name = host.rsplit(":", 1)[0].lower()
    for facts in known:
        if name in facts.hosts:
            return facts
    return known[0] if len(known) == 1 else None


def by_code(code: str | None) -> InstitutionFacts | None:
    """For commands: `--institution CODE`, default the only one."""
    known = institutions()
    if code is None:
        return known[0] if len(known) == 1 else None
    return next((facts for facts in known if facts.code == code), None)
