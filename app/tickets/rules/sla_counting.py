"""One clock: from its journal to what it says (tickets-rules 3).

A clock is a pure function of its journal (what happened to it, in whole minutes), the policy versions and the calendar
versions named there. Nothing is carried from one judgement to the next: a row that is stored equals this function of
the history.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from app.sites.rules.worktime import WorkTime
from app.tickets.rules.sla import OPEN, Act, Book, Clock, Entry, Key, Kind, Phase, Terms


def judge(key: Key, journal: Sequence[Entry], book: Book) -> Clock | None:
    """What the clock says after its journal; None where the policy has no such clock (6)."""
    entries = rejudged(journal, book)
    terms = entries[0].terms if entries else None  # a journal begins with START, under the terms of that moment
    if terms is None:
        return None
    account = _Promise(key, book, terms) if key.kind is Kind.PROMISE else _Account(key, book, terms)
    for entry in entries:
        account.enter(entry)
    return account.clock()


def rejudged(journal: Iterable[Entry], book: Book) -> list[Entry]:
    """The journal as a calendar version published under it makes it: judged by that version from its start (19).

    Only what was open then: a stopped clock keeps the version it was judged by.
    """
    found: list[Entry] = []
    phase: Phase | None = None
    for entry in journal:
        if entry.act is Act.CALENDAR:
            if phase in OPEN and entry.version is not None:
                found = [_under(each, entry.version, book) for each in found]
            continue
        phase = _PHASES.get(entry.act, phase)
        found.append(entry)
    return found


def _under(entry: Entry, version: int, book: Book) -> Entry:
    if entry.terms is None or book.calendar(entry.terms.calendar) != book.calendar(version):
        return entry
    return replace(entry, terms=replace(entry.terms, calendar=version))


_PHASES: Final = {
    Act.START: Phase.RUNNING,
    Act.RUN: Phase.RUNNING,
    Act.PAUSE: Phase.PAUSED,
    Act.STAND: Phase.STANDING,
    Act.STOP: Phase.STOPPED,
    Act.VOID: Phase.VOID,
}
"""The phase an act leads to; the others leave it."""


def phase_after(act: Act, before: Phase | None) -> Phase | None:
    """The phase a clock is in after an act."""
    return _PHASES.get(act, before)


@dataclass(slots=True)
class _Account:
    """The counting of one clock, entry by entry.

    `exhausted` is the minute at which the target was used up while it ran (10: a pause that begins then comes too
    late); `passed` the due time of a clock that ran over it before its terms changed, which no longer move it (18).
    """

    key: Key
    book: Book
    terms: Terms
    started: int = 0
    phase: Phase = Phase.RUNNING
    since: int = 0
    used: int = 0
    target: int | None = None
    exhausted: int | None = None
    not_before: int | None = None
    passed: int | None = None
    stood: int | None = None
    stopped: int | None = None
    kept: bool | None = None
    excused: bool = False
    endless: bool = False

    def enter(self, entry: Entry) -> None:
        """Apply one entry."""
        if entry.act is Act.START:
            self._start(entry)
        elif entry.act is Act.TERMS:
            self._change(entry)
        elif entry.act is Act.NOT_BEFORE:
            self._postpone(entry)
        elif entry.act is Act.EXCUSE:
            self.excused = True
        elif entry.act is Act.STOP:
            self._stop(entry)
        else:
            self._turn(entry)

    def clock(self) -> Clock | None:
        """What it says now."""
        if self.target is None and not self.endless and self.passed is None:
            return None
        return Clock(
            key=self.key,
            terms=self.terms,
            started=self.started,
            phase=self.phase,
            since=self.since,
            used=self.used,
            target=self.target,
            due=self._due(),
            not_before=self.not_before,
            stopped=self.stopped,
            kept=False if self.passed is not None else self.kept,
            excused=self.excused,
            endless=self.endless and self.phase is Phase.RUNNING,
        )

    @property
    def _work(self) -> WorkTime:
        return self.book.work(self.terms.calendar)

    def _start(self, entry: Entry) -> None:
        self.started = self.since = entry.at
        self._aim(self._wanted())

    def _wanted(self) -> int | None:
        """The target of the present terms in working minutes from the start (12); None: no clock, or endless."""
        target = self.book.line(self.terms.policy, self.terms.priority).targets.get(self.key.kind)
        self.endless = False
        if target is None:
            return None
        minutes = self._work.minutes(self.started, target)
        self.endless = minutes is None
        return minutes

    def _aim(self, target: int | None) -> None:
        self.target = target
        self.exhausted = self.since if target is not None and target <= self.used else None

    def _count(self, at: int) -> None:
        """Bring the minutes used up to `at`."""
        if self.phase is not Phase.RUNNING:
            return
        gained = self._work.between(self.since, at)
        if self.exhausted is None and self.target is not None and self.used + gained >= self.target:
            self.exhausted = self._work.due(self.since, self.target - self.used)
        self.used += gained
        self.since = at

    def _due(self) -> int | None:
        """The due time in force: none while time is left and the clock does not run."""
        if self.passed is not None:
            return self.passed
        computed = self.exhausted
        if computed is None and self.phase is Phase.RUNNING and self.target is not None:
            computed = self._work.due(self.since, self.target - self.used)
            self.endless = computed is None
        if computed is None:
            return self.stood if self.phase in (Phase.STANDING, Phase.STOPPED) else None
        return computed if self.not_before is None else max(computed, self.not_before)

    def _over(self, at: int) -> int | None:
        """The due time the clock ran over before `at`, or None (18)."""
        due = self._due()
        if self.passed is not None or due is None:
            return self.passed
        ends = self.since if self.phase is Phase.STANDING else at
        return due if due < ends else None

    def _turn(self, entry: Entry) -> None:
        """To another phase that is not the last."""
        due = self._due()
        self._count(entry.at)
        if self.phase is Phase.RUNNING and entry.act is Act.STAND:
            self.stood = due
        elif entry.act is Act.RUN:
            self.stood = None
        self.phase = _PHASES[entry.act]
        self.since = entry.at

    def _stop(self, entry: Entry) -> None:
        """For good. What stood already is judged by when it began to stand: that is when the order was taken."""
        if self.phase is Phase.RUNNING:
            self.stood = self._due()
            self._count(entry.at)
            self.since = entry.at
        ended = self.since if self.phase in (Phase.STANDING, Phase.RUNNING) else entry.at
        self.phase = Phase.STOPPED
        self.since = self.stopped = ended
        due = self._due()
        if self.target is not None or self.passed is not None:
            self.kept = self.passed is None and (due is None or ended <= due)

    def _change(self, entry: Entry) -> None:
        """17: minutes used stay; a raise gives never more than were left; 18: what has passed stays passed.

        What has stopped is told of no other terms.
        """
        over = self._over(entry.at)
        self._count(entry.at)
        left_before = None if self.target is None else max(0, self.target - self.used)
        self.terms = entry.terms or self.terms
        if over is not None:
            self.passed = over
            return
        wanted = self._wanted()
        if wanted is None:
            self._aim(None)
            return
        floor = self.book.line(self.terms.policy, self.terms.priority).floor
        left = max(wanted - self.used, floor)
        if entry.raised and left_before is not None:
            left = min(left, left_before)
        self.target = self.used + left
        self.exhausted = entry.at if left == 0 else None

    def _postpone(self, entry: Entry) -> None:
        """16: the latest instant before which it is not due; 18: not where it has passed."""
        if self.phase is Phase.STOPPED or entry.instant is None or self._over(entry.at) is not None:
            return
        self.not_before = entry.instant if self.not_before is None else max(self.not_before, entry.instant)


@dataclass(slots=True)
class _Promise(_Account):
    """The clock of what the reporter was told (21 to 25): its due time is that instant, until another is told."""

    told: int | None = None
    broken: bool = field(default=False)

    def enter(self, entry: Entry) -> None:
        self._judge(entry.at)
        if entry.act is Act.TOLD:
            self.told = entry.instant
        elif entry.act is Act.TERMS:
            self._count(entry.at)
            self.terms = entry.terms or self.terms
        else:
            _Account.enter(self, entry)

    def clock(self) -> Clock | None:
        """None until something was told."""
        found = None if self.told is None else _Account.clock(self)
        return found and replace(found, target=None, kept=False if self.broken else found.kept)

    def _wanted(self) -> int | None:
        return 0  # it counts, but what it counts decides nothing

    def _due(self) -> int | None:
        return self.told

    def _judge(self, at: int) -> None:
        """Broken once it has run for a minute past the due time; what is told in that minute still counts (8)."""
        if self.phase is Phase.RUNNING and self.told is not None and self.since < at and self.told < at:
            self.broken = True

    def _stop(self, entry: Entry) -> None:
        self._count(entry.at)
        self.phase = Phase.STOPPED
        self.since = self.stopped = entry.at
        self.kept = not self.broken and self.told is not None and entry.at <= self.told
