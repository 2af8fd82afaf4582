"""The app that shows the desk in the dashboard, as this version of the plugin wants it."""

from __future__ import annotations

from importlib import metadata, resources

from ..config.settings import PLUGIN_ID
from ..host.dashboard_app import DeskApp

_LOGO = "static/saleor_xcover_plugin/desk/logo.png"


def desk_app() -> DeskApp:
    """Return the app that the dashboard is to have."""
    return DeskApp(
        base_path=f"/plugins/{PLUGIN_ID}/desk/",
        version=metadata.version("saleor-xcover-plugin"),
        logo=resources.files("saleor_xcover_plugin").joinpath(_LOGO).read_bytes(),
    )
