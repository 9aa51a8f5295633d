"""Scenario 15: twenty thousand rows leave as a stream; whoever reads them slowly keeps nobody from filing."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

import pytest

from tests import ground
from tests.attack import live

pytestmark = pytest.mark.race

ROWS = 20_000
MADE = """
    INSERT INTO ticket (institution_id, number, status, cycle, category_id, place_id, campus_id, building_id,
        description, urgency, impact, priority, may_enter, origin, filed_at, reminders, not_fixed_count, published,
        version, search, grams)
    SELECT 1, 'X26-' || lpad(CAST(n AS text), 6, '0'), 'submitted', 1, c.id, p.id, p.campus_id, p.building_id, '',
        'normal', 'room', 'normal', false, 'web', now() - n * interval '1 second', 0, 0, false, 1, '', '{}'
    FROM generate_series(1, %s) n, category c, place p
    WHERE c.code = %s AND p.id = %s
"""
TOLD = """
    INSERT INTO ticket_event (institution_id, ticket_id, at, actor_kind, kind, to_state, audience, cycle)
    SELECT institution_id, id, filed_at, 'person', 'file', 'submitted', 'everyone', 1 FROM ticket
    WHERE number LIKE 'X26-%'
"""


@pytest.fixture
def crowded(site: live.Site) -> Iterator[live.Site]:
    """The site with twenty thousand requests more, for as long as they are needed."""
    site.rows(MADE, ROWS, site.people["category"], int(site.people["place_id"]))
    site.rows(TOLD)
    yield site
    with ground.superuser(site.where.addresses.sockets, site.where.database) as connection:
        # What points at each of them would be looked for, one by one: a minute, for nothing points at them.
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "DELETE FROM ticket_event WHERE ticket_id IN (SELECT id FROM ticket WHERE number LIKE 'X26-%')"
        )
        connection.execute("DELETE FROM ticket WHERE number LIKE 'X26-%'")


def test_a_long_export_read_slowly_keeps_nobody_from_filing(crowded: live.Site) -> None:
    site = crowded
    connection = http.client.HTTPConnection(live.HOST, site.port, timeout=60)
    try:
        headers = {"Cookie": site.people["dispatcher_cookie"], "Accept-Language": "en"}
        connection.request("GET", "/reports/rows/filed.csv", headers=headers)
        answer = connection.getresponse()
        assert answer.status == 200
        begun = answer.read(4096)
        filed = [site.file() for _ in range(10)]  # while the rest of the file waits to be read
        assert [each.status for each in filed] == [201] * 10
        whole = (begun + answer.read()).decode("utf-8-sig")
    finally:
        connection.close()
    numbers = [line.split(",", 1)[0] for line in whole.splitlines()[1:]]
    assert len(numbers) == len(set(numbers))
    assert sum(number.startswith("X26-") for number in numbers) == ROWS
