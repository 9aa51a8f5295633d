"""The two tables against a second writing of tickets-rules 1 and 2, and the questions asked of them."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.tickets.rules import reasons as reason_lists
from app.tickets.rules import rows, workflow
from app.tickets.rules.workflow import (
    ALL_FEATURES,
    Effect,
    Feature,
    Guard,
    OrderAct,
    OrderState,
    TicketAct,
    TicketStatus,
    TransitionRefused,
    Who,
)

# Written again from tickets-rules, in its order: from, act, to, who. "<" is the state before.
TICKET_RULES = """
- file submitted R,S,Y,QR
submitted accept accepted Y,S
submitted,accepted ask needs_info S
needs_info answer < R,S
needs_info no_answer rejected Y
submitted,needs_info,accepted,in_service reject rejected S
rejected reconsider < S
submitted,needs_info,accepted,in_service merge duplicate S
duplicate unmerge < S
submitted,needs_info,accepted,in_service withdraw withdrawn R,S
accepted order_accepted in_service Y
in_service all_done resolved Y
resolved confirm closed R
resolved accept_third closed V
resolved default closed Y
resolved,closed not_fixed in_service R,V,S
"""
ORDER_RULES = """
- open planned Y,S
planned queue queued Y,S
queued offer offered Y,S
offered offer offered S
offered accept accepted O
offered decline queued O
offered expire queued Y
offered revoke queued S,Y
queued grab accepted C
queued hold on_hold S
accepted,en_route,working hold on_hold A,S
queued,offered suspend planned Y
accepted,on_hold leave en_route A
accepted,en_route,on_hold start working A
accepted,en_route,working,on_hold give_back queued A
accepted,en_route,working,on_hold reassign offered S
on_hold requeue queued S,Y
working done done A,S
planned,queued,offered,accepted,en_route,working,on_hold cancel cancelled S,Y
done verify verified Y,V,S
done reworked closed Y
verified close closed Y
"""

STATUSES = st.sampled_from([None, *TicketStatus])
STATES = st.sampled_from([None, *OrderState])
ROLES = st.sets(st.sampled_from(Who))
FEATURES = st.frozensets(st.sampled_from(Feature))


def written(table):
    lines = []
    for row in table:
        start = ",".join(row.froms) or "-"
        lines.append((start, row.act.value, row.to or "<", frozenset(row.who)))
    return lines


def rules(text):
    lines = [line.split() for line in text.split("\n") if line]
    return [(start, act, to, frozenset(Who(letter) for letter in who.split(","))) for start, act, to, who in lines]


def test_section_1_is_the_ticket_table():
    assert written(workflow.TICKET_TABLE) == rules(TICKET_RULES)


def test_section_2_is_the_order_table():
    assert written(workflow.ORDER_TABLE) == rules(ORDER_RULES)


def test_there_is_one_row_for_a_state_and_an_act():
    for table in (workflow.TICKET_TABLE, workflow.ORDER_TABLE):
        seen = [(start, row.act) for row in table for start in row.froms or (None,)]
        assert len(seen) == len(set(seen))


def test_every_state_act_reason_guard_and_part_has_its_words():
    assert set(workflow.TICKET_LABELS) == set(workflow.TICKET_STAFF_LABELS) == set(TicketStatus)
    assert set(workflow.ORDER_LABELS) == set(OrderState)
    assert set(workflow.TICKET_ACT_LABELS) == set(workflow.TICKET_EVENT_LABELS) == set(TicketAct)
    assert set(workflow.ORDER_ACT_LABELS) == set(workflow.ORDER_EVENT_LABELS) == set(OrderAct)
    assert set(workflow.WHO_LABELS) == set(Who)


def test_groups_of_states():
    assert set(TicketStatus) == workflow.TICKET_OPEN | workflow.TICKET_FINISHED
    assert workflow.TICKET_MOVING < workflow.TICKET_OPEN
    assert workflow.ORDER_HELD < workflow.ORDER_LOAD < workflow.ORDER_OPEN
    assert not workflow.ORDER_OPEN & workflow.ORDER_ENDS


@pytest.mark.parametrize("state", sorted(set(OrderState) - workflow.ORDER_ENDS))
def test_every_order_state_has_a_way_out(state):
    assert any(state in row.froms and row.to != state for row in workflow.ORDER_TABLE)


def test_the_way_back_of_an_end_skips_service():
    """reconsider, unmerge: state before, in_service: accepted."""
    for act in (TicketAct.RECONSIDER, TicketAct.UNMERGE):
        start = TicketStatus.REJECTED if act is TicketAct.RECONSIDER else TicketStatus.DUPLICATE
        row = workflow.ticket_transition(start, act, ALL_FEATURES)
        assert row.target(TicketStatus.IN_SERVICE) is TicketStatus.ACCEPTED
        assert row.target(TicketStatus.NEEDS_INFO) is TicketStatus.NEEDS_INFO
    answer = workflow.ticket_transition(TicketStatus.NEEDS_INFO, TicketAct.ANSWER)
    assert answer.target(TicketStatus.SUBMITTED) is TicketStatus.SUBMITTED
    with pytest.raises(ValueError, match="leads back"):
        answer.target(TicketStatus.IN_SERVICE)
    with pytest.raises(ValueError, match="leads back"):
        answer.target()


def test_demands_depend_on_who_acts():
    """accept by the system asks for an automatic category; done on behalf asks for reason and true time."""
    accept = workflow.ticket_transition(TicketStatus.SUBMITTED, TicketAct.ACCEPT)
    assert accept.demands(Who.SYSTEM) == (Guard.AUTOMATIC,)
    assert accept.demands(Who.DISPATCHER) == ()
    assert Effect.RESPOND_STOPS in accept.effects(Who.DISPATCHER)
    assert Effect.RESPOND_STOPS not in accept.effects(Who.SYSTEM)
    done = workflow.order_transition(OrderState.WORKING, OrderAct.DONE, ticket=TicketStatus.IN_SERVICE)
    assert Guard.TRUE_TIME in done.demands(Who.DISPATCHER)
    assert Guard.TRUE_TIME not in done.demands(Who.HOLDER)


@settings(max_examples=200)
@given(STATUSES, st.sampled_from(TicketAct), FEATURES)
def test_a_ticket_moves_by_its_table_or_not_at_all(status, act, features):
    rows_here = [row for row in workflow.TICKET_TABLE if row.act is act and row.starts_from(status)]
    if rows_here and rows_here[0].enabled(features):
        assert workflow.ticket_transition(status, act, features) is rows_here[0]
        return
    with pytest.raises(TransitionRefused) as refused:
        workflow.ticket_transition(status, act, features)
    assert refused.value.code == ("switched_off" if rows_here else "not_from_here")
    assert refused.value.message
    assert (refused.value.state, refused.value.act) == (status, act)


@settings(max_examples=200)
@example(OrderState.QUEUED, OrderAct.GRAB, frozenset(), TicketStatus.ACCEPTED)
@given(STATES, st.sampled_from(OrderAct), FEATURES, STATUSES)
def test_an_order_moves_by_its_table_and_its_ticket_or_not_at_all(state, act, features, ticket):
    rows_here = [row for row in workflow.ORDER_TABLE if row.act is act and row.starts_from(state)]
    if rows_here and rows_here[0].enabled(features) and workflow.order_may_move(act, ticket):
        assert workflow.order_transition(state, act, features, ticket=ticket) is rows_here[0]
        return
    with pytest.raises(TransitionRefused) as refused:
        workflow.order_transition(state, act, features, ticket=ticket)
    if not rows_here:
        assert refused.value.code == TransitionRefused.NOT_FROM_HERE
    elif not rows_here[0].enabled(features):
        assert refused.value.code == TransitionRefused.SWITCHED_OFF
    else:
        assert refused.value.code == TransitionRefused.TICKET_STANDS


@settings(max_examples=200)
@given(STATUSES, STATES, ROLES, FEATURES, STATUSES)
def test_allowed_acts_are_exactly_those_that_go_through(status, state, roles, features, ticket):
    allowed = workflow.ticket_acts(status, roles, features)
    for row in workflow.TICKET_TABLE:
        legal = row.starts_from(status) and row.enabled(features) and bool(row.who & roles)
        assert (row in allowed) is legal
    for row in workflow.order_acts(state, roles, features, ticket=ticket):
        assert workflow.order_transition(state, row.act, features, ticket=ticket) is row
        assert row.who & roles
    assert not workflow.ticket_acts(status, (), features)


def test_rows_of_later_features_are_switched_off():
    every = (*workflow.TICKET_TABLE, *workflow.ORDER_TABLE)
    without = ALL_FEATURES - {workflow.Feature.THIRD_PARTY}
    assert {row.act for row in every if not row.enabled(without)} == {TicketAct.ACCEPT_THIRD}
    assert all(row.enabled() for row in every)  # everything is on in this version
    assert all(row.enabled(ALL_FEATURES) for row in (*workflow.TICKET_TABLE, *workflow.ORDER_TABLE))


class TestApiWords:
    """What `to` of the API means: contract, work-order transitions."""

    @pytest.mark.parametrize(
        ("state", "to", "roles", "act"),
        [
            ("offered", "accepted", {Who.OFFERED}, "accept"),
            ("offered", "declined", {Who.OFFERED}, "decline"),
            ("accepted", "en_route", {Who.HOLDER}, "leave"),
            ("accepted", "working", {Who.HOLDER}, "start"),
            ("working", "on_hold", {Who.HOLDER}, "hold"),
            ("queued", "on_hold", {Who.DISPATCHER}, "hold"),
            ("working", "done", {Who.HOLDER}, "done"),
            ("working", "queued", {Who.HOLDER}, "give_back"),
            ("on_hold", "queued", {Who.HOLDER, Who.DISPATCHER}, "give_back"),
            ("on_hold", "queued", {Who.DISPATCHER}, "requeue"),
            ("offered", "queued", {Who.DISPATCHER}, "revoke"),
            ("planned", "queued", {Who.DISPATCHER}, "queue"),
            ("working", "cancelled", {Who.DISPATCHER}, "cancel"),
        ],
    )
    def test_a_target_means_an_act(self, state, to, roles, act):
        row = workflow.order_for_target(OrderState(state), to, roles, ticket=TicketStatus.IN_SERVICE)
        assert row.act == act

    def test_a_move_for_others_only_is_returned_so_that_the_right_is_refused(self):
        row = workflow.order_for_target(OrderState.OFFERED, "accepted", {Who.DISPATCHER}, ticket=TicketStatus.ACCEPTED)
        assert row.who == {Who.OFFERED}

    @pytest.mark.parametrize("to", ["verified", "nonsense", "offered"])
    def test_a_target_the_tables_do_not_know_from_here_is_refused(self, to):
        with pytest.raises(TransitionRefused) as refused:
            workflow.order_for_target(OrderState.QUEUED, to, set(Who), ticket=TicketStatus.ACCEPTED)
        assert refused.value.code == TransitionRefused.NOT_FROM_HERE

    def test_a_target_while_the_ticket_stands_says_so(self):
        with pytest.raises(TransitionRefused) as refused:
            workflow.order_for_target(OrderState.QUEUED, "on_hold", set(Who), ticket=TicketStatus.NEEDS_INFO)
        assert refused.value.code == TransitionRefused.TICKET_STANDS

    def test_grabbing_is_accepting_once_the_pool_is_there(self):
        row = workflow.order_for_target(
            OrderState.QUEUED, "accepted", {Who.CREW}, ALL_FEATURES, ticket=TicketStatus.ACCEPTED
        )
        assert row.act is OrderAct.GRAB

    @settings(max_examples=200)
    @given(st.sampled_from(OrderState), st.sampled_from(workflow.ORDER_API_TARGETS), ROLES, STATUSES)
    def test_what_a_target_means_leads_there(self, state, to, roles, ticket):
        try:
            row = workflow.order_for_target(state, to, roles, ticket=ticket)
        except TransitionRefused:
            return
        assert row.to == ("queued" if to == "declined" else to)
        assert state in row.froms

    def test_every_act_of_people_has_one_way_in(self):
        """Each act a person can do to an order is reachable by a target, or has an address of its own."""
        own_address = {OrderAct.OPEN, OrderAct.OFFER, OrderAct.REASSIGN, OrderAct.VERIFY}
        by_target = {act for acts in workflow._ORDER_API_ACTS.values() for act in acts}
        of_people = {row.act for row in workflow.ORDER_TABLE if row.who - {Who.SYSTEM}}
        assert of_people == by_target | own_address
        assert set(workflow._ORDER_API_ACTS) == set(workflow.ORDER_API_TARGETS)

    def test_the_acts_of_the_ticket_address_are_acts_of_staff_the_reporter_or_the_third_party(self):
        of_people = {row.act for row in workflow.TICKET_TABLE if row.who - {Who.SYSTEM}}
        own_address = {
            TicketAct.FILE,
            TicketAct.WITHDRAW,
            TicketAct.CONFIRM,
            TicketAct.NOT_FIXED,
            TicketAct.MERGE,
            TicketAct.UNMERGE,
        }
        assert set(workflow.TICKET_API_ACTS) == of_people - own_address


class TestMoves:
    """The CHECK of the events is written from the tables."""

    def test_moves_are_every_from_and_to(self):
        moves = workflow.ticket_moves()
        assert ("file", None, "submitted") in moves
        assert ("answer", "needs_info", "accepted") in moves
        assert ("reconsider", "rejected", "in_service") not in moves
        assert len(moves) == len(set(moves))
        orders = workflow.order_moves()
        assert ("open", None, "planned") in orders
        assert ("offer", "offered", "offered") in orders
        assert len(orders) == len(set(orders))

    @settings(max_examples=200)
    @given(STATES, st.sampled_from(OrderAct))
    def test_moves_are_the_transitions(self, state, act):
        try:
            row = workflow.order_transition(state, act, ALL_FEATURES, ticket=None)
        except TransitionRefused:
            assert not [move for move in workflow.order_moves() if move[:2] == (act, state)]
            return
        assert (act, state, row.to) in workflow.order_moves()


class TestReasons:
    """Demanded reasons: reject and hold know their codes only, the others take words too."""

    def test_reject_knows_four_reasons(self):
        assert workflow.reasons(TicketAct.REJECT).codes == ("not_ours", "no_fault", "refused", "referred")
        assert workflow.read_reason(TicketAct.REJECT, "Not ours") == "not_ours"
        assert workflow.read_reason(TicketAct.REJECT, "because") is None

    def test_hold_knows_the_reasons_of_rule_5(self):
        assert set(workflow.reasons(OrderAct.HOLD).codes) == {
            "parts",
            "weather",
            "access",
            "reporter_absent",
            "other_trade",
            "approval",
        }
        assert workflow.read_reason(OrderAct.HOLD, "reporter-absent") == "reporter_absent"

    def test_an_open_list_takes_words(self):
        assert workflow.read_reason(OrderAct.DECLINE, " Busy ") == "busy"
        assert workflow.read_reason(OrderAct.DECLINE, " 缺扳手，需两人 ") == "缺扳手，需两人"
        assert workflow.reason_label(OrderAct.DECLINE, "busy") == "Too much to do"
        assert workflow.reason_label(OrderAct.DECLINE, "缺扳手") == "缺扳手"

    @pytest.mark.parametrize("nothing", [None, "", "   ", "x" * (reason_lists.REASON_LIMIT + 1)])
    def test_nothing_is_no_reason(self, nothing):
        assert workflow.read_reason(OrderAct.DECLINE, nothing) is None

    def test_acts_that_demand_a_reason_offer_some(self):
        for row in (*workflow.TICKET_TABLE, *workflow.ORDER_TABLE):
            if Guard.REASON in {need.guard for need in row.needs}:
                assert workflow.reasons(row.act).items

    def test_a_form_offers_no_reason_of_the_system(self):
        codes = [reason.code for reason in workflow.choices(OrderAct.CANCEL)]
        assert codes == ["not_needed", "by_mistake", "other"]
        assert workflow.choices(TicketAct.CONFIRM) == ()

    def test_the_end_of_a_ticket_cancels_with_a_reason_of_the_list(self):
        assert set(workflow.SYSTEM_CANCEL.values()) <= set(workflow.reasons(OrderAct.CANCEL).codes)

    @settings(max_examples=200)
    @given(st.sampled_from([*TicketAct, *OrderAct]), st.text(max_size=40))
    def test_a_reason_read_is_read_again_as_itself(self, act, text):
        stored = workflow.read_reason(act, text)
        if stored is not None:
            assert workflow.read_reason(act, stored) == stored


def test_a_row_can_be_a_key():
    assert len(set(workflow.TICKET_TABLE)) == len(workflow.TICKET_TABLE)
    assert rows.Row is workflow.Row
