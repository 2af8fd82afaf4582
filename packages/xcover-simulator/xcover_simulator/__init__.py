"""A local XCover: the Offers API for event tickets, as far as public evidence goes.

It imports nothing from the plugin, so a mistake in the plugin's client cannot hide in its test
double. Docstrings and comments name the evidence for each behaviour:

- documented: Cover Genius's pages at https://partner-docs.covergenius.com/ (Offers API) and
  https://docs.covergenius.com/ (the older API).
- recorded: staging traffic in the tests of Cover Genius's own clients,
  https://github.com/CoverGenius/xcover-python and https://github.com/CoverGenius/xcover-php.
- captured: live responses published by third parties, such as
  https://github.com/highbrowse-co/realcheap (a retail product).
- inferred: our choice, because no public source says.
"""
