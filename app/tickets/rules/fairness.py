"""How work was shared: what each of the crew was offered and did, against the time he was on shift.

Declines and expiries are told apart from what was accepted, so that whoever is asked more often is not taken for
whoever works more. `share` compares: 1 means somebody did as much of the crew's work as he had of its shift hours.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What one person did in a time. Minutes: of duty shifts so far, without absences; planned ones of finished orders.

    On call is told apart and shares nothing: who is on call is asked for emergencies alone (37), and is not at work
    meanwhile. A duty shift round the clock counts as it stands: he can be offered work at each of its hours.
    `declined` is by the code of the reason, own words under "other". `offers` counts automatic and manual ones.
    """

    person_id: int
    week: date | None = None
    shift_minutes: int = 0
    on_call_minutes: int = 0
    offers: int = 0
    accepted: int = 0
    declined: Mapping[str, int] = field(default_factory=dict, hash=False)
    expired: int = 0
    grabbed: int = 0
    done: int = 0
    minutes_done: int = 0
    emergencies: int = 0

    @property
    def refused(self) -> int:
        """Declines of any reason."""
        return sum(self.declined.values())

    @property
    def anything(self) -> bool:
        """Whether there was a shift, an offer, or work."""
        return bool(self.shift_minutes or self.on_call_minutes or self.offers or self.grabbed or self.done)


def monday(day: date) -> date:
    """The first day of the week a day lies in."""
    return day - timedelta(days=day.weekday())


def summed(tallies: Iterable[Tally]) -> list[Tally]:
    """One tally per person over all weeks, in the order in which they first come."""
    found: dict[int, Tally] = {}
    for one in tallies:
        before = found.get(one.person_id)
        found[one.person_id] = replace(one, week=None) if before is None else _added(before, one)
    return list(found.values())


def _added(first: Tally, second: Tally) -> Tally:
    declined = {
        reason: first.declined.get(reason, 0) + second.declined.get(reason, 0)
        for reason in [*first.declined, *(each for each in second.declined if each not in first.declined)]
    }
    return Tally(
        person_id=first.person_id,
        shift_minutes=first.shift_minutes + second.shift_minutes,
        on_call_minutes=first.on_call_minutes + second.on_call_minutes,
        offers=first.offers + second.offers,
        accepted=first.accepted + second.accepted,
        declined=declined,
        expired=first.expired + second.expired,
        grabbed=first.grabbed + second.grabbed,
        done=first.done + second.done,
        minutes_done=first.minutes_done + second.minutes_done,
        emergencies=first.emergencies + second.emergencies,
    )


def shares(tallies: Sequence[Tally]) -> dict[int, float | None]:
    """By person: his part of the work ÷ his part of the shift hours; None where either of the two sums is nothing."""
    work, shift = sum(one.minutes_done for one in tallies), sum(one.shift_minutes for one in tallies)
    if not work or not shift:
        return {one.person_id: None for one in tallies}
    return {
        one.person_id: round(one.minutes_done / work / (one.shift_minutes / shift), 2) if one.shift_minutes else None
        for one in tallies
    }


def shares_by_week(tallies: Iterable[Tally]) -> dict[tuple[int, date | None], float | None]:
    """By person and week: the same, each week compared by itself."""
    weeks: defaultdict[date | None, list[Tally]] = defaultdict(list)
    for one in tallies:
        weeks[one.week].append(one)
    return {(person_id, week): share for week, of_week in weeks.items() for person_id, share in shares(of_week).items()}
