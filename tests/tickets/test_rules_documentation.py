"""The written tables say what the rows say; every marked sentence can be extracted."""

from app.tickets.rules import workflow
from app.tickets.rules.documentation import documentation
from app.tickets.rules.messages import gettext_noop


def test_every_row_stands_in_the_documentation():
    text = documentation()
    lines = [line for line in text.splitlines() if line.startswith(("| `", "| –"))]
    assert len(lines) == len(workflow.TICKET_TABLE) + len(workflow.ORDER_TABLE)
    assert all(line.count("|") == 8 for line in lines)
    for row in (*workflow.TICKET_TABLE, *workflow.ORDER_TABLE):
        assert f"`{row.act.value}`" in text


def test_what_is_switched_off_is_marked_until_it_is_on():
    assert "(with third_party)" in documentation(workflow.ALL_FEATURES - {workflow.Feature.THIRD_PARTY})
    assert "(with " not in documentation()


def test_marking_changes_nothing():
    assert gettext_noop("Taken") == "Taken"
