"""Eligibility, ranking and its explanation (tickets-rules 37, 39–44, N2)."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.tickets.rules import dispatching
from app.tickets.rules.dispatching import (
    Criterion,
    DispatchSettings,
    Excluded,
    Exclusion,
    Factor,
    Job,
    Ranking,
    Stand,
    Technician,
    check_manual,
    exclusions,
    rank,
)
from app.tickets.rules.shifts import Span

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DUTY = (Span(NOW - 60 * MINUTE, NOW + 240 * MINUTE),)
SETTINGS = DispatchSettings()
JOB = Job(id=1, trade="plumbing", places=frozenset({1, 10, 100}))
READY = Technician(person_id=5, trades={"plumbing": 2}, zones=frozenset({10}), cap=4, shifts=DUTY)

instants = st.integers(-500, 500).map(lambda minutes: NOW + minutes * MINUTE)
spans = st.tuples(instants, st.integers(1, 600)).map(lambda pair: Span(pair[0], pair[0] + pair[1] * MINUTE))


stands = st.builds(
    Stand, building=st.sampled_from([10, 11, 12, None]), campus=st.sampled_from([1, 2, None]), name=st.just("桃园 1")
)


@st.composite
def crews(draw):
    """Up to eight technicians, most of them eligible for most jobs."""
    ids = draw(st.lists(st.integers(1, 30), max_size=8, unique=True))
    return [
        Technician(
            person_id=person_id,
            trades=draw(st.dictionaries(st.sampled_from(["plumbing", "electrical"]), st.integers(1, 3))),
            certificates=draw(st.frozensets(st.sampled_from(["height", "voltage"]))),
            minutes_held=draw(st.sampled_from([0, 0, 30, 479, 480, 5000])),
            buildings=draw(st.frozensets(st.sampled_from([10, 11]))),
            stand=draw(st.none() | stands),
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
    building=st.sampled_from([10, 11, None]),
    campus=st.sampled_from([1, 1, None]),
    walks=st.dictionaries(st.sampled_from([10, 11, 12]), st.integers(1, 90)),
    level=st.sampled_from([1, 1, 2]),
    certificates=st.frozensets(st.sampled_from(["height"]), max_size=1),
    planned_minutes=st.integers(1, 600),
    visitors=st.frozensets(st.integers(1, 30), max_size=3),
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
        ({"trades": {"electrical": 3}}, Exclusion.WRONG_TRADE),
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


@settings(max_examples=200)
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


def test_rule_37_a_trade_may_be_demanded_with_a_level_and_a_certificate_with_its_validity():
    master = replace(JOB, level=3)
    assert exclusions(master, READY, NOW, SETTINGS) == (Exclusion.LEVEL_TOO_LOW,)
    assert exclusions(master, replace(READY, trades={"plumbing": 3}), NOW, SETTINGS) == ()
    high_up = replace(JOB, certificates=frozenset({"height"}))
    assert exclusions(high_up, READY, NOW, SETTINGS) == (Exclusion.NO_CERTIFICATE,)
    assert exclusions(high_up, replace(READY, certificates=frozenset({"height", "x"})), NOW, SETTINGS) == ()


@settings(max_examples=200)
@given(jobs, crews(), st.randoms())
def test_rule_42_by_score_then_less_load_then_longest_without_an_offer_then_id(job, crew, random):
    """…and it does not depend on the order in which people are given; rework: who did not do it first (44)."""
    ranking = rank(job, crew, NOW, SETTINGS)
    shuffled = list(crew)
    random.shuffle(shuffled)
    assert rank(job, shuffled, NOW, SETTINGS) == ranking
    people = {person.person_id: person for person in crew}
    long_ago = datetime(1970, 1, 1, tzinfo=UTC)

    def expected(one):
        person = people[one.person_id]
        again = job.rework and one.person_id in job.did_before
        return (again, -one.score, person.minutes_held, person.last_offered_at or long_ago, one.person_id)

    assert list(ranking.candidates) == sorted(ranking.candidates, key=expected)


@settings(max_examples=200)
@given(jobs, crews(), st.dictionaries(st.sampled_from(list(Criterion)), st.integers(0, 100)))
def test_rule_41_a_score_is_its_figures_weighed_each_within_fixed_bounds(job, crew, weights):
    chosen = DispatchSettings(weights=weights)
    for one in rank(job, crew, NOW, chosen).candidates:
        assert [part.criterion for part in one.parts] == list(Criterion)
        assert all(0 <= part.n <= 1 for part in one.parts)
        assert [part.weight for part in one.parts] == [weights.get(each, 0) for each in Criterion]
        total = sum(part.weight for part in one.parts)
        exact = 100 * sum(part.weight * part.n for part in one.parts) / total if total else 0
        assert abs(one.score - exact) <= 0.05 + 1e-9
        assert 0 <= one.score <= 100


@settings(max_examples=200)
@given(jobs, crews(), crews())
def test_rule_41_another_candidate_changes_nobodys_score(job, crew, others):
    alone = {one.person_id: one for one in rank(job, crew, NOW, SETTINGS).candidates}
    known = {person.person_id for person in crew}
    more = [person for person in others if person.person_id not in known]
    together = {one.person_id: one for one in rank(job, [*crew, *more], NOW, SETTINGS).candidates}
    assert all(together[person_id] == one for person_id, one in alone.items())


@settings(max_examples=200)
@given(jobs, crews(), st.integers(1, 600))
def test_more_load_never_scores_more_and_a_higher_level_never_less(job, crew, minutes):
    for person in crew:
        busier = replace(person, minutes_held=person.minutes_held + minutes)
        better = replace(person, trades={**person.trades, job.trade: 3})
        (score,) = [one.score for one in rank(job, [person], NOW, SETTINGS).candidates] or [None]
        if score is not None:
            assert rank(job, [busier], NOW, SETTINGS).candidates[0].score <= score
            assert rank(job, [better], NOW, SETTINGS).candidates[0].score >= score


def figures(job, person, **chosen):
    (one,) = rank(job, [person], NOW, DispatchSettings(**chosen)).candidates
    return {part.criterion.value: part.n for part in one.parts}


HERE = replace(JOB, building=10, campus=1, walks={11: 6, 12: 45}, planned_minutes=60)


@pytest.mark.parametrize(
    ("changes", "criterion", "n"),
    [
        ({"trades": {"plumbing": 1}}, "skill", 0),
        ({"trades": {"plumbing": 2}}, "skill", 0.5),
        ({"trades": {"plumbing": 3}}, "skill", 1),
        ({"stand": None}, "distance", 0.5),
        ({"stand": Stand(building=10, campus=1)}, "distance", 1),
        ({"stand": Stand(building=11, campus=1)}, "distance", 0.8),
        ({"stand": Stand(building=12, campus=1)}, "distance", 0),
        ({"stand": Stand(building=13, campus=1)}, "distance", 0.5),
        ({"stand": Stand(building=14, campus=2)}, "distance", 0),
        ({"stand": Stand(building=None, campus=1)}, "distance", 0.5),
        ({"minutes_held": 0}, "load", 1),
        ({"minutes_held": 120}, "load", 0.75),
        ({"minutes_held": 900}, "load", 0),
        ({}, "rest_of_shift", 1),
        ({"shifts": (Span(NOW - MINUTE, NOW + 15 * MINUTE),)}, "rest_of_shift", 0.25),
        ({}, "same_building", 0),
        ({"buildings": frozenset({10})}, "same_building", 1),
        ({"stand": Stand(building=10, campus=1)}, "same_building", 1),
        ({}, "visited", 0),
        ({"person_id": 9}, "visited", 1),
    ],
)
def test_rule_41_and_42_the_figures_one_by_one(changes, criterion, n):
    assert figures(replace(HERE, visitors=frozenset({9})), replace(READY, **changes))[criterion] == n


def test_rule_42_the_usual_weights_and_the_bounds_are_settings():
    assert {each.value: weight for each, weight in SETTINGS.weights.items()} == {
        "skill": 30,
        "distance": 25,
        "load": 25,
        "rest_of_shift": 10,
        "same_building": 5,
        "visited": 5,
    }
    walker = replace(READY, stand=Stand(building=11, campus=1), minutes_held=30)
    assert figures(HERE, walker, walk_minutes=12)["distance"] == 0.5
    assert figures(HERE, walker, load_minutes=60)["load"] == 0.5


@settings(max_examples=200)
@given(jobs, crews())
def test_rule_43_what_is_stored_with_the_offer_is_the_ranking(job, crew):
    ranking = rank(job, crew, NOW, SETTINGS)
    assert Ranking.from_data(json.loads(json.dumps(ranking.as_data()))) == ranking


def test_rule_43_what_the_rule_before_stored_can_still_be_read():
    stored = {
        "version": "simple-1",
        "candidates": [
            {"person_id": 5, "score": 50.0, "reasons": [{"factor": "fewest_open", "values": {"open": 1, "cap": 4}}]}
        ],
        "excluded": [{"person_id": 6, "reason": "at_cap"}],
    }
    ranking = Ranking.from_data(stored)
    assert ranking.best is not None
    assert ranking.best.parts == ()
    assert ranking.best.reasons[0].factor is Factor.FEWEST_OPEN


def said(job, person):
    (one,) = rank(job, [person], NOW, SETTINGS).candidates
    return [why.factor for why in one.reasons]


def test_the_explanation_says_what_speaks_for_whom():
    assert said(JOB, READY) == [Factor.LEVEL, Factor.EMPTY_HANDS, Factor.SHIFT_UNTIL, Factor.NEVER_OFFERED]
    whole_week = (Span(NOW - MINUTE, NOW + timedelta(days=7)),)
    busy = replace(READY, shifts=whole_week, last_offered_at=NOW - MINUTE, open_orders=2, minutes_held=90)
    assert said(JOB, busy) == [Factor.LEVEL, Factor.IN_HAND, Factor.LAST_OFFER]
    again = replace(HERE, rework=True, did_before=frozenset({5}), visitors=frozenset({5}))
    assert said(again, busy)[-3:] == [Factor.VISITED, Factor.LAST_OFFER, Factor.DID_IT_BEFORE]
    (one,) = rank(JOB, [busy], NOW, SETTINGS).candidates
    assert one.reasons[1].values == {"minutes": 90, "open": 2, "cap": 4}
    assert set(dispatching.FACTOR_LABELS) == set(Factor)
    assert set(dispatching.EXCLUSION_LABELS) == set(Exclusion)
    assert set(dispatching.CRITERION_LABELS) == set(Criterion)


@pytest.mark.parametrize(
    ("stand", "factor", "values"),
    [
        (Stand(building=10, campus=1, name="桃园 1"), Factor.IN_BUILDING, {}),
        (Stand(building=11, campus=1, name="桃园 2"), Factor.ON_FOOT, {"place": "桃园 2", "minutes": 6}),
        (Stand(building=13, campus=1, name="桃园 4"), Factor.ELSEWHERE, {"place": "桃园 4"}),
        (Stand(building=14, campus=2, name="桂园 1"), Factor.OTHER_CAMPUS, {"place": "桂园 1"}),
    ],
)
def test_the_explanation_says_where_somebody_is(stand, factor, values):
    (one,) = rank(HERE, [replace(READY, stand=stand)], NOW, SETTINGS).candidates
    assert (one.reasons[1].factor, one.reasons[1].values) == (factor, values)


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
            {"trades": {}},
            {"trades": {"plumbing": 1}},
            {"zones": frozenset()},
            {"absences": (Span(NOW - MINUTE, NOW + MINUTE),)},
        ],
    )
    def test_the_rest_yields_to_nothing(self, changes):
        check = check_manual(replace(JOB, level=2), replace(READY, **changes), NOW, SETTINGS)
        assert check.never
        assert not check.allowed(reason_given=True)

    def test_somebody_asked_before_may_be_asked_by_hand(self):
        check = check_manual(replace(JOB, offered=frozenset({5})), READY, NOW, SETTINGS)
        assert check.allowed(reason_given=False)

    @settings(max_examples=200)
    @given(jobs, crews())
    def test_whom_the_ranking_takes_the_dispatcher_may_take(self, job, crew):
        people = {person.person_id: person for person in crew}
        for one in rank(job, crew, NOW, SETTINGS).candidates:
            assert check_manual(job, people[one.person_id], NOW, SETTINGS).allowed(reason_given=False)


def test_an_excluded_person_is_told_with_one_reason():
    ranking = rank(JOB, [replace(READY, trades={}, shifts=())], NOW, SETTINGS)
    assert ranking.excluded == (Excluded(5, Exclusion.WRONG_TRADE),)
