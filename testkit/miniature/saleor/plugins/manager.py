"""The plugin manager, which calls the hooks of a channel's plugins inside the request."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.utils.module_loading import import_string

from ..channel.models import Channel
from .models import PluginConfiguration


class PluginsManager:
    """The manager of one request. Reads each channel's configuration once, on its first hook."""

    def __init__(self, plugins: list[str]) -> None:
        self._classes = [import_string(path) for path in plugins]
        self._per_channel: dict[str, list[Any]] = {}

    def get_plugins(self, channel_slug: str) -> list[Any]:
        if channel_slug not in self._per_channel:
            channel = Channel.objects.filter(slug=channel_slug).first()
            self._per_channel[channel_slug] = [self._load(c, channel) for c in self._classes]
        return self._per_channel[channel_slug]

    def get_plugin(self, plugin_id: str, channel_slug: str) -> Any | None:
        found = [p for p in self.get_plugins(channel_slug) if plugin_id == p.PLUGIN_ID]
        return found[0] if found else None

    def _load(self, plugin_class: Any, channel: Channel | None) -> Any:
        row = PluginConfiguration.objects.filter(
            identifier=plugin_class.PLUGIN_ID, channel=channel
        ).first()
        return plugin_class(
            configuration=row.configuration if row else plugin_class.DEFAULT_CONFIGURATION,
            active=row.active if row else plugin_class.DEFAULT_ACTIVE,
            channel=channel,
        )

    def run(self, hook: str, channel: Channel, *args: Any, **kwargs: Any) -> None:
        """Call a hook of the channel's active plugins; exceptions reach the client."""
        previous_value = None
        for plugin in self.get_plugins(channel.slug):
            method = getattr(plugin, hook, None)
            if plugin.active and method is not None:
                value = method(*args, **kwargs, previous_value=previous_value)
                previous_value = previous_value if value is NotImplemented else value

    def event(self, hook: str, subject: Any) -> None:
        """Call a hook with a checkout or an order."""
        self.run(hook, subject.channel, subject, webhooks=set())

    def fulfillment_created(self, fulfillment: Any, notify_customer: bool = True) -> None:
        self._about_fulfillment("fulfillment_created", fulfillment, notify_customer)

    def fulfillment_approved(self, fulfillment: Any, notify_customer: bool = True) -> None:
        self._about_fulfillment("fulfillment_approved", fulfillment, notify_customer)

    def _about_fulfillment(self, hook: str, fulfillment: Any, notify_customer: bool) -> None:
        asked = {"notify_customer": notify_customer, "calculate_stocks_with_shipping_zones": True}
        self.run(hook, fulfillment.order.channel, fulfillment, **asked)

    def save_plugin_configuration(
        self, plugin_id: str, channel_slug: str, cleaned_data: dict[str, Any]
    ) -> PluginConfiguration | None:
        plugin = self.get_plugin(plugin_id, channel_slug)
        if plugin is None:
            return None
        row, _ = PluginConfiguration.objects.get_or_create(
            identifier=plugin_id,
            channel=plugin.channel,
            defaults={"configuration": plugin.configuration},
        )
        saved: PluginConfiguration = plugin.save_plugin_configuration(row, cleaned_data)
        return saved

    def webhook(
        self, request: HttpRequest, plugin_id: str, channel_slug: str, path: str
    ) -> HttpResponse:
        plugin = self.get_plugin(plugin_id, channel_slug)
        if plugin is None or plugin.channel is None or not plugin.active:
            return HttpResponseNotFound()
        answer: HttpResponse = plugin.webhook(request, path, previous_value=None)
        return answer

    def webhook_endpoint_without_channel(
        self, request: HttpRequest, plugin_id: str, path: str
    ) -> HttpResponse:
        """Let the plugin of any channel answer, active or not, as Saleor does."""
        slug = Channel.objects.order_by("pk").values_list("slug", flat=True).first()
        plugin = self.get_plugin(plugin_id, slug) if slug is not None else None
        if plugin is None:
            return HttpResponseNotFound()
        answer: HttpResponse = plugin.webhook(request, path, previous_value=None)
        return answer


def get_plugins_manager(allow_replica: bool, requestor_getter: Any = None) -> PluginsManager:
    return PluginsManager(settings.PLUGINS)
