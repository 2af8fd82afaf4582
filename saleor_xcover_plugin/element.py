"""The browser's part: one ES module without a build, the same for every channel."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response

MODULE = "static/saleor_xcover_plugin/element.js"
KEPT_SECONDS = 600
"""How long browsers ask nobody; after an upgrade a storefront has the new module within that."""


def element_view(request: HttpRequest, **_: Any) -> HttpResponse:
    """Answer the module, or 304 to whoever has it."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
    content, etag = _module()
    answer = HttpResponse(
        content,
        content_type="text/javascript; charset=utf-8",
        headers={
            "Cache-Control": f"public, max-age={KEPT_SECONDS}",
            "ETag": etag,
            # Saleor adds the permission for other origins to answers that carry an Origin only;
            # without this a shared cache would hand one without it to a storefront elsewhere.
            "Vary": "Origin",
            "X-Content-Type-Options": "nosniff",
        },
    )
    return get_conditional_response(request, etag=etag, response=answer) or answer


@cache
def _module() -> tuple[bytes, str]:
    content = resources.files(__package__).joinpath(MODULE).read_bytes()
    # Weak: Saleor compresses the answer for some and leaves it to others as it is.
    return content, f'W/"{hashlib.sha256(content).hexdigest()[:32]}"'
