"""The XCover accounts in use, and the gates to them."""

from __future__ import annotations

from collections.abc import Iterable

from ..config.settings import PluginSettings, SettingsError
from ..domain.states import MessageState
from ..host import configuration
from ..models import OutboxMessage, XCoverAccount
from . import rate_limit


def by_channel() -> dict[int, PluginSettings]:
    """Return the settings of every channel that sells or has messages to send."""
    return configuration.settings_in_use(_open_channels())


def unusable() -> dict[str, SettingsError]:
    """Return by the channel's slug why settings cannot be used that ``by_channel`` leaves out."""
    return configuration.unusable_settings(_open_channels())


def rows_of(settings: Iterable[PluginSettings]) -> list[tuple[XCoverAccount, PluginSettings]]:
    """Return the gates to these accounts, once each, as far as anybody called through them."""
    used = {rate_limit.account_key(one): one for one in settings}
    return [
        (row, used[row.name]) for row in XCoverAccount.objects.filter(pk__in=used).order_by("pk")
    ]


def subject_of(settings: PluginSettings) -> str:
    """Name an account in a few characters, as alarms and ``xcover_status`` do."""
    return rate_limit.account_key(settings)[:8]


def _open_channels() -> set[int]:
    return _channels(MessageState.PENDING) | _channels(MessageState.PARKED)


def _channels(state: MessageState) -> set[int]:
    # One query per state: each has its own partial index.
    messages = OutboxMessage.objects.filter(status=state.value)
    return set(messages.values_list("channel_id", flat=True).distinct())
