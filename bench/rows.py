"""Many tickets with orders and offers, as a desk has them after years: written by SQL alone, valid by construction.

Of `count` tickets the newest `still_open` are open: history grows, the work in hand does not. Foreign keys and indexes
are switched off meanwhile (superuser), so a million rows take a minute or two.
"""

from __future__ import annotations

from typing import Any

import psycopg

from app.tickets.rules.grams import folded, grams

OPEN_TICKETS = 1_500
RARE = "鹦鹉"
COMMON = "漏水"
ABSENT = "恐龙"
BUILDINGS, ROOMS, REPORTERS = 200, 10, 2_000
TEXTS = (
    "水龙头漏水关不紧",
    "宿舍的灯不亮了",
    "空调不制冷，吹出来是热风",
    "下水道堵了，水排不出去",
    "门锁坏了，钥匙转不动",
    "插座没有电，充不了手机",
    "窗户关不上，晚上很冷",
    "天花板漏水，滴在床上",
    "马桶冲水一直不停",
    "热水器没有热水",
    "网口松了，网络时断时续",
    "柜门掉下来了，合页断裂",
    "走廊的灯一直闪烁",
    "洗手台的水管接口漏水",
    "暖气片不热，上面热下面凉",
    "椅子腿断了一条",
)
TABLES = ("ticket", "work_order", "offer")


def fill(
    connection: psycopg.Connection[Any],
    first: int,
    last: int,
    *,
    quick: bool = False,
    still_open: int = OPEN_TICKETS,
    apart: float = 1,
) -> None:
    """Write tickets number `first` to `last`, so many minutes `apart`.

    `quick` drops indexes and builds them again (worth it from 100,000).
    """
    with connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute("SET LOCAL maintenance_work_mem = '1GB'")
        connection.execute("SET LOCAL synchronous_commit = off")
        _campus(connection)
        definitions = _without_indexes(connection) if quick else []
        given = {"first": first, "last": last, "closed": last - still_open, "apart": apart}
        for statement in (_TICKETS, _ORDERS, _OFFERS):
            connection.execute(statement, given)
        for statement in _TOO_OLD:
            connection.execute(statement, given)
        for definition in definitions:
            connection.execute(definition)
        for table in TABLES:
            connection.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"  # noqa: S608 - names of our own, no input
            )
    connection.autocommit = True
    connection.execute("VACUUM (ANALYZE) ticket, work_order, offer, place, person")
    connection.autocommit = False


def _campus(connection: psycopg.Connection[Any]) -> None:
    """Buildings with rooms below the first campus, reporters, and the texts in which they say what is broken."""
    if connection.execute("SELECT to_regclass('bench_text')").fetchone() != (None,):
        return
    given = {"buildings": BUILDINGS, "rooms": ROOMS, "reporters": REPORTERS}
    for statement in _CAMPUS:
        connection.execute(statement, given)
    rows = [(place, folded(words)) for place, words in enumerate(TEXTS)]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO bench_text VALUES (%s, %s, %s)", [(place, text, grams(text)) for place, text in rows]
        )
        cursor.executemany(
            "UPDATE bench_place SET grams = %s WHERE path = %s",
            [(grams(folded(path)), path) for (path,) in cursor.execute("SELECT path FROM bench_place").fetchall()],
        )


def _without_indexes(connection: psycopg.Connection[Any]) -> list[str]:
    """Drop what carries no constraint; the definitions to make it again."""
    found = connection.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY (%s) AND indexname NOT IN "
        "(SELECT conname FROM pg_constraint)",
        [list(TABLES)],
    ).fetchall()
    for name, _definition in found:
        connection.execute(f'DROP INDEX "{name}"')
    return [definition for _name, definition in found]


_CAMPUS = (
    "CREATE UNLOGGED TABLE bench_text (n int, search text, grams text[])",
    """
    INSERT INTO place (institution_id, kind, code, name, parent_id, campus_id, path, search, sort_key, lang,
        initials, public)
    SELECT 1, 'building', 'BENCH' || b, '梅园' || b || '栋', campus.id, campus.id,
        campus.path || ' · 梅园' || b || '栋', '梅园' || b, 'b' || b, 'zh-CN', '', false
    FROM generate_series(1, %(buildings)s) AS b, (SELECT * FROM place WHERE kind = 'campus' ORDER BY id LIMIT 1) campus
    """,
    "UPDATE place SET building_id = id WHERE code LIKE 'BENCH%%'",
    """
    INSERT INTO place (institution_id, kind, code, name, parent_id, campus_id, building_id, path, search, sort_key,
        lang, initials, public)
    SELECT 1, 'room', code || '-' || r, (100 + r)::text, id, campus_id, id, path || ' · ' || (100 + r), '', 'r',
        'zh-CN', '', false
    FROM place, generate_series(1, %(rooms)s) AS r WHERE code LIKE 'BENCH%%'
    """,
    """
    CREATE UNLOGGED TABLE bench_place AS
    SELECT row_number() OVER (ORDER BY id) - 1 AS n, id, campus_id, building_id, path, '{}'::text[] AS grams
    FROM place WHERE kind = 'room' AND code LIKE 'BENCH%%'
    """,
    """
    INSERT INTO person (institution_id, name, lang, sort_key, search, sex, must_change_password)
    SELECT 1, '学生' || n, 'zh-CN', 'x' || n, 'x' || n, 'U', false FROM generate_series(1, %(reporters)s) AS n
    """,
    """
    CREATE UNLOGGED TABLE bench_person AS
    SELECT row_number() OVER (ORDER BY id) - 1 AS n, id FROM person
    WHERE sort_key LIKE 'x%%' OR id = (SELECT min(id) FROM person)
    """,
    """
    CREATE UNLOGGED TABLE bench_technician AS
    SELECT row_number() OVER (ORDER BY id) - 1 AS n, id FROM (
        SELECT person_id AS id FROM technician_profile UNION ALL SELECT id FROM bench_person WHERE n BETWEEN 1 AND 298
    ) AS crew
    """,
)
_SIZES = """
    (SELECT count(*) AS n FROM bench_text) AS texts, (SELECT count(*) AS n FROM bench_place) AS places,
    (SELECT count(*) AS n FROM bench_person) AS people,
    (SELECT count(*) AS n FROM category WHERE trade_id IS NOT NULL) AS categories
"""
# as strides: coprime with the sizes, so that texts, places and reporters do not go in step
_TICKETS = f"""
    INSERT INTO ticket (institution_id, id, number, status, cycle, category_id, place_id, campus_id, building_id,
        description, urgency, impact, priority, reporter_id, may_enter, origin, filed_at, resolved_at, closed_at,
        reminders, not_fixed_count, version, search, grams)
    OVERRIDING SYSTEM VALUE
    SELECT 1, g, 'R25-' || lpad(g::text, 7, '0'),
        CASE WHEN g > %(closed)s THEN 'accepted' ELSE 'closed' END, 1,
        category.id, place.id, place.campus_id, place.building_id,
        words.search || CASE WHEN g %% 20000 = 77 THEN '，门口还有一只{RARE}' ELSE '' END,
        'normal', 'room', CASE WHEN g %% 40 = 0 THEN 'high' ELSE 'normal' END, person.id, false, 'web',
        now() - (%(last)s - g) * %(apart)s * interval '1 minute', NULL,
        CASE WHEN g <= %(closed)s
            THEN now() - ((%(last)s - g) * %(apart)s - 60) * interval '1 minute' END, 0, 0, 3,
        words.search || CASE WHEN g %% 20000 = 77 THEN '，门口还有一只{RARE}' ELSE '' END || E'\\n' || place.path,
        words.grams || place.grams || CASE WHEN g %% 20000 = 77 THEN ARRAY['{RARE}'] ELSE '{{}}' END
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS g
    CROSS JOIN (SELECT * FROM {_SIZES}) AS size(texts, places, people, categories)
    JOIN bench_text AS words ON words.n = (g * 7) %% texts
    JOIN bench_place AS place ON place.n = (g * 37) %% places
    JOIN bench_person AS person ON person.n = (g * 13) %% people
    JOIN (SELECT row_number() OVER (ORDER BY id) - 1 AS n, id FROM category WHERE trade_id IS NOT NULL) AS category
        ON category.n = g %% categories
"""  # noqa: S608 - numbers and words of this module
_ORDERS = """
    INSERT INTO work_order (institution_id, id, number, ticket_id, trade_id, kind, state, cycle, priority, campus_id,
        building_id, assignee_id, offered_until, planned_minutes, pooled, worked, opened_at, done_at, version)
    OVERRIDING SYSTEM VALUE
    SELECT 1, ticket.id, 'W25-' || lpad(ticket.id::text, 7, '0'), ticket.id, category.trade_id, 'corrective',
        CASE WHEN ticket.status = 'closed' THEN 'closed' ELSE 'offered' END, 1, ticket.priority, ticket.campus_id,
        ticket.building_id, technician.id,
        CASE WHEN ticket.status = 'closed' THEN NULL ELSE now() + interval '1 day' END,
        30, false, ticket.status = 'closed', ticket.filed_at, ticket.closed_at, 3
    FROM ticket
    JOIN category ON category.institution_id = 1 AND category.id = ticket.category_id
    JOIN bench_technician AS technician ON technician.n = ticket.id % (SELECT count(*) FROM bench_technician)
    WHERE ticket.id BETWEEN %(first)s AND %(last)s
""".replace(" % (", " %% (")
_OFFERS = """
    INSERT INTO offer (institution_id, order_id, ticket_id, person_id, round, offered_at, until, outcome, ended_at, why)
    SELECT 1, id, ticket_id, assignee_id, 1, opened_at, opened_at + interval '10 minutes',
        CASE WHEN state = 'closed' THEN 'accepted' END, CASE WHEN state = 'closed' THEN opened_at END, '{}'
    FROM work_order WHERE id BETWEEN %(first)s AND %(last)s
"""
# what an earlier call left open; the tickets last, since the others are found by them
_OLD = "(SELECT id FROM ticket WHERE status = 'accepted' AND id <= %(closed)s)"
_TOO_OLD = (
    f"UPDATE offer SET outcome = 'accepted', ended_at = until WHERE outcome IS NULL AND ticket_id IN {_OLD}",  # noqa: S608 - names of our own, no input
    "UPDATE work_order SET state = 'closed', offered_until = NULL, done_at = opened_at + interval '1 hour' "  # noqa: S608 - names of our own, no input
    f"WHERE ticket_id IN {_OLD}",
    f"UPDATE ticket SET status = 'closed', closed_at = filed_at + interval '1 hour' WHERE id IN {_OLD}",  # noqa: S608 - names of our own, no input
)
