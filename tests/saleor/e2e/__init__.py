"""Saleor's own end-to-end tests (``saleor/tests/e2e``) with the plugin active.

Nothing of Saleor's is changed or copied: ``plugin.py`` is loaded into Saleor's own pytest session
with ``-p`` and wraps the two API clients of its tests. The tests are played three times:

``baseline``
    The plugin is installed and switched off. What fails here is Saleor's own or this machine's.
``quiet``
    The plugin is active and configured in every channel, and no product carries event data.
    Every answer of every test has to be the baseline's.
``cover``
    Every product carries event data. Before each step that pays or orders a checkout, an offer is
    asked for and accepted through the plugin's storefront API, as a storefront would.

What may differ with a cover is decided by a rule and by no list (``rule.py``): one line more, the
last one, and totals higher by exactly the premium. The rule takes the cover out of each answer
before the test sees it, so the test's own assertions judge everything else; then the answers are
compared with the baseline's, step by step, also where the test asserts nothing (``compare.py``).
Where Saleor itself answers in several ways, by what was a moment sooner, any baseline that was
played of this content is a good one: all are kept (``verdict.py``).

The tests send amounts they computed from a total read before the yes. A storefront would read the
total again and pay that. So the premium is added to the first payment a test makes for a checkout
(or its order) after the yes, and taken out of what the API then says about that payment; how much
a test pays too little or too much stays as it was (``play.py``).

What the rule does not allow fails, unless the test stands in ``excused.json`` with its reason. An
excuse that is no longer needed fails too, and so does a run in which no cover was kept.
"""
