"""The files of the desk as Vite built them from ``dashboard/``, which are part of the package."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

_ROOT = "static/saleor_xcover_plugin/desk"
_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.(js|css|woff2|svg|png)")
_LONGEST = 100
"""Names of more than 255 characters are errors of the file system."""
_TYPES = {
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "woff2": "font/woff2",
    "svg": "image/svg+xml",
    "png": "image/png",
}


def page(files: str) -> str:
    """Return the one HTML page, which shows every part of the desk.

    ``files`` is the address of the folder of ``assets/``, relative to the page and with a slash.
    """
    return _read("index.html").decode().replace("./assets/", f"{files}assets/")


def logo() -> bytes:
    """Return the logo of the app, a PNG picture."""
    return _read("logo.png")


def asset(name: str) -> tuple[bytes, str] | None:
    """Return content and type of a file below ``assets/``; None if there is none of that name.

    The build puts a hash of its content into each name.
    """
    found = _NAME.fullmatch(name)
    if found is None or len(name) > _LONGEST:
        return None
    try:
        return _read(f"assets/{name}"), _TYPES[found[2]]
    except FileNotFoundError:
        return None


@cache
def _read(path: str) -> bytes:
    return resources.files("saleor_xcover_plugin").joinpath(f"{_ROOT}/{path}").read_bytes()
