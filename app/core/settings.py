"""Settings of an institution: declared where used, stored as typed, dated, audited rows, shown on one page."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import BigInteger, Index, func, select
from sqlalchemy.dialects.postgresql import JSONB, distinct_on
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Tenant, current_institution, db
from app.core.errors import NotFound, Rejected
from app.core.transaction import AFTER_COMMIT, after_commit

CACHE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Declared:
    """One setting: its default, type, bounds, unit and (lazy) words.

    `page`: the endpoint of the page that alone changes it, together with those it has to fit.
    """

    name: str
    default: Any
    kind: Callable[[Any], Any]
    words: Any
    low: float | None = None
    high: float | None = None
    unit: str = ""
    choices: tuple[str, ...] = ()
    page: str | None = None
    below: str = ""

    def parse(self, given: Any) -> Any:
        """The typed value; raises Rejected naming the setting."""
        try:
            value = _switch(given) if self.kind is bool else self.kind(given)
        except (TypeError, ValueError) as error:
            said = _NOT_EVEN.get(self.kind) or _("This is not a value of the expected kind.")
            raise Rejected(fields={self.name: said}) from error
        if self.choices and value not in self.choices:
            raise Rejected(fields={self.name: _("Choose one of the offered values.")})
        if (self.low is not None and value < self.low) or (self.high is not None and value > self.high):
            raise Rejected(
                fields={self.name: _("This must lie between %(low)s and %(high)s.", low=self.low, high=self.high)}
            )
        return value


_NOT_EVEN: Mapping[Callable[[Any], Any], Any] = {int: _l("Enter a whole number."), float: _l("Enter a number.")}
"""What is said of a value that is not of the kind of its setting."""


def _switch(given: Any) -> bool:
    if given in (True, "true", "on", "1", "yes"):
        return True
    if given in (False, "false", "off", "0", "no", ""):
        return False
    raise ValueError(given)


class SettingValue(Tenant):
    """One value from an instant on; the newest row of a name counts, the others are its history."""

    __tablename__ = "setting_value"
    __table_args__ = (Index("ix_setting_value_name", "institution_id", "name", "id"),)

    name: Mapped[str]
    value: Mapped[Any] = mapped_column(JSONB)
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(BigInteger)


DECLARED: dict[str, Declared] = {}
_cache: dict[int, tuple[float, dict[str, Any]]] = {}


def declare(
    name: str,
    default: Any,
    *,
    kind: Callable[[Any], Any],
    words: Any,
    low: float | None = None,
    high: float | None = None,
    unit: str = "",
    choices: tuple[str, ...] = (),
    page: str | None = None,
    below: str = "",
) -> str:
    """Declare a setting at import of the module that uses it; returns its name. `below`: one it must stay less than."""
    DECLARED[name] = Declared(name, default, kind, words, low, high, unit, choices, page, below)
    return name


def get(name: str) -> Any:
    """The present value for the bound institution, its default where nobody has set it."""
    declared = DECLARED[name]
    return _values().get(name, declared.default)


def _values() -> dict[str, Any]:
    institution_id = current_institution()
    read_at, values = _cache.get(institution_id, (0.0, {}))
    if time.monotonic() - read_at < CACHE_SECONDS:
        return values
    rows = db.session.execute(
        select(SettingValue.name, SettingValue.value)
        .ext(distinct_on(SettingValue.name))
        .order_by(SettingValue.name, SettingValue.id.desc())
    )
    values = {row.name: row.value for row in rows}
    if forget not in db.session().info.get(AFTER_COMMIT, ()):  # what may still roll back is nobody else's value
        _cache[institution_id] = (time.monotonic(), values)
    return values


def lock(name: str) -> None:
    """Let whoever comes second to a value, or to values that are changed together, wait until the first is done."""
    key = func.hashtextextended(f"setting {current_institution()} {name}", 0)
    db.session.execute(select(func.pg_advisory_xact_lock(key)))


def put(name: str, given: Any, *, actor_id: int | None, now: datetime) -> tuple[Any, Any]:
    """Set a value; returns (before, after) for the audit entry. Raises NotFound, Rejected."""
    declared = DECLARED.get(name)
    if declared is None:
        raise NotFound
    before, after = get(name), declared.parse(given)
    _check_order(name, after)
    db.session.add(SettingValue(name=name, value=after, at=now, actor_id=actor_id))
    forget()
    after_commit(forget)  # meanwhile another thread may have read what counted before
    return before, after


def _check_order(name: str, value: Any) -> None:
    """Raise Rejected where a setting would no longer lie below another that it must stay below, or above one.

    Whoever changes the other one waits; what it is is read past the cache.
    """
    for lower in DECLARED.values():
        upper = DECLARED.get(lower.below)
        if upper is None or name not in (lower.name, upper.name):
            continue
        lock(f"{lower.name} < {upper.name}")
        other = upper if name == lower.name else lower
        stands = newest(other.name)[1]
        if other is upper and value >= stands:
            said = _("This must be less than “%(other)s”, which is %(value)s.", other=other.words, value=stands)
            raise Rejected(fields={name: said})
        if other is lower and value <= stands:
            said = _("This must be more than “%(other)s”, which is %(value)s.", other=other.words, value=stands)
            raise Rejected(fields={name: said})


def newest(name: str) -> tuple[int, Any]:
    """The id of a setting's newest row (0: there is none) and its value, read past the cache."""
    query = select(SettingValue.id, SettingValue.value).where(SettingValue.name == name)
    row = db.session.execute(query.order_by(SettingValue.id.desc()).limit(1)).first()
    return (0, DECLARED[name].default) if row is None else (row.id, row.value)


def forget() -> None:
    """Drop this process's cache; other processes follow within CACHE_SECONDS."""
    _cache.clear()
