"""Settings of the shop."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from testkit.shop import PAYMENT_TOKEN, STAFF_KEY, STAFF_TOKEN

SIMULATED = "/simulated"
"""Path below which the shop serves the simulated XCover's policy wording."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of the shop: addresses from the command line, tokens from the environment."""

    saleor: str = "http://127.0.0.1:8000"
    """Address of the host, without a trailing slash."""
    channel: str = "default-channel"
    """Slug of the channel."""
    simulator: str | None = None
    """Control address of the simulated XCover, without a trailing slash."""
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost")
    """Accepted values of the Host header; refusing others prevents DNS rebinding."""
    staff_token: str = field(default="", repr=False)
    payment_token: str = field(default="", repr=False)
    staff_key: str = field(default_factory=secrets.token_urlsafe, repr=False)
    """Key that the staff's pages send; it is part of the staff's address."""

    @property
    def missing_tokens(self) -> list[str]:
        """The names of the environment variables whose token is missing."""
        tokens = {STAFF_TOKEN: self.staff_token, PAYMENT_TOKEN: self.payment_token}
        return [name for name, token in tokens.items() if not token]


def tokens_from(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return tokens and, if set, the staff's key as keyword arguments of ``Settings``."""
    given = {
        "staff_token": environment.get(STAFF_TOKEN, ""),
        "payment_token": environment.get(PAYMENT_TOKEN, ""),
    }
    key = environment.get(STAFF_KEY)
    return {**given, "staff_key": key} if key else given


def staff_address(address: str, key: str) -> str:
    """Return the staff's address. Browsers do not send the part after ``#``, so no log holds it."""
    return f"{address}/#/staff?key={key}"
