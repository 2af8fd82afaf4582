"""The shop's web application: its page, the shopper's proxy and the staff's routes."""

import json
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import anyio.to_thread
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from testkit.client.people import EMAIL, NEW_YORK
from testkit.client.values import COVER_SKU

from .back_office import BackOffice
from .documents import FOR_SHOPPERS
from .headers import SafeHeaders
from .payment_app import Till
from .settings import PAYMENT_TOKEN, SIMULATED, Settings
from .staff_key import StaffOnly
from .upstream import DESK_PATH, Host, Json, Problem, Simulator, plugin_path, written

STATIC = Path(__file__).parent / "static"
POST = ["POST"]
WORDING_CSP = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
"""Content security policy of the policy wording, which the simulator renders."""
DESK_HEADERS = (
    "content-type",
    "content-security-policy",
    "cache-control",
    "referrer-policy",
    "x-content-type-options",
)
"""Headers of the desk that are passed on: they say what its page may do."""
MAX_BODY = 16_384
"""Largest request body in bytes, as at the plugin's endpoint."""


def create_app(settings: Settings) -> Starlette:
    """Return the shop's application, in front of the host that ``settings`` names."""
    host = Host(settings)
    till = Till(host, settings.payment_token)
    office = BackOffice(settings, host, till)
    modules = {name: plugin_path(settings.channel, f"{name}.js") for name in ("element", "policy")}

    def page(_: Request) -> Response:
        return FileResponse(STATIC / "index.html")

    def config() -> Json:
        return {
            "coverSku": COVER_SKU,
            "channel": settings.channel,
            **modules,
            "buyer": {"email": EMAIL, **NEW_YORK},
            "missingTokens": settings.missing_tokens,
        }

    def graphql(body: Json) -> Any:
        document = FOR_SHOPPERS.get(str(body.get("operation")))
        variables = body.get("variables", {})
        if document is None or not isinstance(variables, dict):
            raise Problem("The shop does not know this operation.", 400)
        return host.execute(document, variables)

    def pay(body: Json) -> Json:
        if not settings.payment_token:
            raise Problem(f"Paying needs {PAYMENT_TOKEN} in the environment of the shop.", 409)
        agreed = _amount(body.get("total"))
        if agreed is None:
            raise Problem("Say which total is to be paid.", 400)
        return till.pay(str(body.get("checkoutId")), agreed)

    def refund(body: Json) -> Json:
        return office.refund(str(body.get("orderId")), _amount(body.get("amount")))

    async def plugin(request: Request) -> Response:
        content = await _body(request)
        token = request.headers.get("authorization", "")
        status, answer = await anyio.to_thread.run_sync(host.pass_to_plugin, content, token)
        return Response(answer, status, media_type="application/json")

    async def desk(request: Request) -> Response:
        content = await _body(request) if request.method == "POST" else None
        answer = await anyio.to_thread.run_sync(
            host.desk,
            request.method,
            request.path_params.get("rest"),
            request.url.query,
            content,
            request.headers.get("authorization", ""),
        )
        kept = {name: answer.headers[name] for name in DESK_HEADERS if name in answer.headers}
        return Response(answer.content, answer.status_code, kept)

    def module(request: Request) -> Response:
        found = request.path_params
        folder = f"{found['folder']}/" if "folder" in found else ""
        path = f"{folder}{found['name']}.js"
        status, content = host.module(path)
        return Response(content, status, media_type="text/javascript")

    def wording(request: Request) -> Response:
        if not settings.simulator:
            raise Problem("The shop was started without --simulator.", 404)
        path = request.url.path.removeprefix(SIMULATED)
        status, found = Simulator(settings.simulator).page(path, request.url.query)
        return HTMLResponse(found, status, {"Content-Security-Policy": WORDING_CSP})

    staff_only = Middleware(StaffOnly, key=settings.staff_key)
    staff = [
        Route("/orders", _get(office.orders)),
        Route("/order", _post(lambda body: office.order(str(body.get("orderId")))), methods=POST),
        Route("/refund", _post(refund), methods=POST),
        Route("/desk", _get(office.desk)),
        Route("/xcover", _get(office.xcover)),
        Route(
            "/xcover",
            _post(lambda body: office.set_xcover_down(body.get("isDown") is True)),
            methods=POST,
        ),
    ]
    return Starlette(
        routes=[
            Route("/", page),
            Route("/api/config", _get(config)),
            Route("/api/graphql", _post(graphql), methods=POST),
            Route("/api/pay", _post(pay), methods=POST),
            # The same paths as on the host, because the plugin's element calls the plugin itself.
            Route(plugin_path(settings.channel, "graphql"), plugin, methods=POST),
            Route(plugin_path(settings.channel, "{name}.js"), module),
            Route(plugin_path(settings.channel, "{folder}/{name}.js"), module),
            # A redirect to the one with a slash would drop the referrer, which the bridge needs.
            Route(DESK_PATH.removesuffix("/"), desk, methods=["GET", "POST"]),
            Route(f"{DESK_PATH}{{rest:path}}", desk, methods=["GET", "POST"]),
            # A browser on another machine reaches the shop but not the simulator.
            Route(f"{SIMULATED}/en/pds/{{item_id}}", wording),
            Mount("/api/staff", routes=staff, middleware=[staff_only]),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[
            Middleware(SafeHeaders),
            Middleware(TrustedHostMiddleware, allowed_hosts=list(settings.hosts)),
        ],
        exception_handlers={Problem: _told},
    )


def _get(work: Callable[[], Any]) -> Callable[[Request], Response]:
    """Return an endpoint that runs ``work``. It is not async, so Starlette runs it in a thread."""

    def endpoint(_: Request) -> Response:
        return _answer(work())

    return endpoint


def _post(work: Callable[[Json], Any]) -> Callable[[Request], Any]:
    """Return an endpoint that reads a JSON object and runs ``work`` in a thread."""

    async def endpoint(request: Request) -> Response:
        # Forms cannot send this type, so other sites would need a CORS permission.
        if request.headers.get("content-type", "").split(";")[0] != "application/json":
            raise Problem("Send JSON.", 415)
        try:
            body = json.loads(await _body(request), parse_float=Decimal)
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            raise Problem("Send a JSON object.", 400)
        return _answer(await anyio.to_thread.run_sync(work, body))

    return endpoint


async def _body(request: Request) -> bytes:
    """Return the body; raise ``Problem`` with 413 if it is larger than ``MAX_BODY``."""
    received = b""
    async for piece in request.stream():
        received += piece
        if len(received) > MAX_BODY:
            raise Problem("The request is too large.", 413)
    return received


def _amount(given: object) -> Decimal | None:
    if given is None:
        return None
    try:
        amount = Decimal(str(given))
    except InvalidOperation:
        raise Problem("This is not an amount.", 400) from None
    if not amount.is_finite() or amount.as_tuple().exponent < -3:  # type: ignore[operator]
        raise Problem("This is not an amount.", 400)
    return amount


def _answer(value: Any, status: int = 200) -> Response:
    return Response(written(value), status, media_type="application/json")


def _told(_: Request, error: Exception) -> Response:
    return _answer({"error": str(error)}, getattr(error, "status", 500))
