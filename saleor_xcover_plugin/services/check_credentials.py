"""Try the credentials with a real call when they are saved, and answer plainly."""

from __future__ import annotations

from datetime import datetime

from .. import outbox
from ..conf import PluginSettings, SettingsError
from ..host import configuration
from ..xcover.errors import XCoverError, XCoverMisconfigured
from .clients import probing_client
from .gate import name_of
from .replay import replay
from .wake import DELIVER_TASK, wake_after_commit

DEADLINE_SECONDS = 5.0


def check(settings: PluginSettings, *, is_known_to_work: bool) -> None:
    """Raise ``SettingsError`` unless XCover accepts the credentials.

    Settings that work already are not tried again, so that other fields can be edited while
    XCover is down.
    """
    if is_known_to_work:
        return
    try:
        probing_client(settings).probe(deadline=DEADLINE_SECONDS)
    except XCoverMisconfigured as error:
        raise SettingsError(
            "api_secret",
            f"XCover refused these credentials ({error}). Check the address, partner code, API "
            "key, API secret and this server's clock. Nothing was saved. To change key and secret "
            "one after the other, deactivate the plugin first.",
        ) from error
    except XCoverError as error:
        raise SettingsError(
            "api_url",
            f"XCover did not answer properly at {settings.api_url} ({error}). Check the address "
            "and whether this server may reach it. Nothing was saved; to save without a check, "
            "switch the plugin off first.",
        ) from error


def replay_waiting(channel_id: int, now: datetime) -> None:
    """Send again what was parked for refused credentials, or until this account was set again."""
    for message in outbox.replay_refused(channel_id, now):
        wake_after_commit(DELIVER_TASK, message.pk)
    try:
        account = name_of(configuration.settings_of(channel_id))
    except SettingsError:
        return
    for message_id in outbox.parked_for(channel_id, account):
        replay(message_id, now)
