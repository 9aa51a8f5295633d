"""A new institution: its row, written by the owner of the tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from app.core import institution
from app.core.errors import Rejected

CODE = re.compile(r"^[a-z][a-z0-9-]{1,30}$")


def create(
    owner_url: str,
    *,
    code: str,
    name: dict[str, str],
    hosts: Sequence[str] = (),
    flags: dict[str, Any] | None = None,
    number: int | None = None,
) -> int:
    """Write the row of a new institution and return its id; the application's roles may only read that table.

    `owner_url` connects as the owner, in a transaction of its own: the caller seeds the roles afterwards
    (`rights.sync_roles`). `number` is the id, where several cells share the numbers. Raises Rejected for a code of
    another form or one that is taken.
    """
    if not CODE.match(code):
        raise Rejected("The code must be 2 to 31 small letters, digits and hyphens, beginning with a letter.")
    made = institution.write(owner_url, code=code, name=name, hosts=hosts, flags=flags or {}, number=number)
    if made is None:
        raise Rejected("There is an institution with this code or number already.")
    return made
