"""How what identifies and reaches a person is written: one rule for pages, calls and lists.

Each is a pattern for the whole of a value.
"""

from __future__ import annotations

import re

NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z._\-/]{0,63}\Z")
"""A student or staff number."""

USERNAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._\-]{1,63}\Z")
"""An account name: not every number can be one."""

PHONE = re.compile(r"\(?\+?(?:[ ()./\-]*[0-9]){3,20}[ ()./\-]*(?:(?:转|x|ext\.?) *[0-9]{1,6})?\Z", re.IGNORECASE)
"""A telephone number, extensions of the house (8123) and behind a number (转8123) included."""

_ATOM = r"[0-9A-Za-z!#$%&'*+/=?^_`{|}~\-]+"
EMAIL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@(?:\w(?:[\w\-]{{0,61}}\w)?\.)+\w[\w\-]{{0,61}}\w\Z")
"""An e-mail address; its domain may be written in any script."""

EMAIL_LIMIT = 200
"""Characters an e-mail address may have."""
