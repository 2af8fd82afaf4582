"""The plugin without a hook: Saleor's dashboard lists it and shows why it is off."""

from __future__ import annotations

from typing import Any

from ..config.settings import (
    PLUGIN_ID,
    PLUGIN_NAME,
    configuration_structure,
    default_configuration,
)
from ..host.plugin_api import BasePlugin, configuration_error
from ..supported import why_inactive


class InactivePlugin(BasePlugin):
    """Keeps what is configured, sealed as it is, for the Saleor that will be upgraded."""

    PLUGIN_ID = PLUGIN_ID
    PLUGIN_NAME = PLUGIN_NAME
    PLUGIN_DESCRIPTION = why_inactive() or ""
    CONFIGURATION_PER_CHANNEL = True
    DEFAULT_ACTIVE = False
    # The same form: what is a secret stays hidden.
    DEFAULT_CONFIGURATION = default_configuration()
    CONFIG_STRUCTURE = configuration_structure()

    @property
    def active(self) -> bool:
        return False

    @active.setter
    def active(self, stored: bool) -> None:
        """Leave what is stored: channels that were active are so again after the upgrade."""

    @classmethod
    def validate_plugin_configuration(cls, plugin_configuration: Any, **kwargs: Any) -> None:
        """Refuse every change: nobody could say whether it works."""
        raise configuration_error("active", why_inactive() or "")
