"""Names of Saleor's plugin interface that the shell in ``plugin.py`` needs."""

from django.core.exceptions import ValidationError
from saleor.checkout.error_codes import CheckoutErrorCode
from saleor.plugins.base_plugin import BasePlugin
from saleor.plugins.error_codes import PluginErrorCode

__all__ = ["BasePlugin", "completion_error", "configuration_error"]


def completion_error(message: str) -> ValidationError:
    """Refuse an order in words the shopper sees.

    ``graphql_error`` is the one fitting code that both checkoutComplete's and
    orderCreateFromCheckout's enums know; others lose the text.
    """
    return ValidationError(message, code=CheckoutErrorCode.GRAPHQL_ERROR.value)


def configuration_error(field: str, message: str) -> ValidationError:
    return ValidationError(
        {field: ValidationError(message, code=PluginErrorCode.PLUGIN_MISCONFIGURED.value)}
    )
