"""The plugin's settings of every channel that needs XCover."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q
from saleor.plugins.models import PluginConfiguration

from ..conf import PLUGIN_ID, PluginSettings, SettingsError, read_settings


def settings_in_use(open_channels: Collection[int]) -> dict[int, PluginSettings]:
    """Return complete settings by channel: where the plugin is active, or has work to end."""
    rows = PluginConfiguration.objects.filter(
        Q(active=True) | Q(channel_id__in=open_channels), identifier=PLUGIN_ID
    ).exclude(channel_id=None)
    found = {}
    for row in rows:
        try:
            found[row.channel_id] = read_settings(row.configuration or [])
        except SettingsError:
            continue  # nobody can call XCover with them
    return found
