"""The rules of notices: a table without a dead end, phases that partition time, contents that cannot contradict."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.portal.rules import notices as rules
from app.portal.rules.notices import AHEAD, Act, Content, Kind, Phase, Status, Utility

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
moments = st.integers(0, 60 * 24 * 60).map(lambda minutes: BEGIN + timedelta(minutes=minutes))
maybe = st.none() | moments
contents = st.builds(
    Content,
    kind=st.sampled_from(Kind),
    title=st.sampled_from([{}, {"zh-CN": "停水"}, {"zh-CN": "停水", "en": "No water"}]),
    body=st.just({}),
    utility=st.none() | st.sampled_from(Utility),
    starts_at=maybe,
    ends_at=maybe,
    shown_from=maybe,
    shown_until=maybe,
)


def test_the_table_is_what_is_said_of_it() -> None:
    """Draft, published, ended; only a draft can be thrown away, nothing leaves the end."""
    assert {(start, act): to for (start, act), to in rules.TABLE.items()} == {
        (None, Act.WRITE): Status.DRAFT,
        (Status.DRAFT, Act.CHANGE): Status.DRAFT,
        (Status.DRAFT, Act.PUBLISH): Status.PUBLISHED,
        (Status.DRAFT, Act.DISCARD): None,
        (Status.PUBLISHED, Act.CHANGE): Status.PUBLISHED,
        (Status.PUBLISHED, Act.END): Status.ENDED,
    }
    assert rules.acts(Status.ENDED) == ()


@given(st.none() | st.sampled_from(Status), st.sampled_from(Act))
def test_what_the_table_has_not_is_refused(status: Status | None, act: Act) -> None:
    if (status, act) in rules.TABLE:
        assert rules.target(status, act) == rules.TABLE[(status, act)]
    else:
        with pytest.raises(ValueError, match="from"):
            rules.target(status, act)


@given(st.sampled_from(Status), maybe, maybe, moments, moments)
def test_phases_follow_each_other(
    status: Status, shown_from: datetime | None, shown_until: datetime | None, one: datetime, other: datetime
) -> None:
    """Planned, shown, over come in this order and never go back, whatever the two ends are."""
    order = [Phase.DRAFT, Phase.PLANNED, Phase.SHOWN, Phase.OVER]
    earlier, later = sorted((one, other))
    first = rules.phase(status, shown_from, shown_until, earlier)
    second = rules.phase(status, shown_from, shown_until, later)
    assert order.index(first) <= order.index(second)
    assert (first == Phase.DRAFT) == (status == Status.DRAFT)


@given(contents)
def test_a_content_without_faults_satisfies_the_table(content: Content) -> None:
    """What the rules let through, the CHECK constraints of `notice` let through too."""
    fitted = content.fitted()
    assert fitted.fitted() == fitted
    if rules.faults(fitted):
        return
    assert fitted.title
    whole = fitted.utility is not None and fitted.starts_at is not None and fitted.ends_at is not None
    assert (fitted.kind == Kind.OUTAGE) == whole
    if fitted.kind == Kind.OUTAGE:
        assert fitted.starts_at is not None
        assert fitted.ends_at is not None
        assert timedelta() < fitted.ends_at - fitted.starts_at <= rules.LONGEST_OUTAGE
        assert fitted.shown_until == fitted.ends_at
    else:
        assert fitted.utility is fitted.starts_at is fitted.ends_at is None
    if fitted.shown_from and fitted.shown_until:
        assert fitted.shown_from < fitted.shown_until


@given(contents, moments)
def test_what_may_be_published_is_seen_by_somebody(content: Content, now: datetime) -> None:
    fitted = content.fitted()
    seen = rules.phase(Status.PUBLISHED, fitted.shown_from, fitted.shown_until, now) != Phase.OVER
    assert seen == (not rules.publishing_faults(fitted, now))


@given(moments, st.integers(1, 31 * 24 * 60), moments)
def test_an_outage_is_told_from_a_day_before_until_it_is_over(start: datetime, minutes: int, now: datetime) -> None:
    end = start + timedelta(minutes=minutes)
    told = rules.tells(Kind.OUTAGE, start, end, now, AHEAD)
    assert told == (start - AHEAD <= now < end)
    assert rules.tells(Kind.URGENT, None, None, now, AHEAD)
    assert not rules.tells(Kind.INFORMATION, None, None, now, AHEAD)


@pytest.mark.parametrize(
    ("given_members", "field"),
    [
        ({"title": {}}, "title_zh"),
        ({"utility": None}, "utility"),
        ({"starts_at": None}, "starts_at"),
        ({"ends_at": None}, "ends_at"),
        ({"ends_at": BEGIN}, "ends_at"),
        ({"ends_at": BEGIN + timedelta(days=32)}, "ends_at"),
        ({"shown_from": BEGIN + timedelta(hours=3)}, "shown_from"),
    ],
)
def test_each_fault_names_its_field(given_members: dict[str, Any], field: str) -> None:
    usual: dict[str, Any] = {
        "kind": Kind.OUTAGE,
        "title": {"en": "No water"},
        "body": {},
        "utility": Utility.WATER,
        "starts_at": BEGIN,
        "ends_at": BEGIN + timedelta(hours=2),
    }
    assert rules.faults(Content(**usual).fitted()) == {}
    assert set(rules.faults(Content(**{**usual, **given_members}).fitted())) == {field}


def test_information_shown_backwards_is_refused() -> None:
    content = Content(
        kind=Kind.INFORMATION, title={"en": "x"}, body={}, shown_from=BEGIN, shown_until=BEGIN - timedelta(hours=1)
    )
    assert set(rules.faults(content.fitted())) == {"shown_until"}
