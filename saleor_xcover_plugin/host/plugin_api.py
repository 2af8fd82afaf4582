"""Names of Saleor's plugin interface for ``plugin.py``."""

from django.core.exceptions import ValidationError
from saleor.checkout.error_codes import CheckoutErrorCode
from saleor.plugins.base_plugin import BasePlugin
from saleor.plugins.error_codes import PluginErrorCode

__all__ = ["BasePlugin", "completion_error", "configuration_error"]


def completion_error(message: str) -> ValidationError:
    """Return the error to raise so that Saleor makes no order and shows the message.

    ``graphql_error`` is the one suitable code in the enums of both ``checkoutComplete`` and
    ``orderCreateFromCheckout``; with other codes the text is lost.
    """
    return ValidationError(message, code=CheckoutErrorCode.GRAPHQL_ERROR.value)


def configuration_error(field: str, message: str) -> ValidationError:
    """Return the error to raise so that Saleor refuses a configuration and shows the message."""
    return ValidationError(
        {field: ValidationError(message, code=PluginErrorCode.PLUGIN_MISCONFIGURED.value)}
    )
