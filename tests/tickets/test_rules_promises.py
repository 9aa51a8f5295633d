"""What the reporter is told and who is called when a clock comes due (tickets-rules 20 to 25)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from app.sites.rules.calendars import Calendar, DayKind, SpecialDay, Week
from app.sites.rules.worktime import Days, WorkTime
from app.tickets.rules import promises, sla_policy
from app.tickets.rules.escalation import Do, Step, Whom, next_at, steps_due
from app.tickets.rules.sla import Clock, Kind, Terms
from tests.sites.minutes import OFFICE_WEEK, at, wall
from tests.tickets.clock_life import ALWAYS, BOOK, HIGH, NORMAL, OFFICE, OFFICE_WITH_HOLIDAY, SHANGHAI, Life


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

    def test_a_raise_moves_it_earlier_but_not_before_the_window_nor_where_nothing_is_promised(self) -> None:
        """17, 22."""
        for window, terms, told in (
            (None, HIGH, ["2026-11-23T18:00", "2026-11-18T18:00"]),
            ("2026-11-20T18:00", HIGH, ["2026-11-23T18:00", "2026-11-20T18:00"]),
            (None, Terms(2, "high", OFFICE), ["2026-11-23T18:00"]),
        ):
            life = Life("2026-11-18T10:00", window=window).accepted("2026-11-18T10:00")
            life("reclassify", "2026-11-18T10:30", human=True, terms=terms)
            assert life.told == told

    def test_what_was_told_in_the_cycle_before_is_not_told_in_this_one(self) -> None:
        life = Life("2026-11-18T10:00").accepted("2026-11-18T10:00").taken("2026-11-18T10:10")
        life("start", "2026-11-18T11:00", order=1, to="working")("done", "2026-11-18T11:30", order=1, to="done")
        life("all_done", "2026-11-18T11:30", to="resolved")
        life("not_fixed", "2026-11-18T15:00", to="in_service", human=True, terms=Terms(2, "normal", OFFICE))
        assert promises.told_under(life.events, BOOK, OFFICE) is None


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

    def test_the_code_in_the_history_names_the_step(self) -> None:
        for after in (-10, 0, 60):
            for do in Do:
                step = Step(after=after, do=do, whom=Whom.SUPERVISOR)
                assert Step.of_code(step.code) == step
        assert [Step.of_code(code) for code in ("", "endless", "+0:shout:responsible")] == [None, None, None]

    def test_a_step_for_which_no_working_time_comes_is_none(self) -> None:
        clock = Life("2026-11-18T10:00").accepted("2026-11-18T10:00").clock(Kind.RESTORE)
        beyond = Step(after=10**8, do=Do.NOTIFY, whom=Whom.SUPERVISOR)
        assert next_at(clock, [beyond], self.WORK, ()) is None

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
