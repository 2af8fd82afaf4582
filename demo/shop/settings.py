"""What the shop was started with."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

STAFF_TOKEN = "XCOVER_DEMO_STAFF_TOKEN"  # noqa: S105 (the variable's name)
PAYMENT_TOKEN = "XCOVER_DEMO_PAYMENT_TOKEN"  # noqa: S105 (the variable's name)


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

    @property
    def missing_tokens(self) -> list[str]:
        """Return the names of the environment variables that hold no token."""
        tokens = {STAFF_TOKEN: self.staff_token, PAYMENT_TOKEN: self.payment_token}
        return [name for name, token in tokens.items() if not token]


def tokens_from(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the tokens as keyword arguments for ``Settings``."""
    return {
        "staff_token": environment.get(STAFF_TOKEN, ""),
        "payment_token": environment.get(PAYMENT_TOKEN, ""),
    }
