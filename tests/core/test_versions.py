"""Versions and drafts, the same for whatever is published: here by calendars and service levels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.core.errors import Conflict, NotFound, Rejected, Stale
from app.core.versions.series import Series, refuse
from app.core.words import from_fields, to_fields
from app.sites.calendars.queries import CALENDARS
from app.tickets.queries.sla_policies import POLICIES


@dataclass(frozen=True)
class Kind:
    """One kind of thing, and a thing of it."""

    series: Series[Any, Any, Any]
    now: datetime

    def made(self, code: str = "x") -> int:
        head, _version = self.series.create(code, {"en": "X"}, {"n": 1}, at=self.now, by=None, note=None)
        found: int = head.id
        return found

    def keep(self, head_id: int, n: int, seen: int | None) -> int:
        return self.series.keep(head_id, {"n": n}, at=self.now, by=None, seen=seen).version


@pytest.fixture(params=[CALENDARS, POLICIES], ids=["calendar", "policy"])
def kind(request: pytest.FixtureRequest, database: Session, frozen: datetime) -> Kind:
    return Kind(request.param, frozen)


def test_the_newest_is_in_force_and_the_older_stay(kind: Kind) -> None:
    mine, other = kind.made(), kind.made("y")
    kind.series.add(mine, 2, {"n": 2}, at=kind.now, by=None, note="second")
    assert [each.number for each in kind.series.versions(mine)] == [2, 1]
    assert kind.series.in_force(mine).content == {"n": 2}
    assert kind.series.numbered(mine, "1").content == {"n": 1}
    assert kind.series.in_force(other).number == 1
    for given in ("0", "3", "x", "9" * 15, "²"):
        with pytest.raises(NotFound):
            kind.series.numbered(mine, given)
    listed = {row.id: (row.number, row.note) for row in kind.series.listed(by=(kind.series.head_table.id,))}
    assert (listed[mine], listed[other]) == ((2, "second"), (1, None))


def test_whoever_waited_for_a_draft_judges_it_as_it_is_now(kind: Kind, database: Session) -> None:
    """An editor's page has read the draft before it is locked; what was kept in between is not written over."""
    mine = kind.made()
    kind.keep(mine, 2, 0)
    read = kind.series.desk(mine).draft
    table = kind.series.draft_table.__table__
    database.execute(update(table).where(table.c.id == read.id).values(version=2))  # as another connection would
    with pytest.raises(Stale):
        kind.keep(mine, 3, seen=1)
    assert kind.series.draft(mine).content == {"n": 2}


def test_a_code_is_one_valid_things(kind: Kind) -> None:
    mine = kind.made()
    with pytest.raises(Rejected) as refused:
        kind.made()
    assert set(refused.value.fields) == {"code"}
    kind.series.end(kind.series.head(mine), kind.now.date())
    with pytest.raises(NotFound):
        kind.series.head(mine)
    assert kind.made() != mine


def test_a_draft_is_of_whoever_saw_its_state(kind: Kind) -> None:
    mine = kind.made()
    assert kind.keep(mine, 2, seen=0) == 1
    for seen in (0, 2):
        with pytest.raises(Stale) as stale:
            kind.keep(mine, 3, seen=seen)
        assert stale.value.current["version"] == 1
    assert kind.keep(mine, 3, seen=1) == 2
    with pytest.raises(Stale):
        kind.series.discard(mine, seen=1)
    with pytest.raises(Stale):
        kind.series.take(mine, seen=1)
    assert kind.series.take(mine, seen=2).content == {"n": 3}
    assert kind.series.draft(mine) is None
    with pytest.raises(Conflict):
        kind.series.take(mine, seen=None)


def test_a_draft_that_was_outrun_is_not_published(kind: Kind) -> None:
    mine = kind.made()
    kind.keep(mine, 2, seen=0)
    assert (kind.series.desk(mine).outrun, kind.series.desk(mine).content) == (False, {"n": 2})
    kind.series.add(mine, 2, {"n": 9}, at=kind.now, by=None)
    assert kind.series.desk(mine).outrun
    with pytest.raises(Stale):
        kind.series.take(mine, seen=1)
    kind.series.discard(mine, seen=1)
    assert (kind.series.desk(mine).seen, kind.series.desk(mine).content) == (0, {"n": 9})


def test_whoever_saw_an_older_version_is_told_which_is_current(kind: Kind) -> None:
    mine = kind.made()
    assert kind.series.locked(mine, 1)[1].number == 1
    with pytest.raises(Stale) as stale:
        kind.series.locked(mine, 7)
    assert stale.value.current == {"state": "published", "assignee": None, "version": 1}


def test_faults_are_said_where_they_are() -> None:
    refuse([], {})
    with pytest.raises(Rejected) as refused:
        refuse([("a", "x"), ("a", "y"), ("b", "x")], {"x": "no", "y": "never"})
    assert refused.value.fields == {"a": ["no", "never"], "b": ["no"]}


@pytest.mark.parametrize("words", [{}, {"en": "Tap"}, {"zh-CN": "水"}, {"zh-CN": "水", "en": "Tap"}])
def test_words_go_through_their_fields_and_come_back(words: dict[str, str]) -> None:
    assert from_fields(to_fields(words, "hint"), "hint") == words
