"""Serve the storefront element: one ES module, without a build step, the same for every channel."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response

MODULE = "static/saleor_xcover_plugin/element.js"
"""Path of the module inside the package."""
KEPT_SECONDS = 600
"""Seconds a browser may use its copy without asking; after an upgrade, the longest delay."""


def element_view(request: HttpRequest, **_: Any) -> HttpResponse:
    """Return the module, 304 if the client has it, or 405 for anything but GET and HEAD."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
    content, etag = _module()
    response = HttpResponse(
        content,
        content_type="text/javascript; charset=utf-8",
        headers={
            "Cache-Control": f"public, max-age={KEPT_SECONDS}",
            "ETag": etag,
            # Saleor adds CORS headers only in response to a request with an Origin header; without
            # Vary a shared cache could serve a response that lacks them to another origin.
            "Vary": "Origin",
        },
    )
    return get_conditional_response(request, etag=etag, response=response) or response


@cache
def _module() -> tuple[bytes, str]:
    content = resources.files(__package__).joinpath(MODULE).read_bytes()
    # A weak ETag, because Saleor compresses the response for some clients only.
    return content, f'W/"{hashlib.sha256(content).hexdigest()[:32]}"'
