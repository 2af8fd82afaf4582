"""The plugin class Saleor loads: hooks that delegate to the services, each behind one guard.

Every hook takes ``**kwargs``, because Saleor adds keywords such as ``webhooks`` between versions.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound

from .checkout.checkout_sync import checkout_changed, refusal_before_order
from .checkout.failed_check import end_unchecked_yes, hold_unchecked_order
from .clock import utc_now
from .config import address_change
from .config import settings as config
from .defect_log import no_values_leave
from .desk.pages import desk_view
from .element import MODULES, element_view
from .errors import Refusal
from .graphql.view import graphql_view
from .guard import Guarded, guard
from .host import configuration
from .host.cover_line import mirror_prices
from .host.orders import mirror_papers, mirror_status
from .host.plugin_api import BasePlugin, completion_error, configuration_error
from .operations import credentials_check, payload_check, switches
from .outbox.task_queue import request_offer_soon
from .policies.order_sync import sync_order
from .time_limits import (
    HOOK,
    HOOK_AFTER_BUSY,
    WEB,
    DatabaseBusy,
    TimeLimits,
    busy_sentence,
    time_limits,
)
from .views import events_view

log = logging.getLogger(__name__)


class XCoverPlugin(BasePlugin):
    """Connect Saleor to the plugin's services; configured and activated per channel."""

    PLUGIN_ID = config.PLUGIN_ID
    PLUGIN_NAME = config.PLUGIN_NAME
    PLUGIN_DESCRIPTION = (
        "Sells XCover ticket protection: an offer in the checkout, one exact cover line, the "
        "policy when the order is paid, restricted cancellations. Run manage.py xcover_setup once; "
        "manage.py xcover_doctor says what is missing. Set API key and secret (below, under "
        "Authorization) before you activate it; to change both later, or the API address, "
        "deactivate it first. XCover "
        "sends webhooks to /plugins/channel/CHANNEL/covergenius.xcover/events."
    )
    CONFIGURATION_PER_CHANNEL = True
    DEFAULT_ACTIVE = False
    DEFAULT_CONFIGURATION = config.default_configuration()
    CONFIG_STRUCTURE = config.configuration_structure()

    # Configuration ------------------------------------------------------------------------

    @classmethod
    @no_values_leave()
    def validate_plugin_configuration(cls, plugin_configuration: Any, **kwargs: Any) -> None:
        """Check the settings before they are saved, changed credentials by a call to XCover.

        Raise Django's ``ValidationError`` for the first setting that cannot work.
        """
        is_active, channel_id = plugin_configuration.active, plugin_configuration.channel_id
        stored, wanted = (
            configuration.stored_configuration(channel_id),
            plugin_configuration.configuration,
        )
        try:
            settings = config.read_settings(wanted) if is_active else None
            elsewhere = configuration.addresses_elsewhere(channel_id)
            address_change.require_secrets(stored, wanted, is_active=is_active, elsewhere=elsewhere)
            if settings is not None:
                payload_check.check(settings, utc_now())
                credentials_check.check(
                    settings,
                    is_known_to_work=configuration.is_active(channel_id)
                    and config.connection_of(stored) == config.connection_of(wanted),
                )
        except config.SettingsError as error:
            raise configuration_error(error.field, str(error)) from error

    @classmethod
    @no_values_leave()
    def pre_save_plugin_configuration(cls, plugin_configuration: Any) -> None:
        """Encrypt the secrets, which Saleor would store in clear text.

        If the API address changed, secrets that were not entered again are emptied.
        """
        channel_id = plugin_configuration.channel_id
        stored = configuration.stored_configuration(channel_id)
        forgotten = address_change.forget_secrets(stored, plugin_configuration.configuration)
        if forgotten:
            log.info("xcover.settings.secrets_forgotten", extra={"fields": list(forgotten)})
        config.seal_secrets(plugin_configuration.configuration)

    @classmethod
    def save_plugin_configuration(cls, plugin_configuration: Any, cleaned_data: Any) -> Any:
        """Save the settings, then release the messages that waited for them.

        Those are messages that waited for working credentials, or were switched off.
        """
        stored = configuration.stored_configuration(plugin_configuration.channel_id)
        saved = super().save_plugin_configuration(plugin_configuration, cleaned_data)
        if saved.active and saved.channel_id is not None:
            cls._release_waiting(saved.channel_id, stored)
        return saved

    @staticmethod
    @no_values_leave()
    def _release_waiting(channel_id: int, before: Any) -> None:
        try:
            with time_limits(WEB):
                credentials_check.replay_waiting(channel_id, utc_now())
                switches.release_switched_on(channel_id, before, utc_now())
        except DatabaseBusy as busy:
            sentence = busy_sentence("What waits for these settings is sent once they are saved.")
            raise configuration_error("api_secret", sentence) from busy

    # Checkout -----------------------------------------------------------------------------

    _limits: TimeLimits = HOOK

    @contextmanager
    def _guard(self, hook: str, **subject: str) -> Iterator[Guarded]:
        """Guard a hook; after one met a lock, later hooks of the same request hardly wait.

        Saleor creates a plugin instance for each request.
        """
        with guard(hook, limits=self._limits, **subject) as guarded:
            yield guarded
        if guarded.was_busy:
            self._limits = HOOK_AFTER_BUSY

    def _checkout_changed(self, checkout: Any, hook: str) -> None:
        """Check a changed checkout.

        If the database is busy, an accepted offer stays: it is checked before the order is made.
        """
        with self._guard(hook, checkout=str(checkout.pk)) as check:
            settings = config.read_settings(self.configuration)
            change = checkout_changed(checkout.pk, settings, utc_now())
            if change.was_repaired:
                mirror_prices(checkout)
            if change.needs_offer:
                request_offer_soon(checkout.pk, checkout.channel_id)
        if check.has_failed:
            with self._guard("end_unchecked_yes", checkout=str(checkout.pk)):
                if end_unchecked_yes(checkout.pk, utc_now()):
                    mirror_prices(checkout)

    def checkout_created(self, checkout: Any, previous_value: Any = None, **kwargs: Any) -> Any:
        """Request an offer for a new checkout."""
        self._checkout_changed(checkout, "checkout_created")
        return previous_value

    def checkout_updated(self, checkout: Any, previous_value: Any = None, **kwargs: Any) -> Any:
        """Repair the cover line of a changed checkout and request an offer if it needs one."""
        self._checkout_changed(checkout, "checkout_updated")
        return previous_value

    def checkout_metadata_updated(
        self, checkout: Any, previous_value: Any = None, **kwargs: Any
    ) -> Any:
        """Do the same as ``checkout_updated``: event data may be stored in the metadata."""
        self._checkout_changed(checkout, "checkout_metadata_updated")
        return previous_value

    def preprocess_order_creation(
        self, checkout_info: Any, lines: Any, previous_value: Any = None, **kwargs: Any
    ) -> Any:
        """Refuse an order once, before payment, if its cover line is not what was accepted.

        The check repairs the checkout, so that the next attempt passes. Raise the error Saleor
        expects, with the shopper's sentence. Inside Saleor's own transaction (legacy payment flow)
        the refusal would undo the repair and recur on every attempt, so the order passes and
        ``sync_order`` judges it.
        """
        refusal = None
        if not connection.in_atomic_block:
            refusal = self._refusal_before_order(checkout_info.checkout.pk)
        if refusal is not None:
            raise completion_error(refusal.shopper_sentence)
        return previous_value

    def _refusal_before_order(self, token: uuid.UUID) -> Refusal | None:
        """Return the reason to refuse the order once, or None.

        If the check itself fails, the acceptance of the offer ends. If the database is busy, the
        order passes and ``sync_order`` checks it.
        """
        refusal = None
        with self._guard("preprocess_order_creation", checkout=str(token)) as check:
            settings = config.read_settings(self.configuration)
            refusal = refusal_before_order(token, settings, utc_now())
        if check.has_failed:
            with self._guard("hold_unchecked_order", checkout=str(token)):
                refusal = hold_unchecked_order(token, utc_now())
        return refusal

    # Orders: each hook only triggers sync_order, which reads the state from the database ---

    _just_created: Any = None

    def _order_changed(self, order: Any, previous_value: Any = None, **kwargs: Any) -> Any:
        self._sync_order(order)
        return previous_value

    def _sync_order(self, order: Any) -> bool | None:
        """Sync an order, and return what ``sync_order`` does; None if that was not possible now."""
        is_covered = False
        with self._guard("order", order=str(order.pk)) as check:
            is_covered = sync_order(order.pk, utc_now())
            mirror_status(order)
        return None if check.has_failed or check.was_busy else is_covered

    def order_created(self, order: Any, previous_value: Any = None, **kwargs: Any) -> Any:
        """Sync a new order, and note that this request created it."""
        self._just_created = order.pk
        is_covered = self._sync_order(order)
        with self._guard("order_created", order=str(order.pk)):
            mirror_papers(order, is_covered)
        return previous_value

    def order_confirmed(self, order: Any, previous_value: Any = None, **kwargs: Any) -> Any:
        """Sync the order unless this request created it, because then nothing has changed."""
        if self._just_created == order.pk:
            return previous_value
        return self._order_changed(order, previous_value)

    order_paid = _order_changed
    order_fully_paid = _order_changed
    order_updated = _order_changed
    order_cancelled = _order_changed
    order_expired = _order_changed
    order_refunded = _order_changed
    order_fully_refunded = _order_changed
    order_fulfilled = _order_changed

    def _fulfillment_changed(
        self, fulfillment: Any, previous_value: Any = None, **kwargs: Any
    ) -> Any:
        return self._order_changed(fulfillment.order, previous_value)

    fulfillment_created = _fulfillment_changed
    fulfillment_canceled = _fulfillment_changed

    # HTTP ---------------------------------------------------------------------------------

    def webhook(self, request: HttpRequest, path: str, previous_value: Any) -> HttpResponse:
        """Serve the storefront API, XCover's webhooks and the storefront elements; and the desk.

        The desk has the address without a channel, all else one for each channel in which the
        plugin is active. Return 404 for any other path.
        """
        with no_values_leave():
            response = self._answer(request, path)
        # Nothing of ours may be taken for a script or a page because of what it holds.
        response["X-Content-Type-Options"] = "nosniff"
        return response

    def _answer(self, request: HttpRequest, path: str) -> HttpResponse:
        view = self._view(request, path)
        if view is None:
            return HttpResponseNotFound()
        with time_limits(WEB):
            return view(request)

    def _view(
        self, request: HttpRequest, path: str
    ) -> Callable[[HttpRequest], HttpResponse] | None:
        """Return what serves a path, or None for a path that nothing serves."""
        head, _, rest = path.strip("/").partition("/")
        if _has_no_channel(request):
            return partial(desk_view, path=rest) if head == "desk" else None
        if self.channel is None or not self.active:
            return None
        if head == "locales" or (head in MODULES and not rest):
            return partial(element_view, path=path.strip("/"))
        if rest or head not in _VIEWS:
            return None
        return partial(_VIEWS[head], channel_id=self.channel.id, configuration=self.configuration)


_VIEWS: Mapping[str, Callable[..., HttpResponse]] = {
    "graphql": graphql_view,
    "events": events_view,
}


def _has_no_channel(request: HttpRequest) -> bool:
    """Return True for the address without a channel.

    There Saleor calls the instance of any channel, whatever its settings.
    """
    before, _, _ = request.path.partition(config.PLUGIN_ID)
    return before.endswith("/plugins/")
