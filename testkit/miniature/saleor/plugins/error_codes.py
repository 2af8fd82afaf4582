from enum import Enum


class PluginErrorCode(Enum):
    NOT_FOUND = "not_found"
    PLUGIN_MISCONFIGURED = "plugin_misconfigured"
