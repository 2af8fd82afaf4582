"""A plugin that calculates taxes and finds none to add."""

from saleor.plugins.base_plugin import BasePlugin


class TaxPlugin(BasePlugin):
    """All calculations are the base class's: what Saleor has worked out stays."""

    PLUGIN_ID = "tests.taxes"
    PLUGIN_NAME = "Taxes"
    DEFAULT_ACTIVE = True
    CONFIGURATION_PER_CHANNEL = False
