"""Error responses. ``type`` and ``message`` are always set; the shape of ``errors`` varies.

Each function returns a ``Refusal`` for the caller to raise.
"""

from .jsontext import Json


class Refusal(Exception):
    """An operation was refused. Carries status, body and headers of the response."""

    def __init__(self, status: int, body: Json, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status} {body.get('message')}")
        self.status = status
        self.body = body
        self.headers = headers or {}


def bad_json(detail: str) -> Refusal:
    """Return the 400 for a body that is not JSON (captured)."""
    return Refusal(400, {"type": "validation_error", "message": f"JSON parse error - {detail}"})


def forbidden() -> Refusal:
    """Return the 403 for a wrong signature or API key (captured)."""
    message = "You do not have permission to access this url"
    return Refusal(403, {"type": "auth_error", "message": message})


def not_found(message: str) -> Refusal:
    """Return the 404 for an unknown id (captured for an offer)."""
    return Refusal(404, {"type": "api_error", "message": message})


def media_type() -> Refusal:
    """Return the 415 for a body whose content type is not JSON (inferred)."""
    message = "Unsupported media type, send application/json"
    return Refusal(415, {"type": "api_error", "message": message})


def locked() -> Refusal:
    """Return the 423 for an idempotency key whose first call is still running (documented)."""
    message = "A request with this idempotency key is being processed"
    return Refusal(423, {"type": "api_error", "message": message})


def throttled(seconds: int) -> Refusal:
    """Return the 429 for too many calls, with the wait in ``seconds`` as ``Retry-After``.

    Status and message are captured, after a cancellation preview; the header is inferred.
    """
    unit = "second" if seconds == 1 else "seconds"
    message = f"Request was throttled. Expected available in {seconds} {unit}."
    body: Json = {"type": "api_error", "message": message}
    return Refusal(429, body, {"Retry-After": str(seconds)})


def field_errors(errors: Json) -> Refusal:
    """Return the 422 for missing, wrong or unknown fields (recorded).

    ``errors`` maps a field to a sentence or a list of sentences and may be nested.
    """
    return _unprocessable(errors)


def business_rule(sentence: str) -> Refusal:
    """Return the 422 for a call that a business rule forbids (recorded)."""
    return _unprocessable([sentence])


def confirm_rule(sentence: str, offer_id: str, *, error_version_2: bool) -> Refusal:
    """Return the 422 for a confirmation that a rule forbids.

    The ``X-API-Error-Version`` header of the request selects one of two shapes (captured).
    """
    if not error_version_2:
        return business_rule(sentence)
    code = "offer_validation_request_invalid"
    refusal = _unprocessable(
        [{"product_config_id": None, "quote_id": None, "code": code, "details": [sentence]}]
    )
    refusal.body |= {"code": code, "error_id": offer_id, "metadata": {}}
    return refusal


def generation_failed(reasons: dict[str, str], *, error_id: str, offer_config_id: str) -> Refusal:
    """Return the 422 for an offer that cannot be priced (captured).

    ``reasons`` maps the position of an event, "0" for the first, to a sentence.
    """
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
    """Return the errors for fields of ``body`` outside ``allowed``, in the recorded shape."""
    return {name: "Unexpected field" for name in body if name not in allowed}


def _unprocessable(errors: object) -> Refusal:
    message = "An API error occurred."
    return Refusal(422, {"type": "validation_error", "message": message, "errors": errors})
