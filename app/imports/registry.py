"""The kinds of import there are; filled once by wiring."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _l

from app.audit import labels as audit_labels
from app.core.errors import NotFound
from app.core.importing import Importer

audit_labels.declare(
    verbs={
        "import.upload": _l("Uploaded an import"),
        "import.order": _l("Ordered an import"),
        "import.approve": _l("Approved an import"),
        "import.return": _l("Returned an import"),
        "import.apply": _l("Applied an import"),
        "import.undo_order": _l("Asked for an import to be taken back"),
        "import.undo": _l("Took an import back"),
        "import.withdraw": _l("Withdrew an import"),
    },
    objects={"import": _l("Import")},
)

_known: dict[str, Importer[Any]] = {}


def fill(importers: Iterable[Importer[Any]]) -> None:
    """Replace the table of importers."""
    _known.clear()
    for each in importers:
        if each.kind in _known:
            raise ValueError(f"two importers are called {each.kind}")
        _known[each.kind] = each
    audit_labels.declare(codes={"kind": {each.kind: each.label for each in _known.values()}})


def importer(kind: str) -> Importer[Any]:
    """The importer of a kind; raises NotFound."""
    try:
        return _known[kind]
    except KeyError:
        raise NotFound from None


def importers() -> tuple[Importer[Any], ...]:
    """All importers in the order of wiring."""
    return tuple(_known.values())
