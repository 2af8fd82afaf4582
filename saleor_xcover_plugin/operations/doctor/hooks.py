"""Check that this version of Saleor calls the hooks the plugin depends on."""

from __future__ import annotations

from collections.abc import Iterator

from ...domain.hooks import ESSENTIAL, HOOKS
from ...host import runtime
from .finding import Finding, fine, problem, warning


def check() -> Iterator[Finding]:
    """Check by Saleor's code that its plugin manager knows each hook and that it is called."""
    unknown = runtime.unknown_hooks(HOOKS)
    calls = runtime.calls_hook(HOOKS)
    uncalled = [name for name in HOOKS if name in unknown or not calls[name]]
    for name in uncalled:
        said = "does not know" if name in unknown else "knows but never calls"
        sentence = f"Saleor {runtime.saleor_version()} {said} it. It is for: {HOOKS[name]}."
        yield (problem if name in ESSENTIAL else warning)("hooks", name, sentence)
    if not uncalled:
        yield fine(
            "hooks", f"Saleor {runtime.saleor_version()}", f"It calls all {len(HOOKS)} we override."
        )
