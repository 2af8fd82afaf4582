"""The operators' page knows every alarm, and only alarms that exist."""

import re
from pathlib import Path

from saleor_xcover_plugin.domain.alarms import AlarmCode

PAGE = Path(__file__).resolve().parents[2] / "docs" / "operations.md"


def test_every_alarm_is_in_the_operators_table_in_the_order_of_the_code():
    section = PAGE.read_text().partition("## Alarms\n")[2].partition("\n## ")[0]

    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == [
        code.value for code in AlarmCode
    ]
