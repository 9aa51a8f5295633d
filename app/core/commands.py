"""What the commands of all areas share: in which institution they work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from app.core import institution
from app.core.db import institution_bound

of_institution = click.option("--institution", "code", metavar="CODE", help="Default: the only one.")


@contextmanager
def inside(code: str | None) -> Iterator[int]:
    """Bind the institution of a code (None: the only one) and give its id. Raises UsageError where it is not clear."""
    facts = institution.by_code(code)
    if facts is None:
        known = ", ".join(each.code for each in institution.institutions()) or "none yet (flask institution create)"
        raise click.UsageError(f"Name the institution with --institution CODE; known: {known}.")
    with institution_bound(facts.id):
        yield facts.id
