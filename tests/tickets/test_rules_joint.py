"""Ticket and orders as one machine, explored to the end (tickets-rules 1, 2, N3)."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.tickets.rules import joint, workflow
from app.tickets.rules.workflow import OrderAct, OrderState, TicketAct, TicketStatus
from tests.tickets import rules_machine as machine

ORDERS = st.lists(st.sampled_from(OrderState), max_size=4)


@pytest.fixture(scope="module")
def explored() -> tuple[dict, dict, set]:
    return machine.explore()


def all_rows(features: frozenset[workflow.Feature]) -> set[tuple[str, str | None, str]]:
    tables: Iterable[tuple[str, Iterable[workflow.TicketRow | workflow.OrderRow]]] = (
        ("ticket", workflow.TICKET_TABLE),
        ("order", workflow.ORDER_TABLE),
    )
    return {
        (kind, start, row.act)
        for kind, table in tables
        for row in table
        if row.enabled(features)
        for start in row.froms or (None,)
    }


def test_no_finished_ticket_has_an_open_order(explored):
    worlds, _, _ = explored
    assert len(worlds) > 200
    for world in worlds.values():
        if world.story.status in workflow.TICKET_FINISHED:
            assert not workflow.ORDER_OPEN & set(world.story.order_states.values()), world.events


def test_every_state_has_a_way_out(explored):
    """From each joint state whose ticket is not at an end, some end can be reached."""
    worlds, edges, _ = explored
    out = {key for key, world in worlds.items() if world.story.status in workflow.TICKET_ENDS}
    grown = True
    while grown:
        more = {key for key, after in edges.items() if key not in out and after & out}
        grown = bool(more)
        out |= more
    assert set(worlds) == out


@pytest.mark.parametrize("features", [workflow.ALL_FEATURES, workflow.FEATURES_ON], ids=["all", "on"])
def test_no_row_is_unreachable(features):
    _, _, used = machine.explore(features)
    assert used == all_rows(features)


def test_an_order_moves_only_while_its_ticket_does(explored):
    """Joint rule of sections 1 and 2: suspend, cancel, verify and close excepted."""
    excepted = {OrderAct.SUSPEND, OrderAct.CANCEL, OrderAct.VERIFY, OrderAct.CLOSE}
    for act in OrderAct:
        for status in TicketStatus:
            moving = status in {TicketStatus.ACCEPTED, TicketStatus.IN_SERVICE}
            assert workflow.order_may_move(act, status) is (moving or act in excepted)
        assert workflow.order_may_move(act, None)


def test_a_ticket_in_service_without_open_orders_is_stranded_or_resolved_at_once(explored):
    """N3: nobody is left behind in service with everything done."""
    worlds, _, _ = explored
    for world in worlds.values():
        states = world.story.order_states.values()
        if world.story.status is TicketStatus.IN_SERVICE and not workflow.ORDER_OPEN & set(states):
            assert joint.stranded(world.story.status, states)


def test_a_question_leaves_no_order_in_motion(explored):
    """While a ticket waits for an answer its orders are planned or over."""
    worlds, _, _ = explored
    for world in worlds.values():
        if world.story.status is TicketStatus.NEEDS_INFO:
            assert set(world.story.order_states.values()) <= {
                OrderState.PLANNED,
                OrderState.CANCELLED,
                OrderState.CLOSED,
            }


@settings(max_examples=200)
@given(st.sampled_from(TicketStatus), ORDERS)
def test_what_orders_do_to_their_ticket_is_legal_and_settles(status, orders):
    act = joint.after_orders(status, orders)
    if act is None:
        return
    row = workflow.ticket_transition(status, act)
    assert workflow.Who.SYSTEM in row.who
    further = joint.after_orders(row.target(), orders)
    assert further in {None, TicketAct.ALL_DONE}


@settings(max_examples=200)
@given(st.sampled_from(TicketStatus), ORDERS)
def test_stranded_and_all_done_exclude_each_other(status, orders):
    """N3: no open order and none done waits for a person; one done resolves."""
    assert not (joint.stranded(status, orders) and joint.all_done(orders))
    if joint.stranded(status, orders):
        assert joint.after_orders(status, orders) is None


@settings(max_examples=200)
@given(
    st.sampled_from(TicketAct),
    st.dictionaries(st.integers(1, 9), st.sampled_from(OrderState), max_size=4),
    st.integers(1, 9),
)
def test_what_a_ticket_does_to_its_orders_is_legal(act, orders, named):
    """Each follow-up stands in the order's table for the system, in the order of the ids, one end for all."""
    rows = [row for row in workflow.TICKET_TABLE if row.act is act]
    targets = {to for row in rows for to in row.targets}
    states = dict(orders)
    follow_ups = joint.follow_ups(act, orders, named)
    assert [follow.order_id for follow in follow_ups] == sorted(follow.order_id for follow in follow_ups)
    for follow in follow_ups:
        allowed = [to for to in targets if workflow.order_may_move(follow.act, to)]
        assert allowed
        row = workflow.order_transition(states[follow.order_id], follow.act, ticket=allowed[0])
        assert workflow.Who.SYSTEM in row.who
        states[follow.order_id] = row.target()
        if follow.reason is not None:
            assert follow.reason in workflow.reasons(follow.act).codes
    if targets & workflow.TICKET_ENDS and act not in {
        TicketAct.CONFIRM,
        TicketAct.ACCEPT_THIRD,
        TicketAct.DEFAULT,
    }:
        assert not workflow.ORDER_OPEN & set(states.values())


def test_not_fixed_closes_the_order_it_names_and_only_that():
    orders = {1: OrderState.DONE, 2: OrderState.DONE, 3: OrderState.CANCELLED}
    assert joint.follow_ups(TicketAct.NOT_FIXED, orders, named=2) == (joint.FollowUp(2, OrderAct.REWORKED),)
    assert joint.follow_ups(TicketAct.NOT_FIXED, {1: OrderState.CLOSED}, named=1) == ()


def test_confirming_verifies_and_closes_what_is_done():
    orders = {1: OrderState.DONE, 2: OrderState.VERIFIED, 3: OrderState.CANCELLED}
    assert joint.follow_ups(TicketAct.CONFIRM, orders) == (
        joint.FollowUp(1, OrderAct.VERIFY),
        joint.FollowUp(1, OrderAct.CLOSE),
        joint.FollowUp(2, OrderAct.CLOSE),
    )


def test_when_orders_are_opened():
    opens = joint.opens_orders
    assert opens(TicketAct.ACCEPT, TicketStatus.ACCEPTED, [])
    assert opens(TicketAct.NOT_FIXED, TicketStatus.IN_SERVICE, [OrderState.DONE, OrderState.QUEUED])
    assert opens(TicketAct.RECONSIDER, TicketStatus.ACCEPTED, [OrderState.CANCELLED])
    assert not opens(TicketAct.RECONSIDER, TicketStatus.NEEDS_INFO, [])
    assert opens(TicketAct.ANSWER, TicketStatus.ACCEPTED, [OrderState.CANCELLED])
    assert not opens(TicketAct.ANSWER, TicketStatus.ACCEPTED, [OrderState.PLANNED])
    assert not opens(TicketAct.CONFIRM, TicketStatus.CLOSED, [])
    assert not opens(TicketAct.ORDER_ACCEPTED, TicketStatus.IN_SERVICE, [])
