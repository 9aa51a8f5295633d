"""Rules on passwords, on handing on rights, on what is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts import labels
from app.accounts.rules import delegation, devices, masking, passwords, roles

LIN = ("林晓", "linxiao", "20231234567", "lin.xiao@example.edu.cn", "13800001111")


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "P@ssw0rd2026!",
        "administrator1",
        "123456789012",
        "qwertyuiop12",
        "aaaaaaaaaaaaaa",
        "abcabcabcabcabc",
        "linxiao202612",
        "20231234567!",
        "woaini5201314520",
        "Houqin2026Houqin",
        "13800001111abc",
        "1q2w3e4r5t6y",
    ],
)
def test_guessable_passwords_are_refused(password: str) -> None:
    assert "guessable" in passwords.problems(password, known=LIN)


@pytest.mark.parametrize(
    "password",
    ["correct horse battery staple", "vK7-mtq-93x-pLw", "今晚月色真美啊我们去湖边散步吧", "xkcd-936-tr0ub4dor"],
)
def test_good_passwords_pass(password: str) -> None:
    assert passwords.problems(password, known=LIN) == ()


def test_length_is_counted_in_characters() -> None:
    assert passwords.problems("vK7-mtq-93x") == ("too_short",)
    assert passwords.problems("x" * 201) == ("too_long",)


@given(st.text(max_size=220), st.lists(st.text(max_size=20), max_size=4))
def test_any_text_is_judged(password: str, known: list[str]) -> None:
    found = passwords.problems(password, known=known)
    assert ("too_long" in found) == (len(password) > 200)


@given(st.text(alphabet="abc123", min_size=1, max_size=3))
def test_repeating_a_little_is_guessable(word: str) -> None:
    assert "guessable" in passwords.problems(word * 8)


CHAIN = delegation.chain_of(("building", 7), [("campus", 2)])


@pytest.mark.parametrize(
    ("scope", "may"),
    [
        (("institution", None), True),
        (("campus", 2), True),
        (("building", 7), True),
        (("building", 8), False),
        (("campus", 3), False),
        (("crew", 7), False),
        (("own", None), False),
    ],
)
def test_a_right_is_given_within_the_own_scope_only(scope: delegation.Scope, may: bool) -> None:
    held = {"people.read": frozenset({scope})}
    assert (delegation.lacking({"people.read"}, CHAIN, held) == ()) is may


def test_ordinary_permissions_are_given_without_being_held() -> None:
    assert delegation.lacking({"tickets.work", "tickets.file"}, CHAIN, {}) == ()
    assert delegation.lacking({"tickets.work", "audit.read"}, CHAIN, {}) == ("audit.read",)


def test_the_administrator_may_grant_every_seeded_role() -> None:
    """Otherwise a role nobody can grant would ship: a new privileged permission belongs to `admin` too."""
    admin = next(seed for seed in roles.SEEDS if seed.code == "admin")
    held = {each: frozenset({delegation.INSTITUTION}) for each in admin.permissions}
    chain = delegation.chain_of(delegation.INSTITUTION)
    assert {seed.code: delegation.lacking(seed.permissions, chain, held) for seed in roles.SEEDS} == dict.fromkeys(
        (seed.code for seed in roles.SEEDS), ()
    )


def test_every_permission_has_words() -> None:
    assert roles.PERMISSIONS - set(labels.PERMISSIONS) == set()
    headings = {code.split(".", 1)[0] for code in roles.PERMISSIONS}
    assert headings - set(labels.GROUPS) == set()


def test_masked_numbers_keep_the_last_digits() -> None:
    assert masking.masked("20231234") == "••••1234"
    assert masking.masked("12345") == "••••5"
    assert masking.masked(None) == ""


@given(st.text(min_size=1, max_size=40))
def test_a_mask_never_shows_the_whole(value: str) -> None:
    assert len(value) == 1 or value not in masking.masked(value)


@pytest.mark.parametrize(
    ("user_agent", "found"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/120.0 Safari/537.36 Edg/120", ("Edge", "Windows")),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17) MicroMessenger/8.0.40", ("WeChat", "iPhone")),
        ("curl/8.0", ("", "")),
        (None, ("", "")),
    ],
)
def test_devices_are_named(user_agent: str | None, found: tuple[str, str]) -> None:
    assert (devices.browser(user_agent), devices.system(user_agent)) == found
