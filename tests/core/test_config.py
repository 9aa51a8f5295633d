"""The environment is read once, wholly and strictly."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from config import Config, ConfigError

NEEDED = {
    "DATABASE_URL": "postgresql://houqin_web@/houqin?host=/tmp/x",
    "REDIS_URL": "unix:///tmp/x/valkey.sock",
    "SECRET_KEY": "k3y-0123456789-abcdefghijklmnopqrstuvwxyz",
    "DATA_DIR": "/srv/houqin",
}
PRODUCTION = NEEDED | {"BASE_URL": "https://repairs.example.edu/", "TRUSTED_HOSTS": "repairs.example.edu, 10.0.0.1"}


def test_what_is_needed_suffices_outside_production() -> None:
    config = Config.from_env(NEEDED | {"HOUQIN_ENV": "demo"})
    assert config.database_url == "postgresql+psycopg://houqin_web@/houqin?host=/tmp/x"
    assert config.worker_database_url == config.direct_database_url == config.database_url
    assert config.data_dir == Path("/srv/houqin")
    assert config.session_cookie == "houqin_session"


def test_the_direct_connection_defaults_to_the_workers() -> None:
    config = Config.from_env(NEEDED | {"HOUQIN_ENV": "test", "WORKER_DATABASE_URL": "postgres://worker@/houqin"})
    assert config.direct_database_url == "postgresql+psycopg://worker@/houqin"


def test_production_is_what_an_unset_environment_means() -> None:
    config = Config.from_env(PRODUCTION)
    assert config.production
    assert config.secure_cookies
    assert config.session_cookie == "__Host-houqin_session"
    assert config.base_url == "https://repairs.example.edu"
    assert config.trusted_hosts == ("repairs.example.edu", "10.0.0.1")


def test_every_bad_key_is_named_at_once() -> None:
    bad = {
        "MAX_UPLOAD_MB": "much",
        "RATE_LIMITS": "perhaps",
        "PROXY_HOPS": "-1",
        "LOG_LEVEL": "loud",
        "DATA_DIR": "var",
    }
    with pytest.raises(ConfigError) as caught:
        Config.from_env(bad | {"HOUQIN_ENV": "test", "REDIS_URL": "http://x"})
    assert set(caught.value.problems) == {*bad, "DATABASE_URL", "REDIS_URL", "SECRET_KEY"}
    assert "MAX_UPLOAD_MB: must be a whole number from 1 to 500" in str(caught.value)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"SECRET_KEY": "change-me"}, "SECRET_KEY"),
        ({"SECRET_KEY": "a" * 64}, "SECRET_KEY"),
        ({"SECRET_KEY_FALLBACKS": f"{PRODUCTION['SECRET_KEY']}, old"}, "SECRET_KEY_FALLBACKS"),
        ({"BASE_URL": "http://repairs.example.edu"}, "BASE_URL"),
        ({"BASE_URL": ""}, "BASE_URL"),
        ({"TRUSTED_HOSTS": ""}, "TRUSTED_HOSTS"),
        ({"FLASK_DEBUG": "1"}, "FLASK_DEBUG"),
        ({"DEMO_PASSWORD": "shown-to-all"}, "DEMO_PASSWORD"),
    ],
)
def test_production_refuses_what_is_weak(changed: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Config.from_env(PRODUCTION | changed)
    assert list(caught.value.problems) == [named]


@pytest.mark.parametrize("text", ["٣", "1e1", "1_0", "0x5", " 3 3 ", "3.5"])
def test_numbers_are_plain_digits(text: str) -> None:
    with pytest.raises(ConfigError, match="PROXY_HOPS"):
        Config.from_env(NEEDED | {"HOUQIN_ENV": "test", "PROXY_HOPS": text})


def test_secrets_do_not_show() -> None:
    config = Config.from_env(PRODUCTION)
    assert PRODUCTION["SECRET_KEY"] not in f"{config!r} {config}"


def test_it_cannot_be_changed() -> None:
    config = Config.from_env(PRODUCTION)
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.debug = True


def test_every_setting_is_in_the_table() -> None:
    rows = Config.documentation()
    assert len({row.name for row in rows}) == len(rows) == len(dataclasses.fields(Config))
    assert all(row.description and row.kind for row in rows)
    assert {row.name for row in rows if row.default == "(needed)"} == set(NEEDED)
