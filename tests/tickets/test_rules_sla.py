"""Clocks against an oracle that walks every minute, and the rules one by one (tickets-rules 1 to 28)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from app.sites.rules.calendars import Calendar, DayKind, SpecialDay, Week
from app.sites.rules.worktime import Days, WorkTime
from app.tickets.rules import promises, sla_history, sla_policy
from app.tickets.rules.escalation import Do, Step, Whom, next_at, steps_due
from app.tickets.rules.sla import Clock, Key, Kind, Line, Phase, Terms
from app.tickets.rules.sla_history import Happened, Story
from tests.sites.minutes import OFFICE_WEEK, at, wall
from tests.tickets import clockwork

SHANGHAI = "Asia/Shanghai"
OFFICE, ALWAYS, OFFICE_WITH_HOLIDAY = 1, 2, 3
NORMAL = Terms(1, "normal", OFFICE)
HIGH = Terms(1, "high", OFFICE)


class Shelf:
    """The default policy as version 1, one without a promise as 2; the calendars above."""

    def __init__(self) -> None:
        holiday = {date(2026, 11, 19): SpecialDay(kind=DayKind.HOLIDAY)}
        self.of = {OFFICE: 1, ALWAYS: 2, OFFICE_WITH_HOLIDAY: 1}
        self.works = {
            OFFICE: WorkTime(Calendar(zone=SHANGHAI, week=OFFICE_WEEK)),
            ALWAYS: WorkTime(Calendar(zone=SHANGHAI, always=True)),
            OFFICE_WITH_HOLIDAY: WorkTime(Calendar(zone=SHANGHAI, week=OFFICE_WEEK, days=holiday)),
        }

    def line(self, policy: int, priority: str) -> Line:
        found = sla_policy.DEFAULT.lines[priority]
        if policy == 2:
            return Line(hours=found.hours, targets={Kind.RESPOND: 30}, floor=found.floor, promise=False)
        return found

    def work(self, version: int) -> WorkTime:
        return self.works[version]

    def calendar(self, version: int) -> int:
        return self.of[version]

    def stopped_by(self, policy: int, reason: str) -> frozenset[Kind]:
        return sla_policy.DEFAULT.stops.get(reason, frozenset())


BOOK = Shelf()


class Life:
    """A ticket's events as somebody writes them down; the promise is told where the rules tell one."""

    def __init__(self, filed: str, terms: Terms = NORMAL, **data: Any) -> None:
        self.story = Story(BOOK)
        self.events: list[Happened] = []
        self.told: list[str | None] = []
        self("file", filed, to="submitted", human=True, terms=terms, **data)

    def __call__(
        self,
        kind: str,
        when: str,
        *,
        to: str | None = None,
        order: int | None = None,
        human: bool = False,
        reason: str | None = None,
        **data: Any,
    ) -> Life:
        minute = at(when, SHANGHAI)
        event = Happened(
            id=len(self.events) + 1,
            at=minute,
            kind=kind,
            human=human,
            order_id=order,
            to=to,
            reason=reason,
            data={name: at(value, SHANGHAI) if isinstance(value, str) else value for name, value in data.items()},
        )
        self.events.append(event)
        told = promises.told_after(self.story, event)
        if told is not None:
            self.told.append(wall(told, SHANGHAI))
            promise = Happened(id=event.id, at=minute, kind="promise", human=False, data={"until": told})
            self.events.append(promise)
            self.story.tell(promise)
        return self

    def accepted(self, when: str, *, human: bool = False) -> Life:
        """Accepted, with its first order queued."""
        self("accept", when, to="accepted", human=human)
        self("open", when, order=1, to="planned")
        return self("queue", when, order=1, to="queued")

    def taken(self, when: str, order: int = 1) -> Life:
        self("offer", when, order=order, to="offered")
        self("accept", when, order=order, to="accepted", human=True)
        return self("order_accepted", when, to="in_service")

    def clock(self, kind: Kind, order: int | None = None) -> Clock:
        found = self.story.clock(kind, order)
        assert found is not None
        return found

    def due(self, kind: Kind, order: int | None = None) -> str | None:
        return wall(self.clock(kind, order).due, SHANGHAI)


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


class TestPromise:
    def test_told_at_accept_to_the_quarter_hour(self) -> None:
        """21."""
        life = Life("2026-11-18T10:07", Terms(1, "emergency", ALWAYS))
        assert life.told == []
        life.accepted("2026-11-18T10:20", human=True)
        assert life.told == ["2026-11-19T10:15"]

    def test_moves_by_the_working_minutes_waited_for_an_answer(self) -> None:
        """22."""
        life = Life("2026-11-18T10:00", HIGH).accepted("2026-11-18T10:00")
        assert life.told == ["2026-11-18T18:00"]
        life("ask", "2026-11-18T11:00", to="needs_info", human=True)
        life("answer", "2026-11-19T09:00", to="accepted", human=True)
        assert life.told[-1] == "2026-11-19T16:00"  # 360 minutes waited: 1 + 4 hours, and one this morning
        assert life.clock(Kind.PROMISE).kept is None

    def test_moves_for_an_absent_reporter_and_not_for_the_crew(self) -> None:
        """22, 25."""
        for reason, moves in (("reporter_absent", True), ("access", False), ("weather", False), ("parts", False)):
            life = Life("2026-11-18T10:00").accepted("2026-11-18T10:00").taken("2026-11-18T10:10")
            life("hold", "2026-11-18T10:30", order=1, to="on_hold", reason=reason)
            life("leave", "2026-11-18T11:30", order=1, to="en_route")
            assert (life.told[-1] == "2026-11-24T09:00") is moves

    def test_an_extension_before_the_promise_ends_is_what_counts(self) -> None:
        """23, 24."""
        life = Life("2026-11-18T10:00", HIGH).accepted("2026-11-18T10:00").taken("2026-11-18T10:10")
        life("start", "2026-11-18T11:00", order=1, to="working")
        life("extension", "2026-11-18T18:00", human=True, until="2026-11-20T12:00")
        life("done", "2026-11-20T11:30", order=1, to="done")("all_done", "2026-11-20T11:30", to="resolved")
        assert life.clock(Kind.PROMISE).kept is True
        assert life.clock(Kind.RESTORE).kept is True

    def test_an_extension_after_it_is_told_but_heals_nothing(self) -> None:
        life = Life("2026-11-18T10:00", HIGH).accepted("2026-11-18T10:00").taken("2026-11-18T10:10")
        life("start", "2026-11-18T11:00", order=1, to="working")
        life("extension", "2026-11-18T18:01", human=True, until="2026-11-20T12:00")
        assert life.told[-1] == "2026-11-20T12:00"
        life("done", "2026-11-19T11:30", order=1, to="done")("all_done", "2026-11-19T11:30", to="resolved")
        assert life.clock(Kind.PROMISE).kept is False
        assert life.clock(Kind.RESTORE).kept is False

    def test_a_calendar_version_moves_it_later_only(self) -> None:
        """22."""
        life = Life("2026-11-18T10:00").accepted("2026-11-18T10:00")
        told = promises.told_under(life.events, BOOK, OFFICE_WITH_HOLIDAY)
        assert wall(told, SHANGHAI) == "2026-11-24T18:00"
        assert promises.told_under(life.events, BOOK, OFFICE) == life.clock(Kind.PROMISE).due

    def test_a_lower_priority_moves_nothing(self) -> None:
        life = Life("2026-11-18T10:00", HIGH).accepted("2026-11-18T10:00")
        life("reclassify", "2026-11-18T11:00", human=True, terms=NORMAL)
        assert life.told == ["2026-11-18T18:00"]


class TestSteps:
    """20."""

    STEPS = sla_policy.DEFAULT.steps
    WORK = BOOK.works[OFFICE]

    def due(self, clock: Clock, now: str, taken: Sequence[tuple[str, int]] = ()) -> list[int]:
        return [step.after for step in steps_due(clock, self.STEPS, self.WORK, taken, at(now, SHANGHAI))]

    def test_each_in_its_minute_and_once(self) -> None:
        clock = Life("2026-11-18T10:00").accepted("2026-11-18T10:00").clock(Kind.DISPATCH, 1)
        due = clock.due or 0
        assert self.due(clock, "2026-11-18T10:20") == []
        assert self.due(clock, "2026-11-18T10:21") == [-10]
        assert self.due(clock, "2026-11-18T14:00") == [-10, 0, 60]  # after an outage all of them
        first = [("-10:call:duty_lead", due)]
        assert self.due(clock, "2026-11-18T10:21", first) == []
        assert wall(next_at(clock, self.STEPS, self.WORK, first), SHANGHAI) == "2026-11-18T10:31"
        every = [(step.code, due) for step in self.STEPS]
        assert next_at(clock, self.STEPS, self.WORK, every) is None

    def test_minutes_are_those_of_the_clock(self) -> None:
        clock = Life("2026-11-18T17:35").accepted("2026-11-18T17:35").clock(Kind.DISPATCH, 1)
        assert wall(clock.due, SHANGHAI) == "2026-11-19T08:05"
        assert wall(next_at(clock, self.STEPS, self.WORK, ()), SHANGHAI) == "2026-11-18T17:56"

    def test_standing_and_paused_clocks_do_not_escalate_promises_do(self) -> None:
        life = Life("2026-11-18T10:00", HIGH).accepted("2026-11-18T10:00").taken("2026-11-18T10:10")
        life("hold", "2026-11-18T10:30", order=1, to="on_hold", reason="parts")
        for kind, order in ((Kind.DISPATCH, 1), (Kind.ARRIVE, 1), (Kind.RESTORE, None)):
            assert self.due(life.clock(kind, order), "2026-11-20T10:00") == []
        assert self.due(life.clock(Kind.PROMISE), "2026-11-19T10:00") == [-10, 0, 60]

    def test_steps_passed_by_a_change_are_due_at_once_together(self) -> None:
        life = Life("2026-11-18T08:00").accepted("2026-11-18T08:00")
        life("start", "2026-11-18T11:00", order=1, to="working")
        life("reclassify", "2026-11-18T17:55", human=True, terms=Terms(1, "emergency", ALWAYS))
        clock = life.clock(Kind.RESTORE)
        early = Step(after=-2_000, do=Do.NOTIFY, whom=Whom.SUPERVISOR)
        assert steps_due(clock, [early, *self.STEPS], BOOK.works[ALWAYS], (), at("2026-11-18T17:56", SHANGHAI)) == [
            early
        ]


def test_a_holiday_never_makes_a_step_sooner() -> None:
    """The rival's bug (tickets.md 1.3): holidays marked, an escalation after five days came after two and a half."""
    weeks: Week = OFFICE_WEEK
    for days in range(1, 8):
        holidays = {date(2026, 11, 18 + n): SpecialDay(kind=DayKind.HOLIDAY) for n in range(days)}
        free = WorkTime(Calendar(zone=SHANGHAI, week=weeks, days=holidays))
        plain = WorkTime(Calendar(zone=SHANGHAI, week=weeks))
        start = at("2026-11-17T10:00", SHANGHAI)
        for target in (30, 240, Days(0), Days(5)):
            dues = []
            for work in (plain, free):
                minutes = work.minutes(start, target)
                assert minutes is not None
                dues.append(work.due(start, minutes))
            assert dues[0] is not None
            assert dues[1] is not None
            assert dues[1] >= dues[0]
