"""The Saleor app through which the dashboard opens the desk.

The plugin serves all of it; the app only tells the dashboard where. It has no token and no webhooks
(docs/adr/0036-a-desk-in-the-dashboard.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from saleor.app.models import App, AppExtension
from saleor.app.types import AppType
from saleor.core.utils import build_absolute_uri
from saleor.permission.enums import OrderPermissions
from saleor.permission.models import Permission

from .catalog import Step

IDENTIFIER = "covergenius.xcover.desk"
"""Identifier of the app, however it was installed. It stays the same for ever."""

NAME = "XCover ticket protection"
"""Name of the app, as the dashboard shows it."""

_AUTHOR = "the plugin for XCover"
_ABOUT = "Decide what waits about ticket protection, and see what was sold."
_LABEL = "Ticket protection"
"""Label of each place in the dashboard."""

_COLUMNS = frozenset(field.name for field in AppExtension._meta.get_fields())
HAS_WIDGETS = "settings" in _COLUMNS
"""True where this Saleor's dashboard shows widgets, which it does from 3.22 on."""


@dataclass(frozen=True, slots=True)
class DeskApp:
    """What the app is to say."""

    base_path: str
    """Path below which the plugin serves the desk, with a slash at its end."""
    version: str
    """Version of the plugin."""
    logo: bytes
    """A PNG picture."""

    @property
    def url(self) -> str:
        """Return the address of the desk."""
        return str(build_absolute_uri(self.base_path))

    def manifest(self) -> dict[str, Any]:
        """Return the app's manifest, for stores that install apps by address."""
        return {
            "id": IDENTIFIER,
            "name": NAME,
            "version": self.version,
            "about": _ABOUT,
            "author": _AUTHOR,
            "permissions": ["MANAGE_ORDERS"],
            "appUrl": self.url,
            "brand": {"logo": {"default": f"{self.url}logo.png"}},
            "extensions": [place.in_manifest() for place in self._places()],
            "webhooks": [],
        }

    def ensure(self) -> list[Step]:
        """Create or correct the app and its places in the dashboard.

        One that staff deactivated stays inactive. The caller is in a transaction.
        """
        return list(self._ensured())

    def _ensured(self) -> Iterator[Step]:
        columns = {
            "name": NAME,
            "app_url": self.url,
            "version": self.version,
            "manifest_url": f"{self.url}manifest.json",
            "author": _AUTHOR,
            "about_app": _ABOUT,
        }
        app = _apps().first()
        if app is None:
            app = App.objects.create(
                identifier=IDENTIFIER, type=AppType.THIRDPARTY, is_installed=True, **columns
            )
            outcome = "created"
        else:
            outcome = _corrected(app, columns)
        yield Step("app in the dashboard", outcome)
        manages_orders = _permission()
        if not app.permissions.filter(pk=manages_orders.pk).exists():
            app.permissions.set([manages_orders])
        for place in self._places():
            yield Step(f"its place: {place.what}", place.ensure(app, manages_orders))
        if not app.brand_logo_default:
            # After the commit: a file cannot be rolled back.
            transaction.on_commit(lambda: app.brand_logo_default.save("xcover.png", self._file()))

    def _file(self) -> ContentFile[bytes]:
        return ContentFile(self.logo)

    def _places(self) -> list[_Place]:
        places = [_Place("navigation", "navigation_orders", "app_page", "/")]
        if HAS_WIDGETS:
            widget = {"widgetTarget": {"method": "GET"}}
            where = ("order_details_widgets", "widget")
            return [*places, _Place("widget of an order", *where, f"{self.url}order", widget)]
        where = ("order_details_more_actions", "popup")
        return [*places, _Place("action of an order", *where, f"{self.url}order")]

    def defects(self) -> list[str]:
        """Return sentences for staff on what is missing or old; empty if all is well."""
        app = _apps().first()
        if app is None:
            return ["The desk is not in the dashboard: run manage.py xcover_setup."]
        found = []
        if not app.is_active:
            found.append("The app was deactivated in the dashboard: staff cannot open the desk.")
        is_old = app.app_url != self.url or app.version != self.version
        if is_old or not all(place.is_right(app) for place in self._places()):
            found.append("The app in the dashboard is old: run manage.py xcover_setup.")
        return found


@dataclass(frozen=True, slots=True)
class _Place:
    """A place in the dashboard from which the desk is opened."""

    what: str
    """What it is, for staff."""
    mount: str
    target: str
    url: str
    options: Mapping[str, Any] | None = None

    def in_manifest(self) -> dict[str, Any]:
        """Return it as Saleor's manifests have it."""
        found: dict[str, Any] = {
            "label": _LABEL,
            "mount": self.mount.upper(),
            "target": self.target.upper(),
            "permissions": ["MANAGE_ORDERS"],
            "url": self.url,
        }
        return found if self.options is None else {**found, "options": self.options}

    def _columns(self) -> dict[str, Any]:
        """Return the columns of its row, those of newer Saleors only where there are any."""
        columns: dict[str, Any] = {"label": _LABEL, "target": self.target, "url": self.url}
        if self.options is not None:
            columns |= {"settings": self.options, "http_target_method": "GET"}
        return {name: value for name, value in columns.items() if name in _COLUMNS}

    def ensure(self, app: App, permission: Permission) -> str:
        """Create or correct its row, and return what was done."""
        row = app.extensions.filter(mount=self.mount).order_by("pk").first()
        if row is None:
            row = AppExtension.objects.create(app=app, mount=self.mount, **self._columns())
            outcome = "created"
        else:
            outcome = _corrected(row, self._columns())
        row.permissions.set([permission])
        return outcome

    def is_right(self, app: App) -> bool:
        """Return True if its row says what it should."""
        return bool(app.extensions.filter(mount=self.mount, **self._columns()).exists())


def remove() -> list[Step]:
    """Take the app out of the dashboard, with its places."""
    count, _ = _apps().delete()
    return [Step("app in the dashboard", "removed" if count else "not there")]


def _apps() -> Any:
    return App.objects.filter(identifier=IDENTIFIER, removed_at=None).order_by("pk")


def _permission() -> Permission:
    app_label, codename = OrderPermissions.MANAGE_ORDERS.value.split(".")
    return Permission.objects.get(content_type__app_label=app_label, codename=codename)


def _corrected(row: Any, columns: Mapping[str, Any]) -> str:
    wrong = {name: value for name, value in columns.items() if getattr(row, name) != value}
    for name, value in wrong.items():
        setattr(row, name, value)
    if wrong:
        row.save(update_fields=list(wrong))
    return "corrected" if wrong else "unchanged"
