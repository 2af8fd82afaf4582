"""Long runs in as many sittings as they take: played side by side, kept, continued.

``make test-saleor`` plays test files of a real Saleor this way, ``make deep`` the big counts.
"""
