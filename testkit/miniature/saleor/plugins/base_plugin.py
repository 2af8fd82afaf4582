"""The base class of plugins, with validated configuration per channel."""

from __future__ import annotations

import copy
from typing import Any

from .models import PluginConfiguration


class BasePlugin:
    PLUGIN_ID = ""
    PLUGIN_NAME = ""
    PLUGIN_DESCRIPTION = ""
    CONFIG_STRUCTURE: dict[str, Any] | None = None
    CONFIGURATION_PER_CHANNEL = True
    DEFAULT_CONFIGURATION: list[dict[str, Any]] = []
    DEFAULT_ACTIVE = False

    def __init__(self, *, configuration: Any, active: bool, channel: Any = None) -> None:
        self.configuration = self._with_defaults(configuration)
        self.active = active
        self.channel = channel

    def __del__(self) -> None:
        # As in Saleor, the list is emptied in place, so that references to it become empty too.
        self.configuration.clear()

    def _with_defaults(self, configuration: Any) -> list[dict[str, Any]]:
        known = self.CONFIG_STRUCTURE or {}
        found = [copy.copy(item) for item in configuration or [] if item["name"] in known]
        names = {item["name"] for item in found}
        return found + [copy.copy(i) for i in self.DEFAULT_CONFIGURATION if i["name"] not in names]

    @classmethod
    def validate_plugin_configuration(cls, plugin_configuration: Any, **kwargs: Any) -> None:
        """Raise ValidationError if the configuration is invalid."""

    @classmethod
    def pre_save_plugin_configuration(cls, plugin_configuration: Any) -> None:
        """Change the configuration before it is stored."""

    @classmethod
    def save_plugin_configuration(
        cls, plugin_configuration: PluginConfiguration, cleaned_data: dict[str, Any]
    ) -> PluginConfiguration:
        stored = {item["name"]: item for item in plugin_configuration.configuration}
        for item in cleaned_data.get("configuration") or []:
            if item["name"] in (cls.CONFIG_STRUCTURE or {}) and item.get("value") is not None:
                stored.setdefault(item["name"], {"name": item["name"]})["value"] = cls._clean(item)
        plugin_configuration.configuration = list(stored.values())
        if cleaned_data.get("active") is not None:
            plugin_configuration.active = cleaned_data["active"]
        cls.validate_plugin_configuration(plugin_configuration)
        cls.pre_save_plugin_configuration(plugin_configuration)
        plugin_configuration.save()
        return plugin_configuration

    @classmethod
    def _clean(cls, item: dict[str, Any]) -> Any:
        is_boolean = (cls.CONFIG_STRUCTURE or {})[item["name"]].get("type") == "Boolean"
        if is_boolean and not isinstance(item["value"], bool):
            return str(item["value"]).lower() == "true"
        return item["value"]
