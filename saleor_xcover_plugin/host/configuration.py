"""Read the plugin's stored configuration outside a hook, in tasks and commands."""

from __future__ import annotations

from saleor.plugins.models import PluginConfiguration

from ..conf import PLUGIN_ID, PluginSettings, read_settings


def settings_of(channel_id: int) -> PluginSettings:
    """Return the channel's settings, whether the plugin is active or not.

    An inactive plugin stops offers only; sold covers are still confirmed and cancelled. Raise
    ``SettingsError`` when something is missing.
    """
    row = PluginConfiguration.objects.filter(identifier=PLUGIN_ID, channel_id=channel_id).first()
    return read_settings(row.configuration if row and row.configuration else [])


def is_active(channel_id: int | None) -> bool:
    return PluginConfiguration.objects.filter(
        identifier=PLUGIN_ID, channel_id=channel_id, active=True
    ).exists()


def stored_configuration(channel_id: int | None) -> list[dict[str, object]]:
    """The configuration as it is in the database now, before a pending change."""
    row = PluginConfiguration.objects.filter(identifier=PLUGIN_ID, channel_id=channel_id).first()
    return list(row.configuration or []) if row else []
