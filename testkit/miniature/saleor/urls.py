from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt

from .graphql.api import graphql_view
from .plugins.manager import get_plugins_manager


@csrf_exempt
def plugin_webhook(
    request: HttpRequest, channel_slug: str, plugin_id: str, rest: str
) -> HttpResponse:
    manager = get_plugins_manager(allow_replica=False)
    return manager.webhook(request, plugin_id, channel_slug, rest)


@csrf_exempt
def plugin_webhook_without_channel(request: HttpRequest, plugin_id: str, rest: str) -> HttpResponse:
    manager = get_plugins_manager(allow_replica=False)
    return manager.webhook_endpoint_without_channel(request, plugin_id, rest)


urlpatterns = [
    path("graphql/", graphql_view),
    re_path(
        r"^plugins/channel/(?P<channel_slug>[^/]+)/(?P<plugin_id>[.0-9A-Za-z_-]+)/?(?P<rest>.*)$",
        plugin_webhook,
    ),
    re_path(
        r"^plugins/(?P<plugin_id>[.0-9A-Za-z_-]+)(?P<rest>/.*)$", plugin_webhook_without_channel
    ),
]
