"""Visit windows: in hours, in steps, not too soon, on the campus's clock over changes of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from app.tickets.rules import visits
from app.tickets.rules.visits import Hours, Window

ZONES = st.sampled_from([ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/London")])
HOURS = st.builds(
    Hours,
    first=st.integers(0, 12),
    last=st.integers(13, 24),
    step=st.sampled_from([60, 90, 120, 240]),
    lead=st.integers(0, 1440),
    days=st.integers(1, 4),
)
MOMENTS = st.integers(0, 2 * 365 * 1440).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@given(MOMENTS, ZONES, HOURS)
def test_every_slot_can_be_had_and_lies_in_the_hours(now: datetime, zone: ZoneInfo, hours: Hours) -> None:
    found = list(visits.slots(now, zone, hours))
    for one, following in pairwise(found):
        assert one.end <= following.start
    for slot in found:
        assert visits.refused(slot, now, zone, hours) is None
        assert slot.start >= now + timedelta(minutes=hours.lead)
        begin, end = slot.start.astimezone(zone), slot.end.astimezone(zone)
        assert begin.hour >= hours.first
        assert (end.hour, end.minute) <= (hours.last % 24, 0) or end.date() == begin.date()
    assert len({slot.start.astimezone(zone).date() for slot in found}) <= hours.days


def test_an_hour_the_clock_skips_is_no_slot() -> None:
    """In London 29 March 2026 has no 01:00 to 02:00."""
    now, zone = datetime(2026, 3, 29, tzinfo=UTC), ZoneInfo("Europe/London")
    found = visits.slots(now, zone, Hours(first=0, last=4, step=60, lead=0, days=1))
    assert [slot.start.astimezone(zone).hour for slot in found] == [0, 2, 3]


def test_what_is_refused() -> None:
    zone, hours = ZoneInfo("Asia/Shanghai"), Hours()
    now = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)  # 10:00

    def at(day: int, hour: int) -> datetime:
        return datetime(2026, 11, day, hour, tzinfo=zone)

    assert visits.refused(Window(at(18, 14), at(18, 16)), now, zone, hours) is None
    assert visits.refused(Window(at(18, 14), at(18, 18)), now, zone, hours) is None  # two neighbouring slots
    assert visits.refused(Window(at(18, 20), at(18, 21)), now, zone, hours) is None  # the last one is shorter
    assert visits.refused(Window(at(18, 10), at(18, 12)), now, zone, hours) == visits.TOO_SOON
    for start, end in ((at(18, 15), at(18, 16)), (at(18, 14), at(18, 15)), (at(18, 16), at(18, 14))):
        assert visits.refused(Window(start, end), now, zone, hours) == visits.NOT_OFFERED
    for day in (17, 25):
        assert visits.refused(Window(at(day, 14), at(day, 16)), now, zone, hours) == visits.NOT_OFFERED
    assert visits.refused(Window(at(18, 14), at(19, 16)), now, zone, hours) == visits.NOT_OFFERED


def test_when_a_window_is_near() -> None:
    start = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)
    assert visits.near(None, start, 120)
    assert visits.near(start, start - timedelta(minutes=120), 120)
    assert not visits.near(start, start - timedelta(minutes=121), 120)
