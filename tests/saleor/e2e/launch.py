"""Start pytest in Saleor's environment with this repository at the end of ``sys.path``.

Not by PYTHONPATH: that comes before installed packages, and the installed wheel is to be tested.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.append(str(Path(__file__).resolve().parents[3]))
    import pytest

    raise SystemExit(pytest.main(sys.argv[1:]))
