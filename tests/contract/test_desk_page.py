"""The desk's buttons are called the same in its source, in sentences for staff and in its docs."""

import json
import re
from pathlib import Path

from saleor_xcover_plugin.domain.cases import ASK_ABOUT_POLICY, BUTTONS

ROOT = Path(__file__).resolve().parents[2]


def test_the_desk_labels_its_buttons_as_sentences_call_them():
    source = (ROOT / "dashboard/src/parts/actions.ts").read_text()
    (body,) = re.findall(r"LABELS: Record<InsuranceCaseAction, string> = \{(.*?)\};", source, re.S)
    labels = dict(re.findall(r'(\w+): ("[^"]+")', body))

    assert {name: json.loads(text) for name, text in labels.items()} == {
        action.name: text for action, text in BUTTONS.items()
    }
    assert ASK_ABOUT_POLICY in (ROOT / "dashboard/src/pages/Order.tsx").read_text()


def test_the_docs_have_a_row_for_every_button():
    page = (ROOT / "docs/desk.md").read_text()

    rows = re.findall(
        r"^\| ([A-Z][^|]+) \| [^|]+ \| `insurance\w+`, `xcover_[^|]+` \|$", page, re.M
    )

    assert rows == list(BUTTONS.values())
    assert ASK_ABOUT_POLICY in " ".join(page.split())
