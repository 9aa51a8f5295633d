"""What follows when an offer ends, and what wakes an order nobody could take (tickets-rules 38, 39, 44).

A *round* asks each eligible person once. When nobody is left, the order stays queued; the next thing that wakes it
begins a new round in which everybody may be asked again. Refusals count across rounds until somebody accepts. An
order that is given back goes on in its round, so whoever gave it back is not asked again at once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from app.tickets.rules.dispatching import DispatchSettings, Exclusion, Job, Ranking, Technician, rank
from app.tickets.rules.duty import Cause, cause_of
from app.tickets.rules.messages import gettext_noop
from app.tickets.rules.order_table import OrderAct
from app.tickets.rules.shifts import merged


@dataclass(frozen=True, slots=True, kw_only=True)
class PastOffer:
    """An offer of this order that has ended, in any round.

    `ended` is how: ACCEPT, DECLINE, EXPIRE, REVOKE, SUSPEND, or OFFER when a dispatcher offered it to somebody else.
    """

    person_id: int
    round: int
    ended: OrderAct
    by_dispatcher: bool = False

    @property
    def refused(self) -> bool:
        """Declines and expiries are refusals; what the dispatcher took back is not."""
        return self.ended in {OrderAct.DECLINE, OrderAct.EXPIRE}

    @property
    def asked(self) -> bool:
        """An offer suspended by a question was never answered by the person, so it does not count as asking."""
        return self.ended is not OrderAct.SUSPEND


class Wake(StrEnum):
    """What makes it worth trying a waiting order again (39)."""

    QUEUED = "queued"
    SHIFT_BEGAN = "shift_began"
    FREED_UP = "freed_up"
    ABSENCE_ENDED = "absence_ended"
    ASKED = "asked"


def came_on_duty(people: Iterable[Technician], since: datetime, now: datetime, *, on_call: bool) -> bool:
    """Whether somebody's shift began after `since` and goes on; shifts that touch count as one (37, 39)."""
    spans = (person.shifts + person.on_call if on_call else person.shifts for person in people)
    return any(since < span.start <= now < span.end for each in spans for span in merged(each))


class Waiting(StrEnum):
    """Why an order waits although it is queued."""

    NOBODY_ELIGIBLE = "nobody_eligible"
    DISPATCHER = "dispatcher"


WAITING_LABELS: Final[dict[Waiting, str]] = {
    Waiting.NOBODY_ELIGIBLE: gettext_noop("Nobody can take it now; it is tried again when somebody can."),
    Waiting.DISPATCHER: gettext_noop("It waits for the dispatcher to choose somebody."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do with a queued order.

    `person_id` is who is offered it until `offered_until`, in `round`; None: it waits, for the reason in `waiting`.
    `call_duty_lead` says why the duty lead is to be called (once per order and acceptance; the caller remembers).
    """

    ranking: Ranking
    round: int
    person_id: int | None = None
    offered_until: datetime | None = None
    waiting: Waiting | None = None
    call_duty_lead: Cause | None = None


def refusals(past: Iterable[PastOffer]) -> int:
    """How often the order was refused since somebody last accepted it; `past` in order."""
    count = 0
    for offer in past:
        count = 0 if offer.ended is OrderAct.ACCEPT else count + offer.refused
    return count


def decide(
    job: Job,
    technicians: Sequence[Technician],
    now: datetime,
    settings: DispatchSettings,
    *,
    past: Sequence[PastOffer] = (),
    wake: Wake | None = None,
    within_hours: bool = True,
) -> Decision:
    """What to do with `job`, which is queued; `past` are its offers in order, `job.offered` is filled in from them.

    `wake` says what woke it; None: an offer of it has just ended, or it was given back. A rework order, a place
    nobody has mapped and an order whose last offer a dispatcher made in vain wait for the dispatcher, until he asks
    for the ranking himself (Wake.ASKED). `within_hours`: the clock of the order counts now (39).
    """
    number = max((offer.round for offer in past), default=1)
    asked = frozenset(offer.person_id for offer in past if offer.round == number and offer.asked)
    ranking = rank(replace(job, offered=asked), technicians, now, settings)
    if wake is not Wake.ASKED and _for_dispatcher(job, past):
        called = _duty_lead(job, settings, past, nobody=False, within_hours=within_hours)
        return Decision(ranking=ranking, round=number, waiting=Waiting.DISPATCHER, call_duty_lead=called)
    if ranking.best is None and wake is not None and _exhausted(ranking):
        number += 1
        ranking = rank(replace(job, offered=frozenset()), technicians, now, settings)
    best = ranking.best
    called = _duty_lead(job, settings, past, nobody=best is None, within_hours=within_hours)
    if best is None:
        return Decision(ranking=ranking, round=number, waiting=Waiting.NOBODY_ELIGIBLE, call_duty_lead=called)
    return Decision(
        ranking=ranking,
        round=number,
        person_id=best.person_id,
        offered_until=settings.offered_until(job, now),
        call_duty_lead=called,
    )


def _for_dispatcher(job: Job, past: Sequence[PastOffer]) -> bool:
    """44, and: a person's own offer goes back to him, not to the next candidate."""
    in_vain = bool(past) and past[-1].by_dispatcher and past[-1].ended is not OrderAct.ACCEPT
    return job.rework or not job.place_known or in_vain


def _exhausted(ranking: Ranking) -> bool:
    """Whether somebody is left out for no other reason than having been asked in this round."""
    return any(one.reason is Exclusion.OFFERED_THIS_ROUND for one in ranking.excluded)


def _duty_lead(
    job: Job, settings: DispatchSettings, past: Sequence[PastOffer], *, nobody: bool, within_hours: bool
) -> Cause | None:
    """38: after three refusals (emergency: the first); 39: nobody eligible calls him in an emergency only."""
    return cause_of(
        emergency=job.emergency,
        refusals=refusals(past),
        allowed=settings.refusals_allowed(job),
        nobody=nobody,
        within_hours=within_hours,
    )
