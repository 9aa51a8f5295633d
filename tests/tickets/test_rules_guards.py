"""Each demand of the tables is met by the facts it speaks of and by nothing else (tickets-rules 1, 2)."""

from datetime import UTC, datetime, timedelta

import pytest

from app.tickets.rules import guards, workflow
from app.tickets.rules.guards import Facts
from app.tickets.rules.workflow import Guard, OrderAct, OrderState, TicketAct, TicketStatus, Who

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)

# guard, act, facts that meet it, facts that do not
CASES = [
    (Guard.PLACE_OR_TEXT, TicketAct.FILE, {"has_place_or_text": True}, {}),
    (Guard.CATEGORY, TicketAct.FILE, {"has_category": True}, {}),
    (Guard.AUTOMATIC, TicketAct.ACCEPT, {"automatic": True}, {}),
    (Guard.QUESTION, TicketAct.ASK, {"note": "Which tap?"}, {"note": "  "}),
    (Guard.NONE_BEYOND_OFFERED, TicketAct.ASK, {"none_beyond_offered": True}, {}),
    (Guard.ANSWER, TicketAct.ANSWER, {"note": "The left one"}, {}),
    (Guard.WAITED_14_DAYS, TicketAct.NO_ANSWER, {"since": NOW - 14 * DAY}, {"since": NOW - 14 * DAY + SECOND}),
    (Guard.WAITED_14_DAYS, TicketAct.NO_ANSWER, {"since": NOW - 15 * DAY}, {}),
    (Guard.REMINDED_TWICE, TicketAct.NO_ANSWER, {"reminders": 2}, {"reminders": 1}),
    (Guard.REASON, TicketAct.REJECT, {"reason": "not_ours"}, {"reason": "no wish"}),
    (Guard.REASON, OrderAct.DECLINE, {"reason": "no wish"}, {"reason": " "}),
    (Guard.UNTOUCHED, TicketAct.WITHDRAW, {"untouched": True}, {"stranded": True}),
    (Guard.UNTOUCHED_OR_STRANDED, TicketAct.REJECT, {"untouched": True}, {}),
    (Guard.UNTOUCHED_OR_STRANDED, TicketAct.REJECT, {"stranded": True}, {}),
    (
        Guard.REJECTED_WITHIN_30_DAYS,
        TicketAct.RECONSIDER,
        {"since": NOW - 30 * DAY},
        {"since": NOW - 30 * DAY - SECOND},
    ),
    (Guard.WITHIN_30_DAYS, TicketAct.NOT_FIXED, {"since": NOW - 30 * DAY}, {"since": NOW - 30 * DAY - SECOND}),
    (Guard.WITHIN_30_DAYS, TicketAct.NOT_FIXED, {"since": NOW}, {}),
    (Guard.ORIGINAL_OPEN, TicketAct.MERGE, {"original_open": True}, {}),
    (Guard.NO_FOLLOWER, TicketAct.WITHDRAW, {}, {"followers": 1}),
    (Guard.FIRST_ACCEPTED, TicketAct.ORDER_ACCEPTED, {"first_accepted": True}, {}),
    (Guard.ALL_DONE, TicketAct.ALL_DONE, {"all_done": True}, {}),
    (Guard.NO_THIRD_PARTY, TicketAct.CONFIRM, {}, {"third_party": True}),
    (Guard.THIRD_PARTY, TicketAct.ACCEPT_THIRD, {"third_party": True}, {}),
    (Guard.WAITED_7_DAYS, TicketAct.DEFAULT, {"since": NOW - 7 * DAY}, {"since": NOW - 7 * DAY + SECOND}),
    (Guard.TEXT_OR_PHOTO, TicketAct.NOT_FIXED, {"note": "drips"}, {}),
    (Guard.TEXT_OR_PHOTO, TicketAct.NOT_FIXED, {"has_photo": True}, {"note": ""}),
    (Guard.TRADE, OrderAct.OPEN, {"trade": "plumbing"}, {"trade": ""}),
    (Guard.PLANNED_MINUTES, OrderAct.OPEN, {"planned_minutes": 1}, {"planned_minutes": 0}),
    (Guard.PLANNED_MINUTES, OrderAct.OPEN, {"planned_minutes": 30}, {}),
    (Guard.DEPENDENCIES_OVER, OrderAct.QUEUE, {}, {"dependencies_over": False}),
    (Guard.WINDOW_NEAR, OrderAct.QUEUE, {}, {"window_near": False}),
    (Guard.ELIGIBLE, OrderAct.OFFER, {"eligible": True}, {}),
    (Guard.ANOTHER_PERSON, OrderAct.OFFER, {"person_id": 5, "offered_to": 4}, {"person_id": 4, "offered_to": 4}),
    (Guard.ANOTHER_PERSON, OrderAct.REASSIGN, {"person_id": 5, "holder_id": 4}, {"person_id": 4, "holder_id": 4}),
    (Guard.ANOTHER_PERSON, OrderAct.REASSIGN, {"person_id": 5}, {}),
    (Guard.OFFERED_UNTIL, OrderAct.OFFER, {"offered_until": NOW + SECOND}, {"offered_until": NOW}),
    (Guard.OFFERED_UNTIL, OrderAct.OFFER, {"offered_until": NOW + DAY}, {}),
    (Guard.STILL_OFFERED, OrderAct.ACCEPT, {"offered_to": 4, "actor_id": 4}, {"offered_to": 5, "actor_id": 4}),
    (Guard.STILL_OFFERED, OrderAct.ACCEPT, {"offered_to": 4, "actor_id": 4}, {}),
    (Guard.POOLED, OrderAct.GRAB, {"pooled": True}, {}),
    *[
        (Guard.UNTIL, OrderAct.HOLD, {"reason": reason, "until": NOW + DAY}, {"reason": reason})
        for reason in ("parts", "approval", "weather", "other_trade", "Other trade")
    ],
    (Guard.UNTIL, OrderAct.HOLD, {"reason": "access"}, {"reason": "access", "until": NOW}),
    (
        Guard.CARD_OR_WINDOW,
        OrderAct.HOLD,
        {"reason": "reporter_absent", "card_left": True},
        {"reason": "reporter_absent"},
    ),
    (
        Guard.CARD_OR_WINDOW,
        OrderAct.HOLD,
        {"reason": "reporter_absent", "note": "card at the door"},
        {"reason": "reporter_absent"},
    ),
    (
        Guard.CARD_OR_WINDOW,
        OrderAct.HOLD,
        {"reason": "reporter_absent", "until": NOW + DAY},
        {"reason": "reporter_absent"},
    ),
    (Guard.CARD_OR_WINDOW, OrderAct.HOLD, {"reason": "parts"}, {"reason": "Reporter absent"}),
    (
        Guard.TICKET_NEEDS_INFO,
        OrderAct.SUSPEND,
        {"ticket_status": TicketStatus.NEEDS_INFO},
        {"ticket_status": TicketStatus.ACCEPTED},
    ),
    *[
        (guard, act, {"demanded": frozenset({guard}), "given": frozenset({guard})}, {"demanded": frozenset({guard})})
        for guard, act in (
            (Guard.SCAN, OrderAct.START),
            (Guard.CHECKLIST, OrderAct.DONE),
            (Guard.PHOTOS, OrderAct.DONE),
            (Guard.CODE, OrderAct.DONE),
            (Guard.SIGNATURE, OrderAct.DONE),
        )
    ],
    (Guard.SCAN, OrderAct.START, {}, {"demanded": frozenset({Guard.SCAN}), "given": frozenset({Guard.CODE})}),
    (Guard.PERSON, OrderAct.REASSIGN, {"person_id": 4}, {}),
    (Guard.NOBODY_ASSIGNED, OrderAct.REQUEUE, {}, {"holder_id": 4}),
    (Guard.UNTIL_REACHED, OrderAct.EXPIRE, {"offered_until": NOW}, {"offered_until": NOW + SECOND}),
    (Guard.UNTIL_REACHED, OrderAct.REQUEUE, {"hold_until": NOW}, {"hold_until": NOW + SECOND}),
    (Guard.UNTIL_REACHED, OrderAct.REQUEUE, {"hold_until": NOW - DAY}, {}),
    (Guard.NOTE, OrderAct.DONE, {"note": "washer changed"}, {}),
    (Guard.TRUE_TIME, OrderAct.DONE, {"true_time": NOW}, {"true_time": NOW + SECOND}),
    (Guard.TRUE_TIME, OrderAct.DONE, {"true_time": NOW - DAY}, {}),
    (
        Guard.TICKET_CLOSED,
        OrderAct.VERIFY,
        {"ticket_status": TicketStatus.CLOSED},
        {"ticket_status": TicketStatus.RESOLVED},
    ),
    (Guard.TICKET_CLOSED, OrderAct.VERIFY, {}, {"ticket_status": TicketStatus.IN_SERVICE}),
    (Guard.NAMED_BY_NOT_FIXED, OrderAct.REWORKED, {"named_by_not_fixed": True}, {}),
    (Guard.NO_OPEN_TIMER, OrderAct.CLOSE, {}, {"open_timers": 1}),
    (Guard.NO_UNRETURNED_PART, OrderAct.CLOSE, {}, {"unreturned_parts": 1}),
]


@pytest.mark.parametrize(("guard", "act", "met", "unmet"), CASES)
def test_a_demand_is_met_by_its_facts_only(guard, act, met, unmet):
    assert guards.holds(guard, act, Facts(now=NOW, **met))
    assert not guards.holds(guard, act, Facts(now=NOW, **unmet))


def test_every_demand_is_tried_here_and_has_its_sentence():
    assert {case[0] for case in CASES} == set(Guard)
    assert set(guards.GUARD_MESSAGES) == set(Guard)


def test_every_guard_stands_in_a_table():
    used = {need.guard for row in (*workflow.TICKET_TABLE, *workflow.ORDER_TABLE) for need in row.needs}
    assert used == set(Guard)


def test_check_names_every_demand_not_met_with_its_field():
    row = workflow.order_transition(OrderState.WORKING, OrderAct.DONE, ticket=TicketStatus.IN_SERVICE)
    assert [refusal.field for refusal in guards.check(row, Who.HOLDER, Facts(now=NOW))] == ["note"]
    on_behalf = guards.check(row, Who.DISPATCHER, Facts(now=NOW))
    assert [refusal.guard for refusal in on_behalf] == [Guard.NOTE, Guard.REASON, Guard.TRUE_TIME]
    assert all(refusal.message for refusal in on_behalf)
    assert guards.check(row, Who.HOLDER, Facts(now=NOW, note="done")) == ()


def test_a_demand_of_the_world_has_no_field():
    row = workflow.ticket_transition(TicketStatus.ACCEPTED, TicketAct.WITHDRAW)
    refusals = guards.check(row, Who.REPORTER, Facts(now=NOW, followers=2))
    assert [(refusal.guard, refusal.field) for refusal in refusals] == [
        (Guard.UNTOUCHED, None),
        (Guard.NO_FOLLOWER, None),
    ]
