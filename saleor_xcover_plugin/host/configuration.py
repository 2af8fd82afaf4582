"""Read the plugin's stored configuration outside a hook, in tasks and commands."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q, QuerySet
from saleor.plugins.models import PluginConfiguration

from ..config.settings import PLUGIN_ID, PluginSettings, SettingsError, read_settings


def settings_of(channel_id: int) -> PluginSettings:
    """Return the channel's settings, whether the plugin is active or not.

    An inactive plugin stops offers only; sold covers are still confirmed and cancelled. Raise
    ``SettingsError`` when something is missing.
    """
    return read_settings(stored_configuration(channel_id))


def settings_in_use(open_channels: Collection[int]) -> dict[int, PluginSettings]:
    """Return complete settings by channel: where the plugin is active, or has work to end."""
    found = {}
    for row in _rows_in_use(open_channels):
        try:
            found[row.channel_id] = read_settings(row.configuration or [])
        except SettingsError:
            continue  # nobody can call XCover with them
    return found


def unusable_settings(open_channels: Collection[int]) -> dict[str, SettingsError]:
    """Return by slug why a channel's settings cannot be used, where they should be."""
    found = {}
    for row in _rows_in_use(open_channels).select_related("channel"):
        try:
            read_settings(row.configuration or [])
        except SettingsError as error:
            found[row.channel.slug] = error
    return found


def _rows_in_use(open_channels: Collection[int]) -> QuerySet[PluginConfiguration]:
    wanted = Q(active=True) | Q(channel_id__in=open_channels)
    return PluginConfiguration.objects.filter(wanted, identifier=PLUGIN_ID).exclude(channel_id=None)


def is_active(channel_id: int | None) -> bool:
    return PluginConfiguration.objects.filter(
        identifier=PLUGIN_ID, channel_id=channel_id, active=True
    ).exists()


def stored_configuration(channel_id: int | None) -> list[dict[str, object]]:
    """The configuration as it is in the database now, before a pending change."""
    row = PluginConfiguration.objects.filter(identifier=PLUGIN_ID, channel_id=channel_id).first()
    return list(row.configuration or []) if row else []


def addresses_elsewhere(channel_id: int | None) -> frozenset[str]:
    """Return the API addresses that are stored for other channels."""
    rows = PluginConfiguration.objects.filter(identifier=PLUGIN_ID).exclude(channel_id=channel_id)
    return frozenset(
        str(item["value"])
        for row in rows
        for item in row.configuration or []
        if item["name"] == "api_url" and item["value"]
    )
