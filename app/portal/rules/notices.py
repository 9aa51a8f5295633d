"""The life of a notice: draft, published, ended; what it must have before people see it; when it is shown.

A notice tells of something (information), of a supply that will be off from one instant to another (outage), or of
something everybody concerned must know now (urgent). An outage is shown until it is over, the others until the day
their author gives, or until somebody ends them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from app.tickets.rules.messages import gettext_noop


class Kind(StrEnum):
    """What a notice tells."""

    INFORMATION = "information"
    OUTAGE = "outage"
    URGENT = "urgent"


class Utility(StrEnum):
    """What is off during an outage."""

    WATER = "water"
    POWER = "power"
    HEAT = "heat"
    NETWORK = "network"
    LIFT = "lift"


class Status(StrEnum):
    """Where a notice stands."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ENDED = "ended"


class Act(StrEnum):
    """What is done to a notice."""

    WRITE = "write"
    CHANGE = "change"
    PUBLISH = "publish"
    END = "end"
    DISCARD = "discard"


TABLE: Final[Mapping[tuple[Status | None, Act], Status | None]] = {
    (None, Act.WRITE): Status.DRAFT,
    (Status.DRAFT, Act.CHANGE): Status.DRAFT,
    (Status.DRAFT, Act.PUBLISH): Status.PUBLISHED,
    (Status.DRAFT, Act.DISCARD): None,
    (Status.PUBLISHED, Act.CHANGE): Status.PUBLISHED,
    (Status.PUBLISHED, Act.END): Status.ENDED,
}
"""From where each act leads where; None: there is no such notice (yet, or any more)."""

LONGEST_OUTAGE: Final = timedelta(days=31)
AHEAD: Final = timedelta(hours=24)
"""So long before it begins an outage is worth telling who files a report from there."""
HOME_AHEAD: Final = timedelta(hours=72)
"""So long before it begins an outage stands on the home page although it was read."""


class Phase(StrEnum):
    """How a notice relates to an instant."""

    DRAFT = "draft"
    PLANNED = "planned"
    SHOWN = "shown"
    OVER = "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a notice says, to whom and when. Texts by language; instants aware; `places` empty: everywhere."""

    kind: Kind
    title: Mapping[str, str]
    body: Mapping[str, str]
    utility: Utility | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    shown_from: datetime | None = None
    shown_until: datetime | None = None
    roles: tuple[str, ...] = ()
    places: tuple[int, ...] = ()

    def fitted(self) -> "Content":
        """The same without what its kind does not have; an outage is shown until it is over."""
        if self.kind == Kind.OUTAGE:
            return replace(self, shown_until=self.ends_at)
        return replace(self, utility=None, starts_at=None, ends_at=None)

    def changed(self, members: Mapping[str, Any]) -> "Content":
        """The same with other members."""
        return replace(self, **members)


def target(status: Status | None, act: Act) -> Status | None:
    """Where an act leads. Raises ValueError where it is not possible from here."""
    if (status, act) not in TABLE:
        raise ValueError(f"{act} from {status}")
    return TABLE[(status, act)]


def acts(status: Status) -> tuple[Act, ...]:
    """What can be done to a notice in a status, in the order of the table."""
    return tuple(act for start, act in TABLE if start == status)


def faults(content: Content) -> dict[str, str]:
    """What a fitted content lacks or says wrongly, by field; message ids. Empty: it may be kept."""
    found: dict[str, str] = {}
    if not content.title:
        found["title_zh"] = gettext_noop("Give a title in at least one language.")
    if content.kind == Kind.OUTAGE:
        found |= _outage_faults(content)
    if content.shown_from and content.shown_until and content.shown_until <= content.shown_from:
        wrong = "shown_from" if content.kind == Kind.OUTAGE else "shown_until"
        found[wrong] = gettext_noop("It would never be shown: the end lies before the beginning.")
    return found


def _outage_faults(content: Content) -> dict[str, str]:
    found: dict[str, str] = {}
    if content.utility is None:
        found["utility"] = gettext_noop("Say what will be off.")
    if content.starts_at is None:
        found["starts_at"] = gettext_noop("Give a day and a time.")
    if content.ends_at is None:
        found["ends_at"] = gettext_noop("Give a day and a time.")
    if content.starts_at is None or content.ends_at is None:
        return found
    if content.ends_at <= content.starts_at:
        found["ends_at"] = gettext_noop("The end must lie after the beginning.")
    elif content.ends_at - content.starts_at > LONGEST_OUTAGE:
        found["ends_at"] = gettext_noop("An outage lasts at most 31 days.")
    return found


def publishing_faults(content: Content, now: datetime) -> dict[str, str]:
    """What stands against showing a notice from now on, besides `faults`; message ids."""
    if content.shown_until is None or content.shown_until > now:
        return {}
    wrong = "ends_at" if content.kind == Kind.OUTAGE else "shown_until"
    return {wrong: gettext_noop("This lies in the past, nobody would see it.")}


def phase(status: str, shown_from: datetime | None, shown_until: datetime | None, now: datetime) -> Phase:
    """How a notice stands at an instant; `shown_until` is exclusive."""
    if status == Status.DRAFT:
        return Phase.DRAFT
    if status == Status.ENDED or (shown_until is not None and shown_until <= now):
        return Phase.OVER
    return Phase.PLANNED if shown_from is not None and shown_from > now else Phase.SHOWN


def tells(kind: str, starts_at: datetime | None, ends_at: datetime | None, now: datetime, ahead: timedelta) -> bool:
    """Whether a shown notice concerns the present: anything urgent, an outage that is on or begins within `ahead`."""
    if kind == Kind.URGENT:
        return True
    if kind != Kind.OUTAGE or starts_at is None or ends_at is None:
        return False
    return starts_at - ahead <= now < ends_at


KIND_LABELS: Final[Mapping[Kind, str]] = {
    Kind.INFORMATION: gettext_noop("Information"),
    Kind.OUTAGE: gettext_noop("Planned outage"),
    Kind.URGENT: gettext_noop("Urgent"),
}

UTILITY_LABELS: Final[Mapping[Utility, str]] = {
    Utility.WATER: gettext_noop("Water"),
    Utility.POWER: gettext_noop("Electricity"),
    Utility.HEAT: gettext_noop("Heating"),
    Utility.NETWORK: gettext_noop("Network"),
    Utility.LIFT: gettext_noop("Lift"),
}

OUTAGE_TITLES: Final[Mapping[Utility, str]] = {
    Utility.WATER: gettext_noop("No water"),
    Utility.POWER: gettext_noop("No electricity"),
    Utility.HEAT: gettext_noop("No heating"),
    Utility.NETWORK: gettext_noop("No network"),
    Utility.LIFT: gettext_noop("Lift out of service"),
}
"""What an outage is called in one line."""

STATUS_LABELS: Final[Mapping[Phase, str]] = {
    Phase.DRAFT: gettext_noop("Draft"),
    Phase.PLANNED: gettext_noop("Planned"),
    Phase.SHOWN: gettext_noop("Shown"),
    Phase.OVER: gettext_noop("Over"),
}

VERSIONS: Final = (Act.PUBLISH, Act.CHANGE, Act.END)
"""The acts that leave a version behind: what people were told and when; a draft nobody was told leaves none."""

VERSION_LABELS: Final[Mapping[Act, str]] = {
    Act.CHANGE: gettext_noop("Changed"),
    Act.PUBLISH: gettext_noop("Published"),
    Act.END: gettext_noop("Ended"),
}
"""What the history says of each version."""


CHOOSE_PLACES: Final = gettext_noop("Choose the places it is for: you may not write for the whole institution.")
UNKNOWN_PLACE: Final = gettext_noop("There is no such place (any more).")
FOREIGN_PLACE: Final = gettext_noop("You may not write for this place.")
UNKNOWN_ROLE: Final = gettext_noop("There is no such role.")
