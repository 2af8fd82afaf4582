"""Serve the desk at the plugin's address that belongs to no channel.

Pages and files are the same for everybody. Whatever is about orders comes from the API, which
verifies who asks.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotFound,
    JsonResponse,
    QueryDict,
    UnreadablePostError,
)
from django.utils.html import json_script

from ..config.framing import content_policy
from ..host import desk_sign_in
from ..operations.desk_app import desk_app
from . import bundle
from .api import api_view

_YEAR = 31_536_000
_HOUR = 3_600
_PAGES = frozenset({"", "order", "cases", "events", "sales", "health", "payload"})
_FORM = "application/x-www-form-urlencoded"


def desk_view(request: HttpRequest, path: str) -> HttpResponse:
    """Answer a request below ``desk/``; ``path`` is the rest of the address, without slashes."""
    if path == "graphql":
        return api_view(request)
    if path in _PAGES:
        return _page_view(request, _way_to_files(request))
    if request.method not in ("GET", "HEAD"):
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
    if path == "manifest.json":
        return JsonResponse(desk_app().manifest())
    if path == "logo.png":
        return _file(bundle.logo(), "image/png", _HOUR)
    found = bundle.asset(path.removeprefix("assets/")) if path.startswith("assets/") else None
    return _file(*found, _YEAR) if found else HttpResponseNotFound()


def _way_to_files(request: HttpRequest) -> str:
    """Return the relative address of the folder of the desk as seen from a page.

    Dashboards drop the slash at the end of an address. A redirect to the one with it would drop the
    referrer as well, by which the bridge knows the dashboard.
    """
    depth = request.path.rpartition("/desk")[2].count("/")
    return "./" + "../" * (depth - 1) if depth else "./desk/"


def _page_view(request: HttpRequest, files: str) -> HttpResponse:
    """Return the page. A dashboard that opens it by POST hands over its token in the body."""
    if request.method in ("GET", "HEAD"):
        return _page({}, files, request.GET.get("theme", ""))
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD, POST"})
    if request.content_type != _FORM:
        return HttpResponse(status=415)
    form = _form_of(request)
    if form is None:
        return HttpResponse(status=400)
    token = form.get("accessToken", "")
    try:
        desk_sign_in.staff_of(token)
    except desk_sign_in.SignInRefused as refused:
        return _protected(HttpResponse(str(refused), status=401, content_type="text/plain"))
    session = {"token": token, "orderId": form.get("orderId", "")}
    return _page(session, files, "light")


def _form_of(request: HttpRequest) -> QueryDict | None:
    """Return the fields of a form, or None for one that is too large or cannot be read."""
    try:
        return request.POST
    except (BadRequest, SuspiciousOperation, UnreadablePostError, LookupError, ValueError):
        return None  # Saleor's view would turn each of them into an error of the server


def _page(session: dict[str, Any], files: str, theme: str) -> HttpResponse:
    """Return the page; a dark one is dark before its files are there, instead of a white flash."""
    head = json_script(session, "session") if session else ""
    content = bundle.page(files)
    if theme == "dark":
        head += '<meta name="color-scheme" content="dark">'
        content = content.replace("<html ", '<html data-theme="dark" ', 1)
    content = content.replace("</head>", f"{head}</head>", 1)
    return _protected(HttpResponse(content, content_type="text/html; charset=utf-8"))


def _protected(response: HttpResponse) -> HttpResponse:
    """Add the headers that keep a page where it belongs; it may hold a token, so nothing stores it.

    ``frame-ancestors`` says who may frame it, which ``X-Frame-Options`` cannot.
    """
    response.xframe_options_exempt = True
    response["Content-Security-Policy"] = content_policy()
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _file(content: bytes, kind: str, seconds: int) -> HttpResponse:
    kept = {"Cache-Control": f"public, max-age={seconds}"}
    return HttpResponse(content, content_type=kind, headers=kept)
