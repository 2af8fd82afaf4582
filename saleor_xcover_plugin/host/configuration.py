"""Read the plugin's stored configuration outside a hook, in tasks and commands."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache

from django.db.models import Q, QuerySet
from saleor.plugins.models import PluginConfiguration

from ..compiled_query import CompiledQuery, is_one_of_keys
from ..config.settings import PLUGIN_ID, PluginSettings, SettingsError, read_settings


def settings_of(channel_id: int) -> PluginSettings:
    """Return the channel's settings, even if the plugin is inactive there.

    An inactive plugin makes no offers, but covers it sold are still confirmed and cancelled. Raise
    ``SettingsError`` when a setting is missing or unusable.
    """
    return read_settings(stored_configuration(channel_id))


def settings_in_use(open_channels: Collection[int]) -> dict[int, PluginSettings]:
    """Return usable settings by channel id.

    Channels count in which the plugin is active, and those in ``open_channels``, which have work
    to finish.
    """
    rows = _rows().filter(_is_in_use(open_channels))
    return {row.channel_id: settings for row, settings in _usable(rows)}


def usable_settings() -> dict[str, PluginSettings]:
    """Return the usable settings by channel slug, also those of channels that sell no more."""
    rows = _rows().select_related("channel")
    return {row.channel.slug: settings for row, settings in _usable(rows)}


def _usable(
    rows: Iterable[PluginConfiguration],
) -> Iterator[tuple[PluginConfiguration, PluginSettings]]:
    """Yield the rows with settings with which XCover can be called."""
    for row in rows:
        with suppress(SettingsError):
            yield row, read_settings(row.configuration or [])


def with_tax_on_line(channels: Mapping[str, int]) -> set[str]:
    """Return those of the channels, by slug, whose settings put the tax on the cover's line.

    ``channels`` maps slugs to primary keys. The other settings may be incomplete yet.
    """
    return {slug for slug, key in channels.items() if _is_on("tax_on_line", key)}


def _is_on(name: str, channel_id: int) -> bool:
    stored = stored_configuration(channel_id)
    return any(item["name"] == name and str(item["value"]).lower() == "true" for item in stored)


def unusable_settings(open_channels: Collection[int]) -> dict[str, SettingsError]:
    """Return by channel slug the settings that ``settings_in_use`` leaves out, with the reason."""
    found = {}
    for row in _rows().filter(_is_in_use(open_channels)).select_related("channel"):
        try:
            read_settings(row.configuration or [])
        except SettingsError as error:
            found[row.channel.slug] = error
    return found


def _rows() -> QuerySet[PluginConfiguration]:
    """Return the plugin's configurations of all channels."""
    return PluginConfiguration.objects.filter(identifier=PLUGIN_ID).exclude(channel_id=None)


def _is_in_use(open_channels: Collection[int]) -> Q:
    return Q(active=True) | Q(channel_id__in=open_channels)


def is_active(channel_id: int | None) -> bool:
    """Return True if the plugin is active in the channel."""
    return PluginConfiguration.objects.filter(
        identifier=PLUGIN_ID, channel_id=channel_id, active=True
    ).exists()


def stored_configuration(channel_id: int | None) -> list[dict[str, object]]:
    """Return the configuration as the database has it now, without a change not yet saved.

    Secrets in it are encrypted. Empty when nothing is stored for the channel.
    """
    rows = _stored().rows_of([channel_id])
    return list(rows[0]["configuration"] or []) if rows else []


@cache
def _stored() -> CompiledQuery:
    rows = PluginConfiguration.objects.filter(is_one_of_keys("channel_id"), identifier=PLUGIN_ID)
    return CompiledQuery(rows.order_by("pk").values("configuration"))


def addresses_elsewhere(channel_id: int | None) -> frozenset[str]:
    """Return the API addresses stored for all channels but this one."""
    rows = PluginConfiguration.objects.filter(identifier=PLUGIN_ID).exclude(channel_id=channel_id)
    return frozenset(
        str(item["value"])
        for row in rows
        for item in row.configuration or []
        if item["name"] == "api_url" and item["value"]
    )
