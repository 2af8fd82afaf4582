"""Mutation testing: ``make mutants`` makes mistakes one by one and asks whether a test says so."""
