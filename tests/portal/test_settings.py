"""Settings: shown with their bounds, changed within them, noted in the audit log, never over somebody else's change."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Person
from app.audit.models import AuditEntry
from app.core import settings
from app.core.settings import SettingValue
from app.portal import home
from tests.counting import counted
from tests.factories import accounts


@pytest.fixture
def admin(database: Session) -> Person:
    return accounts.person("admin", locale="en", name="Chen")


@pytest.fixture
def browser(login: Callable[..., FlaskClient], admin: Person) -> FlaskClient:
    return login(admin)


NAME = "limits.filings_per_minute"


def change(browser: FlaskClient, value: str, seen: int = 0, name: str = NAME) -> tuple[int, str]:
    answer = browser.post(f"/settings/{name}", data={"value": value, "seen": str(seen)})
    return answer.status_code, answer.get_data(as_text=True)


def test_every_declared_setting_is_there_with_its_words(browser: FlaskClient) -> None:
    page = browser.get("/settings").get_data(as_text=True)
    for declared in settings.DECLARED.values():
        assert f'id="{declared.name}"' in page
    assert "1 to 10,000" in page
    assert "usually 120" in page


def test_areas_and_choices_are_words_in_both_languages(browser: FlaskClient, login: Callable[..., FlaskClient]) -> None:
    page = browser.get("/settings").get_data(as_text=True)
    assert '<option value="dutylead">Duty lead</option>' in page
    assert "usually High" in page
    assert "usually China" in page
    page = login(accounts.person("admin", locale="zh-CN")).get("/settings").get_data(as_text=True)
    assert "通常 高" in page
    assert '<option value="dutylead">值班组长</option>' in page
    for area in {name.partition(".")[0] for name in settings.DECLARED}:
        assert not re.search(rf">\s*{area}\s*</h2>", page), f"{area} has no name"


def test_a_change_is_kept_shown_and_audited(browser: FlaskClient, database: Session, admin: Person) -> None:
    assert change(browser, "60")[0] == 302
    assert settings.get(NAME) == 60
    page = browser.get("/settings").get_data(as_text=True)
    assert 'value="60"' in page
    assert "changed by Chen" in page
    entry = database.scalars(select(AuditEntry).where(AuditEntry.verb == "setting.change")).one()
    assert (entry.before, entry.after, entry.actor_id) == ({NAME: 120}, {NAME: 60}, admin.id)
    row = database.scalars(select(SettingValue.id)).one()
    assert change(browser, "60", row)[0] == 302
    assert len(database.scalars(select(SettingValue.id)).all()) == 1, "the same value is no change"


@pytest.mark.parametrize(
    ("value", "said"),
    [("0", "must lie between"), ("10001", "must lie between"), ("many", "a whole number"), ("", "a whole number"),
     ("1e400000", "a whole number"), ("\x00", "cannot be stored"), ("١٢", "")],
)  # fmt: skip
def test_what_does_not_fit_is_refused_beside_its_field(browser: FlaskClient, value: str, said: str) -> None:
    status, page = change(browser, value)
    if value == "١٢":
        assert status in (302, 422)
        return
    assert status == 422
    assert said in page
    assert 'aria-invalid="true" autofocus' in page, "the page is long; the browser goes to the field"
    assert settings.get(NAME) == 120


def test_nobody_overwrites_what_he_has_not_seen(browser: FlaskClient) -> None:
    change(browser, "60")
    status, page = change(browser, "70")
    assert status == 412
    assert "just changed this setting" in page
    assert settings.get(NAME) == 60


def test_an_unknown_setting_is_not_there(browser: FlaskClient) -> None:
    assert change(browser, "1", name="no.such")[0] == 404
    assert browser.post(f"/settings/{NAME}", data={"value": "1", "seen": "x"}).status_code == 422


def test_only_who_may(login: Callable[..., FlaskClient]) -> None:
    client = login(accounts.person("dispatcher"))
    assert client.get("/settings").status_code == 403
    assert change(client, "60")[0] == 403


@pytest.mark.parametrize(("given", "kept"), [(" 8120  0000 ", "8120 0000"), ("+86 (10) 8120-0000", None), ("", None)])
def test_a_telephone_number(given: str, kept: str | None) -> None:
    assert home.telephone(given) == (given if kept is None else kept)


@pytest.mark.parametrize("given", ["call me", "１２３", "1" * 41, "12\n<script>"])
def test_no_telephone_number(given: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(given)}$"):
        home.telephone(given)


def test_the_page_takes_few_statements(browser: FlaskClient) -> None:
    browser.get("/settings")
    with counted() as seen:
        browser.get("/settings")
    assert len(seen) <= 4
