"""Release what waited for a switch of the settings, and tell what waits."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from ..config.settings import SettingsError, read_settings
from ..host import configuration
from ..outbox import switches

log = logging.getLogger(__name__)


def release_switched_on(
    channel_id: int, before: Iterable[Mapping[str, Any]], now: datetime
) -> None:
    """Make messages due that waited because they were switched off in the settings ``before``."""
    try:
        held = read_settings(before).held_kinds
        still_held = configuration.settings_of(channel_id).held_kinds
    except SettingsError:
        return  # nothing could be sent with them; what waits is looked at again by itself
    if switched_on := held - still_held:
        count = switches.release(channel_id, switched_on, now)
        log.info("xcover.switch.on", extra={"channel": channel_id, "messages": count})
