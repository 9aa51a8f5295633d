"""Every reason and problem the code can give has words that fit its figures."""

import re
from pathlib import Path

import pytest

from app.imports import problems, registry, screens, wording
from app.imports.rules import stages

ROOT = Path(__file__).resolve().parents[2] / "app"


def codes(folder, call, *modules):
    modules = modules or ("**/*.py",)
    text = "\n".join(path.read_text() for each in modules for path in sorted((ROOT / folder).glob(each)))
    return set(re.findall(call + r'\(\s*"([a-z_]+)"', text))


def test_every_problem_of_a_file_has_words(app):
    known = set(problems.FILES)
    raised = codes("imports/rules", "Unreadable")
    assert raised <= known, raised - known
    assert {"file_gone", "changed_since", "undo_blocked", "encrypted", "old_workbook"} <= known


def test_every_reason_of_a_cell_has_words(app):
    raised = codes("imports/rules", "Bad")
    assert raised <= set(wording.CELLS), raised - set(wording.CELLS)


@pytest.mark.parametrize(
    ("kind", "modules"),
    [
        ("places", ("sites/services/*.py", "core/import_trees.py")),
        ("units", ("accounts/services/unit*.py", "core/import_trees.py")),
        ("people", ("accounts/services/register*.py",)),
    ],
)
def test_every_reason_of_an_importer_has_words(app, kind, modules):
    importer = registry.importer(kind)
    raised = codes("", "Reason", *modules)
    assert raised
    raised |= {"changed_since_import", "in_use"}
    assert raised <= set(importer.wording), raised - set(importer.wording)


def test_states_outcomes_and_chips_are_complete(app):
    assert set(wording.STATES) == set(stages.STATES) == set(screens.CHIPS) == set(screens._STEP_OF) == set(stages.MOVES)
    assert all(after in stages.STATES for moves in stages.MOVES.values() for after in moves)


def test_members_that_change_have_a_label_even_without_a_column(app):
    importer = registry.importer("people")
    with app.app_context():
        assert wording.column_label("missing", importer) not in ("", "missing")
        assert wording.column_label(None, importer) == ""
        assert wording.column_label("surprise", importer) == "surprise"
        assert wording.problem(None, importer) is None
    screen = screens.Screen.__new__(screens.Screen)
    assert (screen.shown(None), screen.shown("x")) == ("–", "x")


def test_a_missing_figure_never_breaks_a_page(app):
    with app.app_context():
        for words in (*wording.CELLS.values(), *problems.FILES.values(), *_importers_words()):
            assert wording.say(words.message, {})
            assert wording.say(words.remedy, {})


def _importers_words():
    return [words for importer in registry.importers() for words in importer.wording.values()]


def test_kinds_are_unique_and_unknown_ones_are_not_found(app):
    from app.core.errors import NotFound

    known = registry.importers()
    with pytest.raises(ValueError, match="two importers"):
        registry.fill([*known, known[0]])
    registry.fill(known)
    with pytest.raises(NotFound):
        registry.importer("spaceships")
