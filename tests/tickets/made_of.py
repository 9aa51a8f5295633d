"""How a row behind a figure counts, worked out again from what the row itself shows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from app.tickets.rules.figures import KINDS as KIND_OF
from app.tickets.rules.figures import Figure, Kind


def minute(day: str, at: str) -> datetime:
    return datetime.fromisoformat(f"{day} {at}")


def instants(cell: str) -> list[datetime]:
    return [datetime.fromisoformat(each) for each in cell.split(", ") if each]


def made_of(figure: Figure, line: dict[str, str]) -> None:
    """What a row shows of its own adds up to how it counts."""
    ended, counted = minute(line["Day"], line["Time"]), int(line["Counted"] or 0)
    if figure in (Figure.RESPOND, Figure.ARRIVE, Figure.RESTORE, Figure.MTTR):
        assert (ended - instants(line["Counted from"])[0]) == timedelta(minutes=int(line["Raw minutes"])), line
    if figure is Figure.TOTAL:
        assert (ended - instants(line["Filed"])[0]) == timedelta(minutes=int(line["Raw minutes"])), line
    elif KIND_OF[figure] is Kind.TIME:
        assert not counted or ended <= instants(line["Due"])[0], line
    elif figure is Figure.PROMISES:
        told, promised = instants(line["Told on"]), instants(line["Promised by"])
        assert len(told) == len(promised) > 0, line
        in_force = zip(promised, [*told[1:], ended], strict=True)
        kept = all(until >= following for until, following in in_force)
        assert counted == (kept and line["Called not fixed"] == "no"), line
    else:
        assert counted == OF_ITS_OWN[figure](line), (figure, line)


OF_ITS_OWN: dict[Figure, Callable[[dict[str, str]], int]] = {
    Figure.FIRST_TIME: lambda line: line["Number of visits"] == "1" and line["Called not fixed"] == "no",
    Figure.IN_VAIN: lambda line: int(line["Trips in vain"]),
    Figure.SATISFACTION: lambda line: (
        bool(line["Quality"])
        and float(line["Stars"])
        == pytest.approx(sum(int(line[name]) for name in ("Quality", "Speed", "Manner")) / 3, abs=0.006)
    ),
    Figure.REOPENED: lambda line: bool(line["Called not fixed"]),
    Figure.BY_DEFAULT: lambda line: line["Closed by"] == "default, after seven days",
    Figure.FILED: lambda line: 0 if line["Came by"] in ("Web page", "QR sticker", "Another system") else 1,
    Figure.DUPLICATES: lambda line: line["Which way"] != "filed",
    Figure.REASSIGNED: lambda line: int(line["Given back"]) + int(line["Given to somebody else"]),
    Figure.OFFERS: lambda line: (
        int(line["Taken"]) + int(line["Declined"]) + int(line["Left unanswered"]) if line["Taken"] == line["Of"] else -1
    ),
}
