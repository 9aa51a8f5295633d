"""Rounds, refusals, the duty lead and waiting (tickets-rules 38, 39, 44)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.tickets.rules import offers
from app.tickets.rules.dispatching import DispatchSettings, Job, Technician
from app.tickets.rules.offers import PastOffer, Waiting, Wake, decide, refusals
from app.tickets.rules.shifts import Span
from app.tickets.rules.workflow import OrderAct

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SETTINGS = DispatchSettings()
JOB = Job(id=1, trade="plumbing", places=frozenset({10}))
EMERGENCY = replace(JOB, priority="emergency")


def crew(*ids):
    return [
        Technician(
            person_id=person_id,
            trades={"plumbing": 2},
            zones=frozenset({10}),
            cap=4,
            shifts=(Span(NOW - HOUR, NOW + 4 * HOUR),),
        )
        for person_id in ids
    ]


def declined(person_id, number=1, **more):
    return PastOffer(person_id=person_id, round=number, ended=OrderAct.DECLINE, **more)


def expired(person_id, number=1):
    return PastOffer(person_id=person_id, round=number, ended=OrderAct.EXPIRE)


def test_the_first_offer_goes_to_the_best_for_ten_minutes():
    decision = decide(JOB, crew(3, 2), NOW, SETTINGS, wake=Wake.QUEUED)
    assert (decision.person_id, decision.round, decision.waiting) == (2, 1, None)
    assert decision.offered_until == NOW + timedelta(minutes=10)
    assert not decision.call_duty_lead


@pytest.mark.parametrize("refused", [declined, expired])
def test_a_refusal_goes_to_the_next_candidate(refused):
    assert decide(JOB, crew(2, 3), NOW, SETTINGS, past=[refused(2)]).person_id == 3


def test_rule_38_three_refusals_call_the_duty_lead_and_offers_go_on():
    past = [declined(2), expired(3), declined(4)]
    assert not decide(JOB, crew(2, 3, 4, 5), NOW, SETTINGS, past=past[:2]).call_duty_lead
    decision = decide(JOB, crew(2, 3, 4, 5), NOW, SETTINGS, past=past)
    assert decision.call_duty_lead
    assert decision.person_id == 5


def test_rule_38_an_emergency_calls_the_duty_lead_after_the_first_refusal():
    assert decide(EMERGENCY, crew(2, 3), NOW, SETTINGS, past=[expired(2)]).call_duty_lead
    decision = decide(EMERGENCY, crew(2, 3), NOW, SETTINGS)
    assert not decision.call_duty_lead
    assert decision.offered_until == NOW + timedelta(minutes=3)


def test_rule_39_nobody_eligible_waits_and_does_not_call_the_duty_lead():
    decision = decide(JOB, [], NOW, SETTINGS, wake=Wake.QUEUED)
    assert (decision.person_id, decision.offered_until) == (None, None)
    assert decision.waiting is Waiting.NOBODY_ELIGIBLE
    assert not decision.call_duty_lead


def test_rule_39_nobody_eligible_in_an_emergency_calls_the_duty_lead_at_once():
    assert decide(EMERGENCY, [], NOW, SETTINGS, wake=Wake.QUEUED).call_duty_lead


def test_rule_39_a_round_that_asked_everybody_waits_until_something_wakes_it():
    past = [declined(2), declined(3)]
    waiting = decide(JOB, crew(2, 3), NOW, SETTINGS, past=past)
    assert (waiting.waiting, waiting.round) == (Waiting.NOBODY_ELIGIBLE, 1)
    for wake in Wake:
        again = decide(JOB, crew(2, 3), NOW, SETTINGS, past=past, wake=wake)
        assert (again.person_id, again.round) == (2, 2)


def test_a_waking_without_anybody_begins_no_round():
    decision = decide(JOB, [], NOW, SETTINGS, past=[declined(2)], wake=Wake.SHIFT_BEGAN)
    assert (decision.round, decision.waiting) == (1, Waiting.NOBODY_ELIGIBLE)


def test_somebody_new_is_asked_in_the_same_round():
    decision = decide(JOB, crew(2, 3), NOW, SETTINGS, past=[declined(2)], wake=Wake.SHIFT_BEGAN)
    assert (decision.person_id, decision.round) == (3, 1)


def test_a_person_chosen_by_the_dispatcher_who_refuses_sends_it_back_to_the_dispatcher():
    """No fall-through: a person's own offer by S goes back to S, until he asks for the ranking."""
    past = [declined(2, by_dispatcher=True)]
    for wake in (None, Wake.FREED_UP, Wake.SHIFT_BEGAN):
        decision = decide(JOB, crew(2, 3), NOW, SETTINGS, past=past, wake=wake)
        assert (decision.person_id, decision.waiting) == (None, Waiting.DISPATCHER)
    assert decide(JOB, crew(2, 3), NOW, SETTINGS, past=past, wake=Wake.ASKED).person_id == 3


def test_what_a_chosen_person_accepted_and_gave_back_goes_to_the_next():
    past = [PastOffer(person_id=2, round=1, ended=OrderAct.ACCEPT, by_dispatcher=True)]
    assert decide(JOB, crew(2, 3), NOW, SETTINGS, past=past).person_id == 3


@pytest.mark.parametrize("job", [replace(JOB, rework=True), replace(JOB, place_known=False)])
def test_rule_44_rework_and_unlisted_places_wait_for_the_dispatcher(job):
    decision = decide(job, crew(2), NOW, SETTINGS, wake=Wake.QUEUED)
    assert (decision.person_id, decision.waiting) == (None, Waiting.DISPATCHER)
    assert decision.ranking.candidates
    assert decide(job, crew(2), NOW, SETTINGS, wake=Wake.ASKED).person_id == 2


def test_an_offer_suspended_by_a_question_was_not_asked():
    past = [PastOffer(person_id=2, round=1, ended=OrderAct.SUSPEND)]
    assert decide(JOB, crew(2, 3), NOW, SETTINGS, past=past, wake=Wake.QUEUED).person_id == 2


def test_refusals_count_since_somebody_accepted_and_across_rounds():
    accepted = PastOffer(person_id=4, round=1, ended=OrderAct.ACCEPT)
    revoked = PastOffer(person_id=5, round=1, ended=OrderAct.REVOKE)
    assert refusals([declined(2), expired(3), accepted]) == 0
    assert refusals([declined(2), accepted, expired(3), revoked, declined(2, 2)]) == 2


@settings(max_examples=200)
@given(
    st.lists(
        st.builds(
            PastOffer,
            person_id=st.integers(1, 4),
            round=st.integers(1, 3),
            ended=st.sampled_from(
                [OrderAct.ACCEPT, OrderAct.DECLINE, OrderAct.EXPIRE, OrderAct.REVOKE, OrderAct.SUSPEND]
            ),
            by_dispatcher=st.booleans(),
        ),
        max_size=8,
    ),
    st.lists(st.integers(1, 5), max_size=5, unique=True),
    st.none() | st.sampled_from(Wake),
    st.sampled_from([JOB, EMERGENCY]),
)
def test_a_decision_either_offers_or_says_why_it_waits(past, ids, wake, job):
    """Nobody is asked twice in a round, and rounds only grow when something woke the order."""
    decision = decide(job, crew(*ids), NOW, SETTINGS, past=past, wake=wake)
    before = max((offer.round for offer in past), default=1)
    assert (decision.person_id is None) is (decision.waiting is not None)
    assert decision.round in {before, before + 1}
    if wake is None:
        assert decision.round == before
    if decision.person_id is not None:
        asked = {offer.person_id for offer in past if offer.round == decision.round and offer.asked}
        assert decision.person_id in ids
        assert decision.person_id not in asked
    if refusals(past) >= SETTINGS.refusals_allowed(job):
        assert decision.call_duty_lead


@settings(max_examples=200)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=6, unique=True), st.integers(1, 4))
def test_refusing_without_end_asks_everybody_once_a_round(ids, rounds):
    past = []
    wake = Wake.QUEUED
    for number in range(1, rounds + 1):
        for _ in ids:
            decision = decide(JOB, crew(*ids), NOW, SETTINGS, past=past, wake=wake)
            assert decision.round == number
            past.append(expired(decision.person_id, number))
            wake = None
        assert decide(JOB, crew(*ids), NOW, SETTINGS, past=past).waiting is Waiting.NOBODY_ELIGIBLE
        wake = Wake.FREED_UP
    assert sorted(offer.person_id for offer in past if offer.round == rounds) == sorted(ids)


def test_waiting_says_why():
    assert set(offers.WAITING_LABELS) == set(Waiting)
