"""What every reader yields."""

from __future__ import annotations

from typing import NamedTuple


class Record(NamedTuple):
    """One row: ``number`` is the line (CSV) or row (XLSX) it begins at, counted from 1."""

    number: int
    cells: list[str]
