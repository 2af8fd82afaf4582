"""Check XCover credentials with a real call when they are saved, and replay what they blocked."""

from __future__ import annotations

from datetime import datetime

from ..config.settings import PluginSettings, SettingsError
from ..host import configuration
from ..outbox import message_queue as outbox
from ..outbox.clients import probing_client
from ..outbox.rate_limit import account_key
from ..outbox.task_queue import DELIVER_TASK, send_after_commit
from ..staff.replay import replay
from ..xcover.errors import XCoverError, XCoverMisconfigured

DEADLINE_SECONDS = 5.0
"""Deadline of the call to XCover, in seconds. The dashboard waits for it."""


def check(settings: PluginSettings, *, is_known_to_work: bool) -> None:
    """Raise ``SettingsError`` if XCover refuses the credentials or does not respond properly.

    With ``is_known_to_work`` no call is made, so that other fields can be edited while XCover is
    down.
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
    """Replay the messages of a channel that were parked because of refused credentials.

    Messages that only the account now in the settings can finish are replayed, too.
    """
    for message in outbox.replay_refused(channel_id, now):
        send_after_commit(DELIVER_TASK, message.pk)
    try:
        account = account_key(configuration.settings_of(channel_id))
    except SettingsError:
        return
    for message_id in outbox.parked_for([channel_id], account):
        replay(message_id, now)
