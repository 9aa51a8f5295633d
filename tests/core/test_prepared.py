"""Statements compiled once: the same rows, values that must be given, and no value that changes the text."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import BigInteger, Date, Integer, Numeric, Text, any_, cast, func, literal_column, select, union_all
from sqlalchemy.orm import Session

from app.core import clock, paging
from app.core.db import db
from app.core.institution import Institution
from app.core.prepared import Question, Reading, among, answers, code, number, value, values
from app.core.settings import SettingValue
from tests.counting import counted


def test_values_are_named(database: Session) -> None:
    plus = Reading(select((value("a", BigInteger) + value("b", BigInteger)).label("sum")))
    (row,) = plus.rows({"a": 1, "b": 2})
    assert row.sum == 3
    assert plus.first({"a": 2**40, "b": 0}) == (2**40,)


def test_each_statement_has_its_own_columns(database: Session) -> None:
    """Several take turns on one cursor, and none is given the row of the one before it."""
    one = Reading(select(number(1).label("a")))
    two = Reading(select(number(2).label("b"), number(3).label("c")))
    for _time in range(2):
        assert one.one({})._asdict() == {"a": 1}
        assert [row._asdict() for row in two.rows({})] == [{"b": 2, "c": 3}]


def test_a_value_left_out_fails(database: Session) -> None:
    with pytest.raises(KeyError, match="viewer"):
        Reading(select(value("viewer", BigInteger))).rows({})


def test_what_stands_in_the_text_is_ours() -> None:
    text = str(select(number(1)).where(among(literal_column("'a'", Text), ["b_c", "a"])))
    assert "IN ('a', 'b_c')" in text
    for given in ("x'", "", "A b", "1"):
        with pytest.raises(ValueError, match="code"):
            code(given)
    with pytest.raises(ValueError, match="x"):
        number("x")


def test_a_list_of_values_would_change_the_text(database: Session) -> None:
    with pytest.raises(ValueError, match="among"):
        Reading(select(Institution.id).where(Institution.id.in_([1, 2]))).rows({})
    found = Reading(select(Institution.id).where(Institution.id == any_(values("ids", Integer))))
    assert found.rows({"ids": [1, 2**20]}) == [(1,)]
    assert found.rows({"ids": []}) == []


def test_changes_of_the_transaction_are_seen(database: Session) -> None:
    said = Reading(select(SettingValue.value).where(SettingValue.name == value("name", Text)))
    db.session.add(SettingValue(name="prepared", value=7, at=clock.now()))
    assert said.first({"name": "prepared"}) == (7,)


def test_several_questions_are_one_statement(database: Session) -> None:
    """Each gets the rows it would get by itself, in their order; none has its rows in place of another's."""
    db.session.add_all(SettingValue(name=f"asked-{each}", value={"n": each}, at=clock.now()) for each in range(3))
    db.session.flush()
    settings = Reading(
        select(SettingValue.name, SettingValue.value, SettingValue.id.is_not(None).label("there"))
        .where(SettingValue.name.like(value("like", Text)))
        .order_by(SettingValue.id.desc())
        .limit(2)
    )
    plus = Reading(select((value("a", BigInteger) + 1).label("more"), literal_column("NULL", Text).label("none")))
    nothing = Reading(select(SettingValue.id).where(SettingValue.name == value("name", Text)))
    asked = (
        Question(settings, {"like": "asked-%"}),
        Question(nothing, {"name": "of nobody"}),
        Question(plus, {"a": 2**40}),
    )
    with counted() as statements:
        found = answers(*asked)
    assert len(statements) == 1
    assert found == [each.rows() for each in asked]
    assert [row._asdict() for row in found[0]] == [
        {"name": "asked-2", "value": {"n": 2}, "there": True},
        {"name": "asked-1", "value": {"n": 1}, "there": True},
    ]
    assert found[2][0].more == 2**40 + 1


def test_questions_that_cannot_be_asked_together(database: Session) -> None:
    at = SettingValue.at
    for changed in (at, func.timezone("UTC", at).label("a"), cast(at, Date), func.tstzrange(at, at), cast(1, Numeric)):
        with pytest.raises(ValueError, match="JSON"):
            answers(Question(Reading(select(changed)), {}))
    plus = Reading(select(value("a", BigInteger).label("a")))
    assert answers(Question(plus, {"a": 1}), Question(plus, {"a": 1})) == [[(1,)], [(1,)]]
    with pytest.raises(ValueError, match="one name"):
        answers(Question(plus, {"a": 1}), Question(plus, {"a": 2}))


def test_each_transaction_has_its_own_connection(database: Session) -> None:
    """Also after it was rolled back, and with a savepoint in it."""
    said = Reading(select(SettingValue.value).where(SettingValue.name == value("name", Text)))
    for _time in range(2):
        with db.session.begin_nested():
            db.session.add(SettingValue(name="prepared", value=7, at=clock.now()))
            assert said.first({"name": "prepared"}) == (7,)
        assert said.first({"name": "prepared"}) == (7,)
        db.session.rollback()
        assert said.first({"name": "prepared"}) is None


def test_a_listing_walks_all_rows_once(app: Flask, database: Session) -> None:
    """Two keys, the first descending: joined and cut, no row is shown twice or left out."""
    numbers = union_all(*(select(number(n // 3).label("rank"), number(n).label("id")) for n in range(10))).subquery()
    keys = (("rank", numbers.c.rank.desc()), ("id", numbers.c.id.asc()))

    def listing(*, after: bool) -> paging.Listing:
        which = select(numbers.c.rank, numbers.c.id)
        return paging.Listing(
            which, keys, lambda page: select(page.c.rank, page.c.id.label("id")), after=after, limit=4
        )

    found, page = [], listing(after=False).page(None)
    while True:
        found += [row.id for row in page.items]
        if page.next is None:
            break
        page = listing(after=True).page(page.next)
    assert found == [9, 6, 7, 8, 3, 4, 5, 0, 1, 2]
