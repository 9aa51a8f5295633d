"""Tables that stand as blocks on a phone keep the roles of a table; their cells bear the names of their columns."""

from __future__ import annotations

import pytest
from flask import Flask, get_template_attribute
from markupsafe import Markup

from app.core import pages

ROWS = Markup(
    '<tr class="aged"><th scope="row"><b>1 &lt;td&gt;</b></th><td class="num">2</td><td>3<time>4</time></td></tr>\n'
    "<tr><td>5</td><td>6</td></tr>"
)


def test_each_row_and_cell_says_what_it_is() -> None:
    assert pages.as_rows(ROWS) == (
        '<tr role="row" class="aged"><th scope="row" role="rowheader"><b>1 &lt;td&gt;</b></th>'
        '<td role="cell" class="num">2</td><td role="cell">3<time>4</time></td></tr>\n'
        '<tr role="row"><td role="cell">5</td><td role="cell">6</td></tr>'
    )


def test_the_head_of_a_column_is_one() -> None:
    assert pages.as_rows(Markup('<tr><th scope="col" class="num">A</th></tr>')) == (
        '<tr role="row"><th scope="col" role="columnheader" class="num">A</th></tr>'
    )


def test_cells_bear_the_names_of_their_columns_row_by_row() -> None:
    named = pages.as_rows(ROWS, ["Figure", 'of "a" & b'])
    assert named.count('data-label="Figure"') == 2
    assert named.count('data-label="of &#34;a&#34; &amp; b"') == 2
    assert '<td role="cell">3<time>' in named  # has no name: there is none for it


@pytest.mark.parametrize(("turn", "labels"), [("flow", 0), ("under", 0), ("stack", 2)])
def test_a_table_that_turns_is_a_table_whatever_it_looks_like(app: Flask, turn: str, labels: int) -> None:
    with app.test_request_context():
        table = get_template_attribute("macros/ui.html", "table")
        drawn = table(
            [{"label": "Place"}, {"label": "Sum", "num": True}], "Places", caller=lambda: ROWS, **{turn: True}
        )
    assert f"table--{turn}" in drawn
    assert 'role="table"' in drawn
    assert drawn.count('role="rowgroup"') == 2
    assert drawn.count('role="columnheader"') == 2
    assert drawn.count('data-label="Sum"') == labels


def test_a_table_that_stays_one_needs_no_roles(app: Flask) -> None:
    with app.test_request_context():
        table = get_template_attribute("macros/ui.html", "table")
        assert "role=" not in table([{"label": "Place"}], "Places", caller=lambda: ROWS).replace('role="region"', "")
