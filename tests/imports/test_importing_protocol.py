from hypothesis import given
from hypothesis import strategies as st

from app.core import importing
from app.core.importing import Line, Reason, RowPlan

rows = st.lists(st.tuples(st.integers(1, 999), st.lists(st.text(max_size=5), max_size=3)), max_size=5)


@given(rows, rows)
def test_the_content_hash_tells_different_rows_apart(one, other):
    same = importing.content_hash("places", "", one) == importing.content_hash("places", "", other)
    assert same == (one == other)


def test_the_content_hash_knows_cells_from_rows_and_kinds():
    hashes = {
        importing.content_hash("places", "", [(1, ["ab", "c"])]),
        importing.content_hash("places", "", [(1, ["a", "bc"])]),
        importing.content_hash("people", "", [(1, ["ab", "c"])]),
        importing.content_hash("places", "whole", [(1, ["ab", "c"])]),
        importing.content_hash("places", "", [(1, ["ab"]), (2, ["c"])]),
    }
    assert len(hashes) == 5


def test_the_plan_hash_ignores_order_and_what_is_left_alone():
    new = RowPlan(2, "new", key="A", values={"code": "A"})
    changed = RowPlan(3, "changed", key="B", target=7, diff={"name": ("x", "y")})
    missing = RowPlan(None, "missing", key="C", target=8)
    same = RowPlan(4, "same", key="D", target=9)
    one = importing.plan_hash([new, changed, missing, same])
    assert one == importing.plan_hash([missing, same, changed, new])
    assert one == importing.plan_hash([missing, changed, new])
    assert one != importing.plan_hash([new, changed])
    assert one != importing.plan_hash(
        [new, missing, RowPlan(3, "changed", key="B", target=7, diff={"name": ("x", "z")})]
    )


def test_a_refused_line_keeps_all_its_reasons():
    line = Line(5, {}, (Reason("scientific", "number", "2E+9"),))
    plan = importing.refuse(line, Reason("no_such_parent", "parent", "X"), key="k")
    assert (plan.row, plan.outcome, [why.code for why in plan.reasons]) == (
        5,
        "refused",
        ["scientific", "no_such_parent"],
    )


def test_every_outcome_is_counted():
    found = importing.count([RowPlan(1, "new"), RowPlan(2, "new"), RowPlan(None, "missing")])
    assert found == {"new": 2, "changed": 0, "same": 0, "missing": 1, "refused": 0}
