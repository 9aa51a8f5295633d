"""State columns equal the fold of the events (invariant 1; tickets-rules 1, 2)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.tickets.rules import history, workflow
from app.tickets.rules.history import BrokenHistory, Event, Remark, fold
from app.tickets.rules.workflow import OrderAct, OrderState, TicketAct, TicketStatus
from tests.tickets import rules_machine as machine


@st.composite
def walks(draw):
    """A ticket's life: up to 25 steps of the machine, each chosen among all the tables allow."""
    world = machine.filed()
    for _ in range(draw(st.integers(0, 25))):
        following = list(machine.steps(world))
        if not following:
            break
        world = following[draw(st.integers(0, len(following) - 1))]
    return world


def make(*steps, actor=7):
    """Events of `steps`: (kind, from, to) of the ticket or (order, kind, from, to, person)."""
    events = [Event(id=1, at=machine.START, kind="file", to_state="submitted", actor_id=actor)]
    cycle = 1
    for number, step in enumerate(steps, start=2):
        order_id, kind, start, to, person = step if len(step) == 5 else (None, *step, None)
        cycle += kind == "not_fixed"
        events.append(
            Event(
                id=number,
                at=machine.START + timedelta(hours=number),
                kind=kind,
                order_id=order_id,
                from_state=start,
                to_state=to,
                actor_id=actor,
                cycle=cycle,
                person_id=person,
            )
        )
    return events


@settings(max_examples=200)
@given(walks())
def test_the_state_is_the_fold_of_the_events(world):
    story = fold(world.events)
    assert story == world.story
    last = {event.order_id: event.to_state for event in world.events}
    assert last.pop(None) == story.status
    assert last == story.order_states


@settings(max_examples=200)
@given(walks(), st.data())
def test_remarks_change_no_state(world, data):
    at = data.draw(st.integers(1, len(world.events)))
    kind = data.draw(st.sampled_from([remark for remark in Remark if remark is not Remark.REMIND]))
    events = [replace(event, id=event.id * 2) for event in world.events]
    remark = Event(id=events[at - 1].id + 1, at=events[at - 1].at, kind=kind, cycle=events[at - 1].cycle)
    assert fold([*events[:at], remark, *events[at:]]) == world.story


@settings(max_examples=200)
@given(walks(), st.data())
def test_a_history_with_a_change_left_out_is_found_or_harmless(world, data):
    """Whatever is missing, the fold never tells a state the tables do not lead to."""
    if len(world.events) < 2:
        return
    gone = data.draw(st.integers(0, len(world.events) - 1))
    events = world.events[:gone] + world.events[gone + 1 :]
    try:
        story = fold(events)
    except BrokenHistory:
        return
    assert story.status in TicketStatus


def test_reconsidered_into_a_question_the_answer_leads_back_before_it():
    """reconsider → state before; answer → state before the question."""
    events = make(
        ("accept", "submitted", "accepted"),
        ("ask", "accepted", "needs_info"),
        ("no_answer", "needs_info", "rejected"),
        ("reconsider", "rejected", "needs_info"),
        ("answer", "needs_info", "accepted"),
    )
    assert fold(events[:3]).before is TicketStatus.ACCEPTED
    assert fold(events[:4]).before is TicketStatus.NEEDS_INFO
    assert fold(events[:5]).before is TicketStatus.ACCEPTED
    assert fold(events).before is None
    assert fold(events[:5]).asked_at == events[4].at


def test_instants_are_the_last_of_their_kind_and_reminders_count_from_the_question():
    events = make(("ask", "submitted", "needs_info"), ("remind", None, None), ("remind", None, None))
    story = fold(events)
    assert (story.reminders, story.asked_at) == (2, events[1].at)
    assert fold([*events, replace(events[-1], id=9, order_id=4)]).reminders == 2


def test_people_follow_the_offers():
    """accept makes the person it was offered to the holder; giving back releases him; done keeps him."""
    events = make(
        ("accept", "submitted", "accepted"),
        (1, "open", None, "planned", None),
        (1, "queue", "planned", "queued", None),
        (1, "offer", "queued", "offered", 21),
        (1, "offer", "offered", "offered", 22),
        (1, "accept", "offered", "accepted", None),
        ("order_accepted", "accepted", "in_service"),
        (1, "start", "accepted", "working", None),
        (1, "give_back", "working", "queued", None),
        (1, "offer", "queued", "offered", 23),
        (1, "accept", "offered", "accepted", None),
        (1, "start", "accepted", "working", None),
        (1, "done", "working", "done", None),
        ("all_done", "in_service", "resolved"),
        ("not_fixed", "resolved", "in_service"),
        (1, "reworked", "done", "closed", None),
        (2, "open", None, "planned", None),
    )
    assert fold(events[:6]).orders[1].offered_to == 22
    assert fold(events[:7]).orders[1] == history.OrderStory(state=OrderState.ACCEPTED, cycle=1, holder_id=22)
    assert fold(events[:8]).untouched
    given_back = fold(events[:10])
    assert given_back.orders[1].holder_id is None
    assert not given_back.untouched
    story = fold(events)
    assert story.orders[1].holder_id == 23
    assert (story.cycle, story.orders[2].cycle) == (2, 2)
    assert story.resolved_at == events[14].at
    assert story.order_states == {1: OrderState.CLOSED, 2: OrderState.PLANNED}


def test_grabbing_makes_the_actor_the_holder():
    events = make(
        ("accept", "submitted", "accepted"),
        (1, "open", None, "planned", None),
        (1, "queue", "planned", "queued", None),
        (1, "grab", "queued", "accepted", None),
        actor=31,
    )
    assert fold(events).orders[1].holder_id == 31


BROKEN = {
    "empty": [],
    "begins without filing": [Event(id=1, at=machine.START, kind="accept", to_state="accepted")],
    "begins in a later cycle": [replace(make()[0], cycle=2)],
    "act not in the table": make(("confirm", "submitted", "closed")),
    "act nobody knows": make(("vanish", "submitted", "closed")),
    "wrong from": make(("accept", "accepted", "accepted")),
    "wrong to": make(("accept", "submitted", "in_service")),
    "change without states": make(("accept", None, None)),
    "order before its ticket is accepted": make((1, "open", None, "planned", None)),
    "order act nobody knows": make(("accept", "submitted", "accepted"), (1, "vanish", None, "planned", None)),
    "order's wrong to": make(("accept", "submitted", "accepted"), (1, "open", None, "queued", None)),
    "wrong cycle": [*make(), replace(make(("accept", "submitted", "accepted"))[1], cycle=2)],
    "ids out of order": [make()[0], replace(make(("accept", "submitted", "accepted"))[1], id=1)],
    "time runs back": [
        make()[0],
        replace(make(("accept", "submitted", "accepted"))[1], at=machine.START - timedelta(minutes=1)),
    ],
}


@pytest.mark.parametrize("events", BROKEN.values(), ids=BROKEN.keys())
def test_a_history_the_tables_could_not_have_written_is_refused(events):
    with pytest.raises(BrokenHistory) as broken:
        fold(events)
    assert str(broken.value)


def test_only_not_fixed_begins_a_cycle():
    assert history.next_cycle(1, TicketAct.NOT_FIXED) == 2
    assert {history.next_cycle(1, act) for act in [*TicketAct, *OrderAct] if act != TicketAct.NOT_FIXED} == {1}


def test_every_kind_of_remark_has_its_words_and_is_no_act():
    assert set(history.REMARK_LABELS) == set(Remark)
    assert not {remark.value for remark in Remark} & {act.value for act in [*TicketAct, *OrderAct]}
    assert workflow.TICKET_TABLE[0].act == TicketAct.FILE
