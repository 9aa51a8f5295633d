"""Clocks against an oracle that walks every minute, and the rules one by one (tickets-rules 1 to 28)."""

from __future__ import annotations

import pytest

from app.tickets.rules import sla_history, sla_policy
from app.tickets.rules.sla import Key, Kind, Phase, Terms
from app.tickets.rules.sla_counting import judge
from app.tickets.rules.sla_history import Happened
from tests.sites.minutes import at, wall
from tests.tickets import clockwork
from tests.tickets.clock_life import ALWAYS, BOOK, HIGH, OFFICE, OFFICE_WITH_HOLIDAY, SHANGHAI, Life


@pytest.mark.parametrize("part", range(6))
def test_equals_the_oracle(part: int) -> None:
    """300 random calendars, policies and histories; 10,000 in `bench sla`."""
    for seed in range(part * 50, part * 50 + 50):
        assert clockwork.disagreements(seed) == []


class TestTargets:
    def test_default_policy_of_a_plain_request(self) -> None:
        """28: 240 minutes, 30 minutes, one day, three days; 1: all clocks of ticket and order."""
        life = Life("2026-11-18T10:00").accepted("2026-11-18T10:00")
        assert life.due(Kind.RESPOND) == "2026-11-18T16:00"
        assert life.due(Kind.DISPATCH, 1) == "2026-11-18T10:30"
        assert life.due(Kind.ARRIVE, 1) == "2026-11-19T18:00"
        assert life.due(Kind.RESTORE) == "2026-11-23T18:00"
        assert life.due(Kind.PROMISE) == "2026-11-23T18:00"

    def test_emergency_round_the_clock(self) -> None:
        life = Life("2026-11-21T23:50", Terms(1, "emergency", ALWAYS)).accepted("2026-11-21T23:50")
        assert life.due(Kind.DISPATCH, 1) == "2026-11-22T00:05"
        assert life.due(Kind.RESTORE) == "2026-11-22T23:50"

    def test_a_policy_may_have_no_such_clock(self) -> None:
        """6: no row, no figure; 21: pages speak of states only."""
        life = Life("2026-11-18T10:00", Terms(2, "normal", OFFICE)).accepted("2026-11-18T10:00")
        assert life.story.clocks().keys() == {Key(kind=Kind.RESPOND)}
        assert life.told == []

    def test_filed_before_there_were_clocks(self) -> None:
        story = sla_history.story([Happened(id=1, at=0, kind="file", human=True, to="submitted")], BOOK)
        assert story.clocks() == {}

    def test_a_journal_that_has_not_begun_is_no_clock(self) -> None:
        assert judge(Key(kind=Kind.RESPOND), [], BOOK) is None

    def test_policies_survive_being_written(self) -> None:
        assert sla_policy.read(sla_policy.written(sla_policy.DEFAULT)) == sla_policy.DEFAULT


class TestStops:
    @pytest.mark.parametrize(
        ("kind", "to", "order", "human", "stops"),
        [
            ("accept", "accepted", None, True, True),
            ("accept", "accepted", None, False, False),
            ("ask", "needs_info", None, True, True),
            ("reject", "rejected", None, True, True),
            ("merge", "duplicate", None, True, True),
            ("offer", "offered", 1, True, True),
            ("offer", "offered", 1, False, False),
            ("accept", "accepted", 1, True, True),
            ("grab", "accepted", 1, True, True),
            ("decline", "queued", 1, True, False),
            ("expire", "queued", 1, False, False),
        ],
    )
    def test_the_first_human_act_answers(self, kind: str, to: str, order: int | None, human: bool, stops: bool) -> None:
        """2."""
        life = Life("2026-11-18T10:00")
        life(kind, "2026-11-18T10:20", to=to, order=order, human=human)
        assert (life.clock(Kind.RESPOND).stopped is not None) is stops

    @pytest.mark.parametrize(("staff", "stops"), [(True, True), (False, False)])
    def test_a_message_to_the_reporter_answers(self, staff: bool, stops: bool) -> None:
        life = Life("2026-11-18T10:00")("message", "2026-11-18T10:20", human=True, staff=staff)
        assert (life.clock(Kind.RESPOND).stopped is not None) is stops

    def test_a_note_does_not(self) -> None:
        life = Life("2026-11-18T10:00")("note", "2026-11-18T10:20", human=True)
        assert life.clock(Kind.RESPOND).running

    def test_dispatch_stands_runs_on_and_is_final(self) -> None:
        """3: the time without a holder; given back it runs on."""
        life = Life("2026-11-18T10:00").accepted("2026-11-18T10:00").taken("2026-11-18T10:10")
        assert life.clock(Kind.DISPATCH, 1).phase is Phase.STANDING
        life("give_back", "2026-11-18T11:00", order=1, to="queued", human=True)
        assert life.due(Kind.DISPATCH, 1) == "2026-11-18T11:20"
        life.taken("2026-11-18T11:15")("start", "2026-11-18T15:00", order=1, to="working", human=True)
        clock = life.clock(Kind.DISPATCH, 1)
        assert (clock.used, clock.kept, wall(clock.stopped, SHANGHAI)) == (25, True, "2026-11-18T11:15")

    def test_taken_at_the_due_minute_is_in_time(self) -> None:
        """10: kept iff stopped at or before due."""
        life = Life("2026-11-18T10:00").accepted("2026-11-18T10:00").taken("2026-11-18T10:30")
        assert life("start", "2026-11-18T11:00", order=1, to="working").clock(Kind.DISPATCH, 1).kept
        late = Life("2026-11-18T10:00").accepted("2026-11-18T10:00").taken("2026-11-18T10:31")
        assert late("start", "2026-11-18T11:00", order=1, to="working").clock(Kind.DISPATCH, 1).kept is False

    @pytest.mark.parametrize(("reason", "stops"), [("access", True), ("reporter_absent", True), ("parts", False)])
    def test_arrive_ends_at_the_door(self, reason: str, stops: bool) -> None:
        """4."""
        life = Life("2026-11-18T10:00").accepted("2026-11-18T10:00").taken("2026-11-18T10:10")
        life("leave", "2026-11-18T11:00", order=1, to="en_route")
        life("hold", "2026-11-18T11:20", order=1, to="on_hold", reason=reason)
        assert (life.clock(Kind.ARRIVE, 1).stopped is not None) is stops

    def test_start_of_dispatch_is_filing_where_accepting_opened_the_order(self) -> None:
        """4: also where a dispatcher accepted it later; a further order counts from being queued."""
        life = Life("2026-11-18T10:00").accepted("2026-11-18T10:20", human=True)
        assert life.due(Kind.DISPATCH, 1) == "2026-11-18T10:30"
        life("open", "2026-11-18T11:00", order=2, to="planned", human=True)
        life("queue", "2026-11-18T11:00", order=2, to="queued", human=True)
        assert life.due(Kind.DISPATCH, 2) == "2026-11-18T11:30"

    def test_a_further_cycle_has_clocks_of_its_own(self) -> None:
        """7: earlier cycles stay as judged."""
        life = Life("2026-11-18T10:00").accepted("2026-11-18T10:00").taken("2026-11-18T10:10")
        life("start", "2026-11-18T11:00", order=1, to="working")
        life("done", "2026-11-18T11:30", order=1, to="done")("all_done", "2026-11-18T11:30", to="resolved")
        life("not_fixed", "2026-11-20T09:00", to="in_service", human=True, terms=HIGH)
        clocks = life.story.clocks()
        assert clocks[Key(kind=Kind.RESTORE)].kept is True
        assert wall(clocks[Key(kind=Kind.RESTORE, cycle=2)].due, SHANGHAI) == "2026-11-20T18:00"
        assert life.due(Kind.PROMISE) == "2026-11-20T18:00"


class TestPauses:
    def test_restore_waits_only_when_every_open_order_does(self) -> None:
        """5: planned orders that wait for another do not count."""
        life = Life("2026-11-18T10:00").accepted("2026-11-18T10:00").taken("2026-11-18T10:00")
        life("open", "2026-11-18T10:00", order=2, to="planned", human=True, after=1)
        life("open", "2026-11-18T10:00", order=3, to="planned", human=True)
        life("queue", "2026-11-18T10:00", order=3, to="queued", human=True)
        life("hold", "2026-11-18T11:00", order=1, to="on_hold", reason="parts")
        assert life.clock(Kind.RESTORE).running
        life("cancel", "2026-11-18T11:30", order=3, to="cancelled")
        assert life.clock(Kind.RESTORE).phase is Phase.PAUSED
        assert life.due(Kind.PROMISE) == "2026-11-23T18:00"  # 25: parts never move it
        life("start", "2026-11-19T11:30", order=1, to="working")
        assert life.due(Kind.RESTORE) == "2026-11-24T18:00"

    @pytest.mark.parametrize("reason", ["other_trade", "approval"])
    def test_these_reasons_stop_nothing(self, reason: str) -> None:
        life = Life("2026-11-18T10:00").accepted("2026-11-18T10:00").taken("2026-11-18T10:00")
        life("hold", "2026-11-18T11:00", order=1, to="on_hold", reason=reason)
        assert life.clock(Kind.RESTORE).running
        assert life.clock(Kind.ARRIVE, 1).running

    def test_a_pause_that_begins_at_due_comes_too_late(self) -> None:
        """10."""
        life = Life("2026-11-18T10:00", HIGH).accepted("2026-11-18T10:00").taken("2026-11-18T10:00")
        life("hold", "2026-11-18T14:00", order=1, to="on_hold", reason="parts")  # 120 minutes, up at 12:00
        assert life.due(Kind.ARRIVE, 1) == "2026-11-18T12:00"
        in_time = Life("2026-11-18T10:00", HIGH).accepted("2026-11-18T10:00").taken("2026-11-18T10:00")
        in_time("hold", "2026-11-18T11:59", order=1, to="on_hold", reason="parts")
        assert in_time.due(Kind.ARRIVE, 1) is None

    def test_time_between_rejecting_and_reconsidering_is_a_pause(self) -> None:
        life = Life("2026-11-18T10:00").accepted("2026-11-18T10:00")
        life("reject", "2026-11-18T11:00", to="rejected", human=True)
        assert life.clock(Kind.RESTORE).phase is Phase.VOID
        life("reconsider", "2026-11-19T11:00", to="accepted", human=True)
        assert life.due(Kind.RESTORE) == "2026-11-24T18:00"
        assert life.told[-1] == "2026-11-24T18:00"


class TestChanges:
    def test_scenario_9_hold_over_the_weekend_then_a_raise(self) -> None:
        """Used time kept, hold not counted twice, no instant breach; the promise moves earlier only (17, 22)."""
        life = Life("2026-11-19T10:00").accepted("2026-11-19T10:00").taken("2026-11-19T10:00")
        life("hold", "2026-11-20T17:00", order=1, to="on_hold", reason="access")
        life("leave", "2026-11-23T09:00", order=1, to="en_route")
        before = life.clock(Kind.RESTORE)
        assert before.used == 360 + 420
        life("reclassify", "2026-11-23T09:00", human=True, terms=HIGH)
        after = life.clock(Kind.RESTORE)
        assert after.used == before.used
        assert wall(after.due, SHANGHAI) == "2026-11-23T10:00"  # used up: the floor of 60 minutes
        assert not after.late(at("2026-11-23T09:01", SHANGHAI))
        assert life.due(Kind.PROMISE) == "2026-11-23T10:00"

    def test_a_raise_gives_never_more_than_was_left(self) -> None:
        life = Life("2026-11-18T10:00").accepted("2026-11-18T10:00")
        life("reclassify", "2026-11-18T10:20", human=True, terms=HIGH)
        assert life.due(Kind.DISPATCH, 1) == "2026-11-18T10:30"  # 10 of 30 left, not the floor of 60

    def test_a_passed_due_time_is_not_healed(self) -> None:
        """18: by neither a policy change nor a later extension; a supervisor may excuse it."""
        life = Life("2026-11-18T10:00").accepted("2026-11-18T10:00")
        life("reclassify", "2026-11-18T10:31", human=True, terms=Terms(1, "low", OFFICE))
        clock = life.clock(Kind.DISPATCH, 1)
        assert (clock.kept, wall(clock.due, SHANGHAI)) == (False, "2026-11-18T10:30")
        life("excuse", "2026-11-18T12:00", human=True, clock=Key(kind=Kind.DISPATCH, order_id=1))
        assert life.clock(Kind.DISPATCH, 1).excused
        assert life.clock(Kind.DISPATCH, 1).kept is False

    def test_at_the_due_minute_a_change_still_counts(self) -> None:
        """8: events of one minute first, then the due time is judged."""
        life = Life("2026-11-18T10:00").accepted("2026-11-18T10:00")
        life("reclassify", "2026-11-18T10:30", human=True, terms=Terms(1, "low", OFFICE))
        assert life.due(Kind.DISPATCH, 1) == "2026-11-18T16:30"  # the floor of 240, over lunch

    def test_a_published_holiday_moves_what_is_open_and_leaves_what_is_stopped(self) -> None:
        """19, scenario 7."""
        life = Life("2026-11-18T10:00").accepted("2026-11-18T10:00").taken("2026-11-18T10:10")
        life("calendar", "2026-11-18T11:00", version=OFFICE_WITH_HOLIDAY)
        assert life.due(Kind.RESTORE) == "2026-11-24T18:00"
        assert life.clock(Kind.RESPOND).terms.calendar == OFFICE
        assert life.clock(Kind.RESTORE).terms.calendar == OFFICE_WITH_HOLIDAY

    def test_a_breach_may_vanish_under_a_new_version(self) -> None:
        life = Life("2026-11-18T17:50").accepted("2026-11-18T17:50")
        life("note", "2026-11-19T09:00", human=True)
        assert life.clock(Kind.DISPATCH, 1).late(at("2026-11-19T09:00", SHANGHAI))
        life("calendar", "2026-11-19T09:00", version=OFFICE_WITH_HOLIDAY)
        assert life.due(Kind.DISPATCH, 1) == "2026-11-20T08:20"

    def test_not_before(self) -> None:
        """16, 23: the window of the reporter, then an approved extension."""
        life = Life("2026-11-18T10:00", HIGH, window="2026-11-20T16:00").accepted("2026-11-18T10:00")
        assert life.due(Kind.ARRIVE, 1) == "2026-11-20T16:00"
        assert life.due(Kind.RESTORE) == "2026-11-20T16:00"
        assert life.due(Kind.DISPATCH, 1) == "2026-11-18T10:30"
        assert life.told == ["2026-11-20T16:00"]
        life("extension", "2026-11-19T10:00", human=True, until="2026-11-25T12:00")
        assert life.due(Kind.RESTORE) == "2026-11-25T12:00"
        assert life.told[-1] == "2026-11-25T12:00"

    def test_device_time_counts_but_not_before_what_was_counted(self) -> None:
        """11: an event that comes late with an earlier minute."""
        life = Life("2026-11-18T10:00").accepted("2026-11-18T10:00").taken("2026-11-18T10:10")
        life("note", "2026-11-18T11:30")
        life("start", "2026-11-18T10:40", order=1, to="working", human=True)
        assert wall(life.clock(Kind.ARRIVE, 1).stopped, SHANGHAI) == "2026-11-18T10:40"
        back = Life("2026-11-18T10:00").accepted("2026-11-18T10:00").taken("2026-11-18T10:10")
        back("leave", "2026-11-18T09:00", order=1, to="en_route", human=True)
        back("start", "2026-11-18T09:00", order=1, to="working", human=True)
        assert back.clock(Kind.DISPATCH, 1).kept
