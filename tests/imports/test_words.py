"""Every reason and problem the code can give has words that fit its figures."""

import re
from pathlib import Path

import pytest

from app.accounts.models import OrgUnit, Person
from app.core import i18n, references
from app.core.importing import Reason
from app.imports import problems, registry, screens, wording
from app.imports.rules import stages
from app.sites.models import Place

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


def test_whatever_uses_an_imported_thing_is_called_by_a_word(app):
    """No table is shown by its name: `references.declare` of the area the table is in."""
    using = {column.table.name for model in (Place, OrgUnit, Person) for column in references.pointing(model)}
    assert using <= set(references.WORDS), using - set(references.WORDS)
    for tag in ("en", "zh-CN"):
        with app.app_context(), i18n.speaking(tag):
            for table in using:
                said = wording.message(Reason("in_use", None, "x", {"what": table}), registry.importer("places"))
                assert str(references.WORDS[table]) in said
                assert "_" not in said


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


def test_figures_of_a_whole_file_are_grouped(app):
    stored = {"code": "too_many_missing", "params": {"missing": 20082, "all": 20132, "limit": 5}}
    with app.app_context(), i18n.speaking("en"):
        assert wording.problem(stored, registry.importer("people"))[0].startswith("20,082 of 20,132 people")


def test_kinds_are_unique_and_unknown_ones_are_not_found(app):
    from app.core.errors import NotFound

    known = registry.importers()
    with pytest.raises(ValueError, match="two importers"):
        registry.fill([*known, known[0]])
    registry.fill(known)
    with pytest.raises(NotFound):
        registry.importer("spaceships")
