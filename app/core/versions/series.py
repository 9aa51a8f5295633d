"""Reading, drafting and publishing versions: who comes second is told, nothing published is ever changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar, TypeVarTuple

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, and_, delete, func, select

from app.core import forms
from app.core.db import constraint_error, db
from app.core.errors import Conflict, NotFound, Rejected, Stale
from app.core.held import locking
from app.core.versions.tables import Draft, Head, Version, one_draft

MOST = 500
SHOWN = 100  # versions of a thing that a list of them shows
NOTHING = _l("Nothing has been changed, so there is nothing to publish.")

H = TypeVar("H", bound=Head)
V = TypeVar("V", bound=Version)
D = TypeVar("D", bound=Draft)
Ts = TypeVarTuple("Ts")


@dataclass(frozen=True, slots=True)
class Desk(Generic[H, V, D]):
    """What an editor works on: the thing, its version in force, the draft where there is one.

    `based_on` is the number of the version the draft began from; without a draft that of the one in force.
    """

    head: H
    in_force: V
    draft: D | None
    based_on: int

    @property
    def seen(self) -> int:
        """The version of the draft; 0 where there is none."""
        return self.draft.version if self.draft is not None else 0

    @property
    def outrun(self) -> bool:
        """Whether another version was published after the draft was begun: it cannot be published any more."""
        return self.based_on != self.in_force.number

    @property
    def content(self) -> dict[str, Any]:
        """What the editor shows: the draft, else what is in force."""
        return (self.draft or self.in_force).content

    @property
    def unchanged(self) -> bool:
        """Whether publishing would make no version: the editor shows what is in force."""
        return self.content == self.in_force.content


class Series(Generic[H, V, D]):
    """The versions of one kind of thing.

    `overtaken` is said to whoever comes second, `taken` where a code is another's.
    """

    def __init__(self, heads: type[H], versions: type[V], drafts: type[D], *, overtaken: Any, taken: Any) -> None:
        self.head_table, self.version_table, self.draft_table = heads, versions, drafts
        self.overtaken, self.taken = overtaken, taken
        constraint_error(f"uq_{heads.__tablename__}_code_valid", lambda: Rejected(fields={"code": taken}))
        constraint_error(f"uq_{versions.__tablename__}_number", lambda: self.stale(None))
        constraint_error(one_draft(drafts.__tablename__, drafts.__head__), lambda: self.stale(1))

    def stale(self, version: int | None) -> Stale:
        """That somebody else was first; `version`: what is current now."""
        return Stale(self.overtaken, current={"state": "published", "assignee": None, "version": version})

    # reading

    def newest(self) -> Any:
        """(head_id, number) of the versions in force: of each thing the one with the highest number."""
        return (
            select(self.version_table.head_id.label("head_id"), func.max(self.version_table.number).label("number"))
            .group_by(self.version_table.head_id)
            .subquery()
        )

    def with_version(self, query: Select[*Ts], head_id: Any, institution_id: Any) -> Select[*Ts]:
        """A query joined with the version in force of the thing it names."""
        newest = self.newest()
        return query.join(newest, newest.c.head_id == head_id).join(
            self.version_table,
            and_(
                self.version_table.institution_id == institution_id,
                self.version_table.head_id == head_id,
                self.version_table.number == newest.c.number,
            ),
        )

    def listed(self, *more: Any, by: Sequence[Any]) -> Sequence[Any]:
        """Every valid thing with its version in force and the id of its draft, in the order `by`; `more` columns."""
        query = select(
            self.head_table.id,
            self.head_table.code,
            self.head_table.name,
            self.version_table.id.label("version_id"),
            self.version_table.number,
            self.version_table.published_at,
            self.version_table.note,
            self.version_table.content,
            self.draft_table.id.label("draft_id"),
            *more,
        ).select_from(self.head_table)
        query = self.with_version(query, self.head_table.id, self.head_table.institution_id).outerjoin(
            self.draft_table,
            and_(
                self.draft_table.institution_id == self.head_table.institution_id,
                self.draft_table.head_id == self.head_table.id,
            ),
        )
        return db.session.execute(query.where(self.head_table.valid_to.is_(None)).order_by(*by).limit(MOST)).all()

    def head(self, head_id: int, *, lock: bool = False) -> H:
        """A valid thing. Raises NotFound."""
        query = select(self.head_table).where(self.head_table.id == head_id, self.head_table.valid_to.is_(None))
        found = db.session.scalars(locking(query) if lock else query).first()
        if found is None:
            raise NotFound
        return found

    def known(self, code: str) -> bool:
        """Whether a valid thing has this code."""
        query = select(self.head_table.id).where(self.head_table.code == code, self.head_table.valid_to.is_(None))
        return db.session.scalar(query) is not None

    def in_force(self, head_id: int) -> V:
        """The newest version of a thing. Raises NotFound."""
        return self.version(head_id, None)

    def version(self, head_id: int, number: int | None) -> V:
        """A version by its number; None: the newest. Raises NotFound."""
        query = select(self.version_table).where(self.version_table.head_id == head_id)
        if number is not None:
            query = query.where(self.version_table.number == number)
        found = db.session.scalars(query.order_by(self.version_table.number.desc()).limit(1)).first()
        if found is None:
            raise NotFound
        return found

    def numbered(self, head_id: int, given: str) -> V:
        """The version whose number an address names. Raises NotFound."""
        return self.version(head_id, forms.number_in_address(given))

    def versions(self, head_id: int) -> Sequence[V]:
        """The last versions of a thing, the newest first."""
        query = select(self.version_table).where(self.version_table.head_id == head_id)
        return db.session.scalars(query.order_by(self.version_table.number.desc()).limit(SHOWN)).all()

    def named(self, version_ids: Iterable[int]) -> dict[int, Any]:
        """Versions by id: (id, number, name of the thing)."""
        wanted = sorted(set(version_ids))
        if not wanted:
            return {}
        query = (
            select(self.version_table.id, self.version_table.number, self.head_table.name)
            .select_from(self.version_table)
            .join(
                self.head_table,
                and_(
                    self.head_table.institution_id == self.version_table.institution_id,
                    self.head_table.id == self.version_table.head_id,
                ),
            )
        )
        return {row.id: row for row in db.session.execute(query.where(self.version_table.id.in_(wanted)))}

    def draft(self, head_id: int, *, lock: bool = False) -> D | None:
        """What is being made of a thing."""
        query = select(self.draft_table).where(self.draft_table.head_id == head_id)
        return db.session.scalars(locking(query) if lock else query).first()

    def desk(self, head_id: int) -> Desk[H, V, D]:
        """What an editor of a thing works on. Raises NotFound."""
        found = self.head(head_id)
        current, draft = self.in_force(found.id), self.draft(found.id)
        if draft is None or draft.base_id == current.id:
            return Desk(found, current, draft, current.number)
        query = select(self.version_table.number).where(self.version_table.id == draft.base_id)
        return Desk(found, current, draft, db.session.scalars(query).one())

    # writing; the callers ask who may, record it and tell others

    def create(
        self,
        code: str,
        name: Mapping[str, str],
        content: dict[str, Any],
        *,
        at: datetime,
        by: int | None,
        note: str | None,
        **own: Any,
    ) -> tuple[H, V]:
        """A new thing with its first version; `own`: its further columns. Raises Rejected (field `code`)."""
        if self.known(code):
            raise Rejected(fields={"code": self.taken})
        made = self.head_table(code=code, name=dict(name), **own)
        db.session.add(made)
        db.session.flush()
        return made, self.add(made.id, 1, content, at=at, by=by, note=note)

    def add(
        self,
        head_id: int,
        number: int,
        content: dict[str, Any],
        *,
        at: datetime,
        by: int | None,
        note: str | None = None,
    ) -> V:
        """Put content in force under a number."""
        made = self.version_table(
            head_id=head_id, number=number, content=content, note=note or None, published_at=at, published_by=by
        )
        db.session.add(made)
        db.session.flush()
        return made

    def follow(self, before: V, content: dict[str, Any], *, at: datetime, by: int | None, note: str | None = None) -> V:
        """Put content in force after `before`; content that says the same makes no version: `before` is returned."""
        if content == before.content:
            return before
        return self.add(before.head_id, before.number + 1, content, at=at, by=by, note=note)

    def locked(self, head_id: int, seen: int | None) -> tuple[H, V]:
        """A thing and its version in force, held until the transaction ends.

        `seen` is the number of the version its author looked at (None: he did not say). Raises NotFound, Stale.
        """
        found, current = self.head(head_id, lock=True), self.in_force(head_id)
        if seen is not None and seen != current.number:
            raise self.stale(current.number)
        return found, current

    def keep(
        self, head_id: int, content: dict[str, Any], *, at: datetime, by: int | None, seen: int | None, **own: Any
    ) -> D:
        """Keep what is being made of a thing; `seen` is the version of the draft its editor began from (0: none was).

        `own`: further columns of the draft. Raises NotFound; Stale where somebody else has edited in the meantime.
        """
        _head, current = self.locked(head_id, None)
        found = self._seen(self.draft(head_id, lock=True), seen)
        if found is None:
            found = self.draft_table(head_id=head_id, base_id=current.id, version=0)
            db.session.add(found)
        for name, value in {**own, "content": content, "edited_at": at, "edited_by": by}.items():
            setattr(found, name, value)
        found.version += 1
        db.session.flush()
        return found

    def _seen(self, found: D | None, seen: int | None) -> D | None:
        now_so = found.version if found is not None else 0
        if seen is not None and seen != now_so:
            raise self.stale(now_so)
        return found

    def discard(self, head_id: int, *, seen: int | None = None) -> None:
        """Forget what was being made of a thing. Raises NotFound, Stale."""
        self.head(head_id, lock=True)
        self._seen(self.draft(head_id, lock=True), seen)
        db.session.execute(delete(self.draft_table).where(self.draft_table.head_id == head_id))

    def take(self, head_id: int, *, seen: int | None) -> D:
        """The draft, which is none any more: it is about to be published.

        Raises NotFound, Conflict (there is no draft), Stale (it was edited, or another version was published).
        """
        _head, current = self.locked(head_id, None)
        found = self.draft(head_id, lock=True)
        if found is None:
            raise Conflict(NOTHING)
        self._seen(found, seen)
        if current.id != found.base_id:
            raise self.stale(found.version)
        db.session.delete(found)
        db.session.flush()
        return found

    def end(self, found: H, today: date) -> None:
        """Take a thing out of the list; its versions stay, what was being made of it goes."""
        db.session.execute(delete(self.draft_table).where(self.draft_table.head_id == found.id))
        found.valid_to = today
        db.session.flush()


def refuse(faults: Iterable[tuple[str, str]], words: Mapping[str, Any]) -> None:
    """Refuse content by its faults, (where, code) each, said in `words` by code. Raises Rejected."""
    wrong: dict[str, list[Any]] = {}
    for where, code in faults:
        wrong.setdefault(where, []).append(words[code])
    if wrong:
        raise Rejected(fields=wrong)
