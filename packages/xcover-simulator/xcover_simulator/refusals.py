"""How XCover says no. `type` and `message` are always there; `errors` varies, as recorded."""

from .jsontext import Json


class Refusal(Exception):
    """An operation was refused; carries the answer to send."""

    def __init__(self, status: int, body: Json, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status} {body.get('message')}")
        self.status = status
        self.body = body
        self.headers = headers or {}


def bad_json(detail: str) -> Refusal:
    """The body is not JSON (captured: 400)."""
    return Refusal(400, {"type": "validation_error", "message": f"JSON parse error - {detail}"})


def forbidden() -> Refusal:
    """The signature or key is wrong (captured: 403)."""
    message = "You do not have permission to access this url"
    return Refusal(403, {"type": "auth_error", "message": message})


def not_found(message: str) -> Refusal:
    """Nothing is known by that id (captured for an unknown offer: 404)."""
    return Refusal(404, {"type": "api_error", "message": message})


def media_type() -> Refusal:
    """The body is not announced as JSON (inferred: 415)."""
    message = "Unsupported media type, send application/json"
    return Refusal(415, {"type": "api_error", "message": message})


def locked() -> Refusal:
    """The first call with this idempotency key still runs (documented: 423)."""
    message = "A request with this idempotency key is being processed"
    return Refusal(423, {"type": "api_error", "message": message})


def throttled(seconds: int) -> Refusal:
    """Too many calls in a second (reported: 429; the words are those of a preview)."""
    unit = "second" if seconds == 1 else "seconds"
    message = f"Request was throttled. Expected available in {seconds} {unit}."
    body: Json = {"type": "api_error", "message": message}
    return Refusal(429, body, {"Retry-After": str(seconds)})


def field_errors(errors: Json) -> Refusal:
    """Fields are missing, wrong or unknown (recorded: 422, keyed by field, may nest)."""
    return _unprocessable(errors)


def business_rule(sentence: str) -> Refusal:
    """A rule forbids it (recorded: 422 with a list of strings)."""
    return _unprocessable([sentence])


def confirm_rule(sentence: str, offer_id: str, *, error_version_2: bool) -> Refusal:
    """A rule forbids confirming; captured in two forms, chosen by X-API-Error-Version."""
    if not error_version_2:
        return business_rule(sentence)
    code = "offer_validation_request_invalid"
    refusal = _unprocessable(
        [{"product_config_id": None, "quote_id": None, "code": code, "details": [sentence]}]
    )
    refusal.body |= {"code": code, "error_id": offer_id, "metadata": {}}
    return refusal


def generation_failed(reasons: dict[str, str], *, error_id: str, offer_config_id: str) -> Refusal:
    """No offer can be priced (captured: 422); ``reasons`` is keyed "0", "1" by event."""
    errors: Json = {
        index: {"message": reason, "type": "quote_creation_failure"}
        for index, reason in reasons.items()
    }
    return Refusal(
        422,
        {
            "type": "validation_error",
            "message": "Offer could not be created due to quote generation errors",
            "error_id": error_id,
            "code": "offer_quote_generation_failed",
            "errors": {**errors, "metadata": {"selected_offer_id": offer_config_id}},
        },
    )


def unexpected_fields(body: Json, allowed: set[str]) -> Json:
    """Return the recorded errors for fields of ``body`` that are not ``allowed``."""
    return {name: "Unexpected field" for name in body if name not in allowed}


def _unprocessable(errors: object) -> Refusal:
    message = "An API error occurred."
    return Refusal(422, {"type": "validation_error", "message": message, "errors": errors})
