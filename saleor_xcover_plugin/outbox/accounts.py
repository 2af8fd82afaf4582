"""List the XCover accounts in use and their shared account rows."""

from __future__ import annotations

from collections.abc import Iterable

from ..config.settings import PluginSettings, SettingsError
from ..domain.states import MessageState
from ..host import configuration
from ..models import OutboxMessage, XCoverAccount
from . import rate_limit


def by_channel() -> dict[int, PluginSettings]:
    """Return the settings, by channel id, of every channel that sells or has messages to send.

    Channels whose settings cannot be used are left out; ``unusable`` lists them.
    """
    return configuration.settings_in_use(_open_channels())


def unusable() -> dict[str, SettingsError]:
    """Return, by channel slug, why the settings that ``by_channel`` leaves out cannot be used."""
    return configuration.unusable_settings(_open_channels())


def rows_of(settings: Iterable[PluginSettings]) -> list[tuple[XCoverAccount, PluginSettings]]:
    """Return each account row in use once, with the settings of one channel that uses it.

    An account that has not been called yet has no row and is left out.
    """
    used = {rate_limit.account_key(one): one for one in settings}
    return [
        (row, used[row.name]) for row in XCoverAccount.objects.filter(pk__in=used).order_by("pk")
    ]


def subject_of(settings: PluginSettings) -> str:
    """Return the first 8 characters of the account key, shown in alarms and ``xcover_status``."""
    return rate_limit.account_key(settings)[:8]


def _open_channels() -> set[int]:
    return _channels(MessageState.PENDING) | _channels(MessageState.PARKED)


def _channels(state: MessageState) -> set[int]:
    # One query per state: each has its own partial index.
    messages = OutboxMessage.objects.filter(status=state.value)
    return set(messages.values_list("channel_id", flat=True).distinct())
