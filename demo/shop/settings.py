"""What the shop was started with."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from testkit.shop import PAYMENT_TOKEN, STAFF_KEY, STAFF_TOKEN

SIMULATED = "/simulated"
"""Below this path the shop shows the simulated XCover's policy wording."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Addresses come from the command line, tokens from the environment only."""

    saleor: str = "http://127.0.0.1:8000"
    channel: str = "default-channel"
    simulator: str | None = None
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost")
    """Names the browser may reach the shop by; others are refused, also after DNS rebinding."""
    staff_token: str = field(default="", repr=False)
    payment_token: str = field(default="", repr=False)
    staff_key: str = field(default_factory=secrets.token_urlsafe, repr=False)
    """Part of the staff's address: who knows only where the shop is cannot act as staff."""

    @property
    def missing_tokens(self) -> list[str]:
        """Return the names of the environment variables that hold no token."""
        tokens = {STAFF_TOKEN: self.staff_token, PAYMENT_TOKEN: self.payment_token}
        return [name for name, token in tokens.items() if not token]


def tokens_from(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return tokens and, when given, the staff's key as keyword arguments for ``Settings``."""
    given = {
        "staff_token": environment.get(STAFF_TOKEN, ""),
        "payment_token": environment.get(PAYMENT_TOKEN, ""),
    }
    key = environment.get(STAFF_KEY)
    return {**given, "staff_key": key} if key else given


def staff_address(address: str, key: str) -> str:
    """Return where staff go. What follows ``#`` stays in the browser, out of every log."""
    return f"{address}/#/staff?key={key}"
