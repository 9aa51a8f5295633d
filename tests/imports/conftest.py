"""Who loads lists of people, who approves them, and the units they name."""

import pytest

from app.accounts.models import OrgUnit
from app.core.db import db
from tests.factories import accounts


@pytest.fixture
def admin(database):
    return accounts.actor(accounts.person("admin"))


@pytest.fixture
def registry(database):
    return accounts.actor(accounts.person("registry"))


@pytest.fixture
def head(database):
    return accounts.actor(accounts.person("registry"))


@pytest.fixture
def units(database):
    accounts.role("student")
    college = OrgUnit(kind="college", code="0817", name="化工学院")
    other = OrgUnit(kind="college", code="0701", name="数学学院")
    year = OrgUnit(kind="year", code="2026", name="2026级")
    db.session.add_all([college, other, year])
    db.session.flush()
    db.session.add_all(
        [OrgUnit(kind="class", code=f"C{n:02d}", name=f"化工 26{n:02d}", parent_id=college.id) for n in range(1, 41)]
    )
    db.session.flush()
