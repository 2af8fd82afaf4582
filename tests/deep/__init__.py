"""Big counts of chance: ``make deep`` plays them all, ``make test`` a few per cent."""
