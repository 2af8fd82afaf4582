"""What resolvers know of the request they answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ..config.settings import PluginSettings
from ..host.requestor import Requestor


class StaffContext(Protocol):
    """What the fields for staff need to know."""

    def managed_channels(self) -> frozenset[int]:
        """Return the channels whose orders the sender may see and change; often costs queries."""
        ...


@dataclass(frozen=True, slots=True)
class Context:
    """A request to the address of one channel, and the channel's settings."""

    channel_id: int
    settings: PluginSettings
    requestor: Callable[[], Requestor]
    """Finds out who asks; only what staff do needs it."""
    client: str | None = None
    """The client's name of today (``checkout/allowances.py``), where it is known."""

    def managed_channels(self) -> frozenset[int]:
        """Return this channel if the sender may manage its orders, else nothing."""
        is_managed = self.requestor().may_manage(self.channel_id)
        return frozenset({self.channel_id}) if is_managed else frozenset()


@dataclass(frozen=True, slots=True)
class DeskContext:
    """A request of the desk, to the address that belongs to no channel."""

    channel_ids: frozenset[int]
    """Channels of the member of staff who signed in."""

    def managed_channels(self) -> frozenset[int]:
        """Return the channels of the member of staff."""
        return self.channel_ids
