"""Ways to sign in. The sign-in page shows what is registered: a form, or a button that leads to another site.

One is registered today: name and password kept here. A single sign-on adds a `redirect` provider whose endpoint begins
its dance; the person it comes back with gets a session by the same `sessions.open_session`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from flask_babel import lazy_gettext as _l

from app.accounts import services
from app.accounts.models import Person


class CheckPassword(Protocol):
    """What a form provider does with what was typed; raises SignInFailed or TooManyFailures."""

    def __call__(self, username: str, password: str, *, address: str, now: datetime) -> Person: ...


@dataclass(frozen=True, slots=True)
class Provider:
    """One way to sign in.

    `form`: the page asks for name and password and `check` finds the person. `redirect`: a button to `endpoint`.
    """

    name: str
    kind: Literal["form", "redirect"]
    label: Any
    check: CheckPassword | None = None
    endpoint: str | None = None

    def __post_init__(self) -> None:
        if (self.check is None) == (self.kind == "form") or (self.endpoint is None) == (self.kind == "redirect"):
            raise ValueError(f"provider {self.name}: a form needs check, a redirect an endpoint")


class Registry:
    """The providers by name, in the order they are shown."""

    def __init__(self, *providers: Provider) -> None:
        self._by_name: dict[str, Provider] = {}
        for provider in providers:
            self.add(provider)

    def add(self, provider: Provider) -> None:
        """Register a provider. Raises ValueError for a name that is taken."""
        if provider.name in self._by_name:
            raise ValueError(f"two providers are called {provider.name}")
        self._by_name[provider.name] = provider

    def form(self) -> Provider | None:
        """The provider behind the form; at most one is shown."""
        return next((each for each in self._by_name.values() if each.kind == "form"), None)

    def redirects(self) -> list[Provider]:
        """The providers shown as buttons."""
        return [each for each in self._by_name.values() if each.kind == "redirect"]


PROVIDERS = Registry(Provider("local", "form", _l("Account of this site"), check=services.sign_in))
