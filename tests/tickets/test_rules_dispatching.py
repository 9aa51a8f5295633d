"""Eligibility, ranking and its explanation (tickets-rules 37, 39–44, N2)."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.tickets.rules import dispatching
from app.tickets.rules.dispatching import (
    DispatchSettings,
    Excluded,
    Exclusion,
    Factor,
    Job,
    Ranking,
    Technician,
    check_manual,
    exclusions,
    rank,
    serving_order,
)
from app.tickets.rules.shifts import Span

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DUTY = (Span(NOW - 60 * MINUTE, NOW + 240 * MINUTE),)
SETTINGS = DispatchSettings()
JOB = Job(id=1, trade="plumbing", places=frozenset({1, 10, 100}))
READY = Technician(person_id=5, trades=frozenset({"plumbing"}), zones=frozenset({10}), cap=4, shifts=DUTY)

instants = st.integers(-500, 500).map(lambda minutes: NOW + minutes * MINUTE)
spans = st.tuples(instants, st.integers(1, 600)).map(lambda pair: Span(pair[0], pair[0] + pair[1] * MINUTE))


@st.composite
def crews(draw):
    """Up to eight technicians, most of them eligible for most jobs."""
    ids = draw(st.lists(st.integers(1, 30), max_size=8, unique=True))
    return [
        Technician(
            person_id=person_id,
            trades=draw(st.frozensets(st.sampled_from(["plumbing", "electrical"]), min_size=0)),
            zones=draw(st.frozensets(st.sampled_from([10, 11]))),
            cap=draw(st.integers(1, 5)),
            open_orders=draw(st.integers(0, 5)),
            shifts=draw(st.sampled_from([DUTY, DUTY, (), (Span(NOW - MINUTE, NOW + 10 * MINUTE),)])),
            on_call=draw(st.sampled_from([(), DUTY])),
            absences=tuple(draw(st.lists(spans, max_size=1))),
            last_offered_at=draw(st.none() | instants),
            account_valid=draw(st.sampled_from([True, True, True, False])),
        )
        for person_id in ids
    ]


jobs = st.builds(
    Job,
    id=st.just(1),
    trade=st.sampled_from(["plumbing", "electrical"]),
    places=st.sampled_from([frozenset({1, 10}), frozenset({1, 11, 110})]),
    priority=st.sampled_from(["low", "normal", "high", "emergency"]),
    offered=st.frozensets(st.integers(1, 30), max_size=3),
    rework=st.booleans(),
    did_before=st.frozensets(st.integers(1, 30), max_size=3),
)


def test_somebody_with_everything_is_eligible():
    assert exclusions(JOB, READY, NOW, SETTINGS) == ()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"account_valid": False}, Exclusion.ACCOUNT_ENDED),
        ({"trades": frozenset({"electrical"})}, Exclusion.WRONG_TRADE),
        ({"zones": frozenset({11})}, Exclusion.OUT_OF_ZONE),
        ({"absences": (Span(NOW - MINUTE, NOW + MINUTE),)}, Exclusion.ABSENT),
        ({"absences": (Span(NOW + 9 * MINUTE, NOW + 60 * MINUTE),)}, Exclusion.ABSENT),
        ({"shifts": ()}, Exclusion.OFF_SHIFT),
        ({"shifts": (), "on_call": DUTY}, Exclusion.OFF_SHIFT),
        ({"shifts": (Span(NOW - MINUTE, NOW + 10 * MINUTE),)}, Exclusion.SHIFT_ENDS),
        ({"open_orders": 4}, Exclusion.AT_CAP),
    ],
)
def test_rule_37_excludes_with_its_reason(changes, reason):
    assert exclusions(JOB, replace(READY, **changes), NOW, SETTINGS) == (reason,)


def test_rule_37_not_offered_this_round():
    assert exclusions(replace(JOB, offered=frozenset({5})), READY, NOW, SETTINGS) == (Exclusion.OFFERED_THIS_ROUND,)


def test_rule_37_shifts_that_touch_count_as_one():
    ends_soon = Span(NOW - MINUTE, NOW + 5 * MINUTE)
    follows = Span(NOW + 5 * MINUTE, NOW + 60 * MINUTE)
    assert exclusions(JOB, replace(READY, shifts=(follows, ends_soon)), NOW, SETTINGS) == ()
    later = Span(NOW + 6 * MINUTE, NOW + 60 * MINUTE)
    assert exclusions(JOB, replace(READY, shifts=(later, ends_soon)), NOW, SETTINGS) == (Exclusion.SHIFT_ENDS,)


def test_rule_37_an_emergency_asks_those_on_call_too_and_for_three_minutes_only():
    emergency = replace(JOB, priority="emergency")
    assert exclusions(emergency, replace(READY, shifts=(), on_call=DUTY), NOW, SETTINGS) == ()
    short = replace(READY, shifts=(Span(NOW - MINUTE, NOW + 4 * MINUTE),))
    assert exclusions(emergency, short, NOW, SETTINGS) == ()
    assert SETTINGS.offered_until(emergency, NOW) == NOW + 3 * MINUTE
    assert SETTINGS.offered_until(JOB, NOW) == NOW + 10 * MINUTE


@settings(max_examples=200, deadline=None)
@given(jobs, crews())
def test_everybody_is_either_a_candidate_or_excluded_with_a_reason(job, crew):
    ranking = rank(job, crew, NOW, SETTINGS)
    candidates = [one.person_id for one in ranking.candidates]
    excluded = [one.person_id for one in ranking.excluded]
    assert sorted(candidates + excluded) == sorted(person.person_id for person in crew)
    people = {person.person_id: person for person in crew}
    for one in ranking.candidates:
        assert exclusions(job, people[one.person_id], NOW, SETTINGS) == ()
        assert one.reasons
        assert 0 <= one.score <= 100
    for out in ranking.excluded:
        assert exclusions(job, people[out.person_id], NOW, SETTINGS)[0] is out.reason
    assert ranking.version == dispatching.VERSION
    assert ranking.best is (ranking.candidates[0] if candidates else None)


@settings(max_examples=200, deadline=None)
@given(jobs, crews(), st.randoms())
def test_the_order_is_fewest_open_then_longest_without_an_offer_then_id(job, crew, random):
    """…and does not depend on the order in which people are given; rework: who did not do it first (44)."""
    ranking = rank(job, crew, NOW, SETTINGS)
    shuffled = list(crew)
    random.shuffle(shuffled)
    assert rank(job, shuffled, NOW, SETTINGS) == ranking
    people = {person.person_id: person for person in crew}
    long_ago = datetime(1970, 1, 1, tzinfo=UTC)

    def expected(person_id):
        person = people[person_id]
        again = job.rework and person_id in job.did_before
        return (again, person.open_orders, person.last_offered_at or long_ago, person_id)

    ordered = [one.person_id for one in ranking.candidates]
    assert ordered == sorted(ordered, key=expected)
    scores = [one.score for one in ranking.candidates]
    assert scores == sorted(scores, reverse=True)


@settings(max_examples=200, deadline=None)
@given(jobs, crews())
def test_rule_43_what_is_stored_with_the_offer_is_the_ranking(job, crew):
    ranking = rank(job, crew, NOW, SETTINGS)
    assert Ranking.from_data(json.loads(json.dumps(ranking.as_data()))) == ranking


@settings(max_examples=200, deadline=None)
@given(jobs, crews())
def test_rule_41_a_score_does_not_depend_on_the_pool(job, crew):
    together = {one.person_id: one.score for one in rank(job, crew, NOW, SETTINGS).candidates}
    for person in crew:
        for one in rank(job, [person], NOW, SETTINGS).candidates:
            assert together[one.person_id] == one.score


def test_the_explanation_names_load_last_offer_and_the_shift():
    (never,) = rank(JOB, [READY], NOW, SETTINGS).candidates
    assert [why.factor for why in never.reasons] == [Factor.FEWEST_OPEN, Factor.NEVER_OFFERED, Factor.SHIFT_UNTIL]
    assert never.reasons[0].values == {"open": 0, "cap": 4}
    whole_week = (Span(NOW - MINUTE, NOW + timedelta(days=7)),)
    before = replace(READY, shifts=whole_week, last_offered_at=NOW - MINUTE)
    (offered,) = rank(replace(JOB, rework=True, did_before=frozenset({5})), [before], NOW, SETTINGS).candidates
    assert [why.factor for why in offered.reasons] == [Factor.FEWEST_OPEN, Factor.LAST_OFFER, Factor.DID_IT_BEFORE]
    assert set(dispatching.FACTOR_LABELS) == set(Factor)
    assert set(dispatching.EXCLUSION_LABELS) == set(Exclusion)


class TestManual:
    """N2: the same checks; shift and cap yield to a reason, absence, trade, zone and an ended account never."""

    def test_shift_and_cap_ask_for_a_reason(self):
        check = check_manual(JOB, replace(READY, shifts=(), open_orders=9), NOW, SETTINGS)
        assert check.with_reason == (Exclusion.OFF_SHIFT, Exclusion.AT_CAP)
        assert check.allowed(reason_given=True)
        assert not check.allowed(reason_given=False)

    @pytest.mark.parametrize(
        "changes",
        [
            {"account_valid": False},
            {"trades": frozenset()},
            {"zones": frozenset()},
            {"absences": (Span(NOW - MINUTE, NOW + MINUTE),)},
        ],
    )
    def test_the_rest_yields_to_nothing(self, changes):
        check = check_manual(JOB, replace(READY, **changes), NOW, SETTINGS)
        assert check.never
        assert not check.allowed(reason_given=True)

    def test_somebody_asked_before_may_be_asked_by_hand(self):
        check = check_manual(replace(JOB, offered=frozenset({5})), READY, NOW, SETTINGS)
        assert check.allowed(reason_given=False)

    @settings(max_examples=200, deadline=None)
    @given(jobs, crews())
    def test_whom_the_ranking_takes_the_dispatcher_may_take(self, job, crew):
        people = {person.person_id: person for person in crew}
        for one in rank(job, crew, NOW, SETTINGS).candidates:
            assert check_manual(job, people[one.person_id], NOW, SETTINGS).allowed(reason_given=False)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(1, 99),
            st.sampled_from(["low", "normal", "high", "emergency", "odd"]),
            st.none() | instants,
            st.integers(1, 999).map(lambda serial: f"W26-{serial:06d}"),
        ),
        max_size=8,
    )
)
def test_rule_40_waiting_orders_are_served_by_priority_due_number(waiting):
    served = serving_order(waiting)
    assert sorted(served) == sorted(one[0] for one in waiting)
    place = {"emergency": 0, "high": 1, "normal": 2, "odd": 2, "low": 3}
    keys = [
        (place[priority], due or datetime.max.replace(tzinfo=UTC), number)
        for order_id in dict.fromkeys(served)
        for (one, priority, due, number) in waiting
        if one == order_id and waiting.count((one, priority, due, number)) == len([w for w in waiting if w[0] == one])
    ]
    if len(set(served)) == len(served):
        assert keys == sorted(keys)


def test_an_excluded_person_is_told_with_one_reason():
    ranking = rank(JOB, [replace(READY, trades=frozenset(), shifts=())], NOW, SETTINGS)
    assert ranking.excluded == (Excluded(5, Exclusion.WRONG_TRADE),)
