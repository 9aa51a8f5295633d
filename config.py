"""Every setting of a Houqin process, read once from the environment into one frozen object.

`Config.from_env` is the only reader of the environment in the application: everything else gets the object (or a value
of it) as an argument. A wrong environment fails at start with one message that lists every bad key, so that an operator
mends them in one go. The table of settings in the README is generated from `Config.documentation()`.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Self, get_type_hints
from urllib.parse import urlsplit

ENVIRONMENTS = ("production", "demo", "development", "test")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")

# Keys that stand in examples and tutorials; a production system signed with one of them is open to everybody.
_WELL_KNOWN_SECRETS = frozenset(
    {"change-me", "changeme", "default", "dev", "development", "houqin", "password", "secret"}
)
_SECRET_LENGTH = 32


class ConfigError(ValueError):
    """The environment cannot be used; `problems` maps each bad variable to what is wrong with it."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        """Keep the problems and put all of them into the message, one per line."""
        self.problems = dict(problems)
        lines = [f"  {name}: {problem}" for name, problem in self.problems.items()]
        super().__init__("The configuration cannot be used:\n" + "\n".join(lines))


class Row(NamedTuple):
    """One line of the table of settings."""

    name: str
    kind: str
    default: str
    description: str


class Kind(NamedTuple):
    """A kind of value: its name in the table, and what turns text into it or raises ValueError."""

    name: str
    parse: Callable[[str], Any] = str


class Setting(NamedTuple):
    """What the environment variable `env` means."""

    env: str
    kind: Kind
    description: str


def _one_of(*choices: str) -> Kind:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError("must be one of " + ", ".join(choices))
        return text

    return Kind(", ".join(choices), parse)


def _whole(low: int, high: int) -> Kind:
    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(text)

    return Kind(f"{low} to {high}", parse)


def _seconds(low: float, high: float) -> Kind:
    def parse(text: str) -> float:
        if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})?", text) or not low <= float(text) <= high:
            raise ValueError(f"must be a number of seconds from {low:g} to {high:g}")
        return float(text)

    return Kind(f"{low:g} to {high:g} s", parse)


def _switch(text: str) -> bool:
    values = {"on": True, "true": True, "yes": True, "1": True, "off": False, "false": False, "no": False, "0": False}
    if text.lower() not in values:
        raise ValueError("must be on or off")
    return values[text.lower()]


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in (part.strip() for part in text.split(",")) if word)


def _networks(text: str) -> tuple[str, ...]:
    words = _words(text)
    for word in words:
        try:
            ipaddress.ip_network(word)
        except ValueError as error:
            raise ValueError(f"{word} is not a network such as 10.20.0.0/16") from error
    return words


def _folder(text: str) -> Path:
    path = Path(text).expanduser()
    if not path.is_absolute():
        raise ValueError("must be an absolute path")
    return path


def _url(*schemes: str) -> Kind:
    def parse(text: str) -> str:
        if urlsplit(text).scheme not in schemes:
            raise ValueError("must be a URL beginning with " + " or ".join(f"{scheme}://" for scheme in schemes))
        return text

    return Kind("URL", parse)


def _database(text: str) -> str:
    """Accept the spellings common outside and name the one driver we use, so that SQLAlchemy takes psycopg 3."""
    address = re.sub(r"^(postgres|postgresql)://", "postgresql+psycopg://", text)
    return str(_url("postgresql+psycopg").parse(address))


def _web_address(text: str) -> str:
    address = str(_url("https", "http").parse(text)).rstrip("/")
    if not urlsplit(address).hostname or urlsplit(address).query or urlsplit(address).fragment:
        raise ValueError("must be an address such as https://repairs.example.edu")
    return address


TEXT, SECRET, SWITCH = Kind("text"), Kind("secret"), Kind("on, off", _switch)
WORDS, FOLDER = Kind("list, by commas", _words), Kind("absolute path", _folder)
NETWORKS = Kind("list, by commas", _networks)
DATABASE, SITE = Kind("URL", _database), Kind("URL", _web_address)
QUEUE, MAIL = _url("redis", "rediss", "unix", "redis+sentinel"), _url("smtp", "smtps")


@dataclass(frozen=True, kw_only=True)
class Config:
    """The settings of one process. Fields without a default must be set."""

    database_url: Annotated[
        str, Setting("DATABASE_URL", DATABASE, "PostgreSQL 18 for web processes (role `houqin_web`)")
    ]
    redis_url: Annotated[
        str,
        Setting(
            "REDIS_URL",
            QUEUE,
            "Valkey or Redis for queues and limits, may be wiped at any time; sentinels: "
            "`redis+sentinel://host:port,host:port/NAME`",
        ),
    ]
    secret_key: Annotated[
        str, Setting("SECRET_KEY", SECRET, "signs cookies and links; 32 random characters in production")
    ]
    data_dir: Annotated[
        Path, Setting("DATA_DIR", FOLDER, "uploaded files and other state; one for all web and worker nodes")
    ]
    env: Annotated[
        str,
        Setting("HOUQIN_ENV", _one_of(*ENVIRONMENTS), "`production` refuses what is weak; `demo` shows demo logins"),
    ] = "production"
    base_url: Annotated[
        str, Setting("BASE_URL", SITE, "address people use, in mail and QR codes; https in production")
    ] = ""
    worker_database_url: Annotated[
        str, Setting("WORKER_DATABASE_URL", DATABASE, "for relay and workers (`houqin_worker`); else DATABASE_URL")
    ] = ""
    owner_database_url: Annotated[
        str, Setting("OWNER_DATABASE_URL", DATABASE, "for migrations and backup (`houqin_owner`); not on web nodes")
    ] = ""
    direct_database_url: Annotated[
        str, Setting("DIRECT_DATABASE_URL", DATABASE, "past any pooler, for LISTEN and locks; else the worker's")
    ] = ""
    report_database_url: Annotated[
        str,
        Setting(
            "REPORT_DATABASE_URL",
            DATABASE,
            "where reports read, such as a standby (role `houqin_web`); else DATABASE_URL",
        ),
    ] = ""
    secret_key_fallbacks: Annotated[
        tuple[str, ...], Setting("SECRET_KEY_FALLBACKS", WORDS, "former secret keys, accepted while they rotate out")
    ] = ()
    trusted_hosts: Annotated[
        tuple[str, ...], Setting("TRUSTED_HOSTS", WORDS, "host names requests may carry; needed in production")
    ] = ()
    proxy_hops: Annotated[
        int, Setting("PROXY_HOPS", _whole(0, 5), "reverse proxies in front, whose X-Forwarded headers count")
    ] = 0
    webhook_networks: Annotated[
        tuple[str, ...],
        Setting("WEBHOOK_NETWORKS", NETWORKS, "private networks webhooks may call, such as `10.20.0.0/16`"),
    ] = ()
    smtp_url: Annotated[
        str, Setting("SMTP_URL", MAIL, "`smtp://user:password@host:587`, `smtps://…:465`; unset: mail is kept")
    ] = ""
    mail_from: Annotated[str, Setting("MAIL_FROM", TEXT, "sender of mail")] = "Houqin <houqin@invalid>"
    default_locale: Annotated[
        str, Setting("DEFAULT_LOCALE", _one_of("zh-CN", "en"), "language where neither person nor browser names one")
    ] = "zh-CN"
    max_upload_mb: Annotated[int, Setting("MAX_UPLOAD_MB", _whole(1, 500), "largest request with files, MB")] = 100
    max_json_kb: Annotated[
        int, Setting("MAX_JSON_KB", _whole(64, 50_000), "largest JSON or form without files, KB")
    ] = 2_048
    body_timeout_s: Annotated[
        float, Setting("BODY_TIMEOUT_S", _seconds(1, 600), "a request body not complete by then is answered 408")
    ] = 60.0
    rate_limits: Annotated[
        bool,
        Setting("RATE_LIMITS", SWITCH, "requests per token or session, reports per person; failed sign-ins always are"),
    ] = True
    log_level: Annotated[str, Setting("LOG_LEVEL", _one_of(*LOG_LEVELS), "least level written")] = "INFO"
    metrics_port: Annotated[
        int, Setting("METRICS_PORT", _whole(0, 65_535), "loopback port of Prometheus `/metrics`; 0: none")
    ] = 0
    db_pool_size: Annotated[
        int, Setting("DB_POOL_SIZE", _whole(1, 200), "connections per web process: its threads and two")
    ] = 18
    db_pool_timeout_s: Annotated[
        float, Setting("DB_POOL_TIMEOUT_S", _seconds(0.1, 60), "wait for a free connection before answering 503")
    ] = 2.0
    db_connect_timeout_s: Annotated[
        int, Setting("DB_CONNECT_TIMEOUT_S", _whole(2, 60), "seconds PostgreSQL gets to take a connection")
    ] = 3
    db_prepare_threshold: Annotated[
        int,
        Setting(
            "DB_PREPARE_THRESHOLD",
            _whole(0, 1000),
            "runs of a statement before the server keeps it prepared; 0: never, for a pooler that cannot",
        ),
    ] = 5
    apart_pool_size: Annotated[
        int, Setting("APART_POOL_SIZE", _whole(1, 50), "connections per process for what outlives a rollback")
    ] = 2
    redis_timeout_s: Annotated[
        float, Setting("REDIS_TIMEOUT_S", _seconds(0.05, 10), "wait for Valkey in a request; filing goes on without")
    ] = 0.2
    demo_password: Annotated[
        str, Setting("DEMO_PASSWORD", SECRET, "password of the demo logins; refused in production")
    ] = ""
    debug: Annotated[
        bool, Setting("FLASK_DEBUG", SWITCH, "templates are read anew for each request; refused in production")
    ] = False

    def __post_init__(self) -> None:
        """Fill the addresses that default to another one."""
        worker = self.worker_database_url or self.database_url
        object.__setattr__(self, "worker_database_url", worker)
        object.__setattr__(self, "direct_database_url", self.direct_database_url or worker)

    def __repr__(self) -> str:
        """Name the environment only: a configuration in a log or a traceback must not show its secrets."""
        return f"Config(env={self.env!r})"

    @property
    def production(self) -> bool:
        """True where nothing weak is let through."""
        return self.env == "production"

    @property
    def secure_cookies(self) -> bool:
        """True where the address is https; then cookies are Secure and carry the `__Host-` prefix."""
        return self.base_url.startswith("https://")

    @property
    def session_cookie(self) -> str:
        """Name of the session cookie. Over plain http a browser refuses the `__Host-` prefix."""
        return "__Host-houqin_session" if self.secure_cookies else "houqin_session"

    @property
    def blob_dir(self) -> Path:
        """Folder of uploaded files."""
        return self.data_dir / "blobs"

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read the settings from a mapping such as `os.environ`; an empty value counts as unset.

        Raises ConfigError with every bad, missing or (in production) dangerous key at once.
        """
        values: dict[str, Any] = {}
        problems: dict[str, str] = {}
        for name, setting, default in _settings(cls):
            text = environ.get(setting.env, "").strip()
            if not text:
                if default is MISSING:
                    problems[setting.env] = f"is not set ({setting.description})"
                continue
            try:
                values[name] = setting.kind.parse(text)
            except ValueError as error:
                problems[setting.env] = str(error)
        if values.get("env", "production") == "production":
            for name, problem in _production_problems(values).items():
                problems.setdefault(name, problem)
        if problems:
            raise ConfigError(problems)
        return cls(**values)

    @classmethod
    def documentation(cls) -> list[Row]:
        """Return one row per setting, in the order of the class: variable, kind, default as written, meaning."""
        rows = []
        for _, setting, default in _settings(cls):
            rows.append(Row(setting.env, setting.kind.name, _shown(default), setting.description))
        return rows


def _settings(cls: type[Config]) -> list[tuple[str, Setting, Any]]:
    hints = get_type_hints(cls, include_extras=True)
    return [(field.name, hints[field.name].__metadata__[0], field.default) for field in fields(cls)]


def _shown(default: object) -> str:
    if default is MISSING:
        return "(needed)"
    if isinstance(default, bool):
        return "on" if default else "off"
    if isinstance(default, float):
        return f"{default:g}"
    return "" if default == () else str(default)


def _production_problems(values: Mapping[str, Any]) -> dict[str, str]:
    """Return what must not reach production: a guessable secret, plain http, any host name, debugging, demo logins."""
    problems = {}
    for name, keys in (
        ("SECRET_KEY", [values.get("secret_key", "")]),
        ("SECRET_KEY_FALLBACKS", values.get("secret_key_fallbacks", ())),
    ):
        if any(_weak(key) for key in keys):
            problems[name] = (
                f"must be at least {_SECRET_LENGTH} random characters in production; draw one with "
                "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
            )
    if not values.get("base_url", "").startswith("https://"):
        problems["BASE_URL"] = "must be the https address of the site in production (cookies are sent over https only)"
    if not values.get("trusted_hosts"):
        problems["TRUSTED_HOSTS"] = "must name the host names of the site in production"
    if values.get("debug"):
        problems["FLASK_DEBUG"] = "must be off in production"
    if values.get("demo_password"):
        problems["DEMO_PASSWORD"] = "must not be set in production"  # noqa: S105 - a message
    return problems


def _weak(key: str) -> bool:
    return len(key) < _SECRET_LENGTH or len(set(key)) < 8 or key.lower() in _WELL_KNOWN_SECRETS
