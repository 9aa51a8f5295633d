"""What a ticket's clocks, promises and policies say, and who may have more time."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.outbox import Event


@dataclass(frozen=True, slots=True)
class ClocksDue(Event):
    """Periodic: the clocks whose next step is due take it."""


@dataclass(frozen=True, slots=True)
class ClockEscalated(Event):
    """Steps of a clock were taken (tickets-rules 20): `due` is RFC 3339, `after` the working minutes of the last step
    after it (negative: before), `late` whether it has passed."""

    ticket_id: int
    order_id: int | None
    clock: str
    cycle: int
    due: str
    late: bool
    after: int
    person_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ClockEndless(Event):
    """A clock never comes due: its calendar has no working time within ten years (10)."""

    ticket_id: int
    order_id: int | None
    clock: str
    cycle: int
    person_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DelayExcused(Event):
    """A supervisor says why a promise was not kept; the reporter is told (18)."""

    ticket_id: int
    cycle: int
    clock_id: int


@dataclass(frozen=True, slots=True)
class PromiseTold(Event):
    """The reporter is told by when his request will be done (RFC 3339); `first`: nothing had been told before.

    `because` says what moved the promise told before (`tickets.rules.promises.Because`).
    """

    ticket_id: int
    cycle: int
    until: str
    first: bool
    because: str = ""


@dataclass(frozen=True, slots=True)
class ExtensionAsked(Event):
    """Somebody asks for more time, until an instant (RFC 3339); `person_ids` may decide."""

    ticket_id: int
    extension_id: int
    asked_by: int
    until: str
    person_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ExtensionDecided(Event):
    """Another person decided on more time; an approved one is the new promise (told by `PromiseTold`)."""

    ticket_id: int
    extension_id: int
    asked_by: int
    approved: bool
    until: str
    person_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class SlaPolicyPublished(Event):
    """A version of a policy was published: clocks that begin or change from now on run by it (tickets-rules 7, 17)."""

    policy_id: int
    version_id: int
