"""Serve the storefront elements: ES modules as ``storefront/`` builds them, the same for everybody.

``element.js`` and ``policy.js`` keep their addresses, so browsers ask for them again after some
minutes. The texts of each language have an address of their own for every version, with a hash of
their content, so a browser keeps them, and no element is given those of another version.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.utils.cache import get_conditional_response

FOLDER = "static/saleor_xcover_plugin"
"""Folder of the modules inside the package."""
MODULE = f"{FOLDER}/element.js"
"""Path of the module of ``<xcover-offer>`` inside the package."""
MODULES = ("element.js", "policy.js")
"""The modules that define an element."""
KEPT_SECONDS = 600
"""Seconds a browser may use its copy without asking; after an upgrade, the longest delay."""
_YEAR = 31_536_000
_LOCALE = re.compile(r"[a-z]{2}-[0-9a-f]{10}\.js")


def element_view(request: HttpRequest, *, path: str, **_: Any) -> HttpResponse:
    """Return the module of an element, or the texts of a language below ``locales/``.

    ``path`` is the part of the address after the plugin's id. Return 304 if the client has it, 404
    if there is no such file, and 405 for anything but GET and HEAD.
    """
    if request.method not in ("GET", "HEAD"):
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
    found = _files().get(path)
    if found is None:
        return HttpResponseNotFound()
    content, etag = found
    is_immutable = path not in MODULES
    kept = f"max-age={_YEAR}, immutable" if is_immutable else f"max-age={KEPT_SECONDS}"
    response = HttpResponse(
        content,
        content_type="text/javascript; charset=utf-8",
        headers={
            "Cache-Control": f"public, {kept}",
            "ETag": etag,
            # Saleor adds CORS headers only in response to a request with an Origin header; without
            # Vary a shared cache could serve a response that lacks them to another origin.
            "Vary": "Origin",
        },
    )
    return get_conditional_response(request, etag=etag, response=response) or response


@cache
def _files() -> Mapping[str, tuple[bytes, str]]:
    """Return content and ETag of every file that is served, by its path; nothing else is."""
    folder = resources.files(__package__).joinpath(FOLDER)
    names = [file.name for file in folder.joinpath("locales").iterdir()]
    paths = [*MODULES, *(f"locales/{name}" for name in names if _LOCALE.fullmatch(name))]
    return {path: _with_etag(folder.joinpath(path).read_bytes()) for path in paths}


def _with_etag(content: bytes) -> tuple[bytes, str]:
    # A weak ETag, because Saleor compresses the response for some clients only.
    return content, f'W/"{hashlib.sha256(content).hexdigest()[:32]}"'
