# Everything a fresh Debian 12 with Python 3.11 needs is installed below .venv and .cache.
PYTHON ?= python3
SALEOR_ROOT ?= ../saleor
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: test test-saleor deep mutants test-saleor-e2e chaos bench bench-check demo store desk desk-check storefront storefront-check lint wheel clean

PACKAGES := packages/xcover-simulator packages/xcover-acceptance

$(INSTALLED): pyproject.toml $(PACKAGES:=/pyproject.toml)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet $(PACKAGES:%=-e %) -e '.[dev]'
	touch $@

# Everything that needs no Saleor: domain, client against the simulator over HTTP, outbox on
# PostgreSQL, then the flows on the miniature host, then the element and the shop in a browser
# (skipped with a sentence where no Chromium is; XCOVER_BROWSER=required fails instead). It says at
# its end how long it took, what was skipped, and what it leaves to make deep and make test-saleor.
test: $(INSTALLED)
	$(BIN)/python -m tests.plain $(ARGS)

# SIGKILL at every step, then at random moments of 1,000 orders, 1,000 orders that change before they are
# sent, an hour without XCover, a cancelled event
# (CHAOS="--orders 1000 --workers 4 --outage 5000"). Report in .cache/chaos; exit code 1 when
# anything was lost, doubled or refused with 429.
chaos: $(INSTALLED)
	XCOVER_DEEP=1 $(BIN)/python -m pytest -c tests/flows/pytest.ini --rootdir=. -s tests/chaos/test_kill_points.py
	$(BIN)/python -m tests.chaos $(CHAOS)

# The big counts of chance (tests/deep/counts.py): random stories, fuzzers, random kills, each step
# killed, in a real Saleor too where SALEOR_ROOT is one. Hours; continues where it was stopped, with
# the same seed (DEEP="--seed 7 -j 2"). Report and output in .cache/deep.
deep: $(INSTALLED) wheel
	$(BIN)/python -m tests.deep --saleor $(SALEOR_ROOT) $(DEEP)

# Small mistakes in the rules (domain/, all) and in what delivers (300 by chance): does a test notice?
# An hour or more; continues where it was stopped, and after a change plays what it may concern
# (MUTANTS="money refunds --seed 7 --json"). Exit code 1 below 90 % or with a survivor that is not
# justified in tests/mutants/equivalent.toml. Report in .cache/mutants.
mutants: $(INSTALLED)
	$(BIN)/python -m tests.mutants $(MUTANTS)

# The flows inside a real Saleor (SALEOR_ROOT, with its own .venv), with real commits, two files at
# a time (ARGS="-j N"). What is green is kept: ARGS=--resume plays the rest, in as many sittings as
# it takes; a whole green run of one commit is recorded in fixtures/saleor/runs.json.
test-saleor: $(INSTALLED) wheel
	$(BIN)/python -m tests.saleor.run $(SALEOR_ROOT) $(ARGS)

# Saleor's own end-to-end tests with the plugin active, without an offer and with cover, beside a play
# without the plugin (ARGS="checkout orders/discounts -k voucher --json FILE"). Exit code 1 when
# anything differs that the rule does not allow, or no cover was sold.
test-saleor-e2e: $(INSTALLED) wheel
	$(BIN)/python -m tests.saleor.e2e $(SALEOR_ROOT) $(ARGS)

# Measure (about an hour; BENCH="added --quick"), each beside what it is compared with, and judge
# the budgets; bench-check only judges what is kept in bench/results.json.
bench: $(INSTALLED)
	$(BIN)/python -m bench --saleor $(SALEOR_ROOT) $(BENCH)

bench-check: $(INSTALLED)
	$(BIN)/python -m bench --check

# See it work: the whole story in a terminal, or the store in a browser (STORE="--saleor URL ...").
demo: $(INSTALLED)
	$(BIN)/python -m demo story

store: $(INSTALLED)
	$(BIN)/python -m demo store $(STORE)

# Build the desk from dashboard/ into the package, with types from docs/schema.graphql, and run its
# tests. Node and npm come from the npm registry in agreed versions and stay below .cache.
NODE := $(BIN)/python -m tools.node
DESK_INSTALLED := dashboard/node_modules/.installed

$(DESK_INSTALLED): dashboard/package.json dashboard/package-lock.json $(INSTALLED)
	$(NODE) dashboard npm ci
	touch $@

desk: $(DESK_INSTALLED)
	$(NODE) dashboard npm run types
	$(NODE) dashboard npm run check
	$(NODE) dashboard npm test
	$(NODE) dashboard npm run build

# Does the package hold what dashboard/ builds today?
desk-check: $(DESK_INSTALLED)
	$(NODE) dashboard npm run types
	$(NODE) dashboard npm run check
	$(NODE) dashboard npm test
	DESK_OUT=$(abspath .cache/desk) $(NODE) dashboard npm run build
	diff -r .cache/desk saleor_xcover_plugin/static/saleor_xcover_plugin/desk || \
		{ echo "The desk in the package is not built from dashboard/: run make desk."; exit 1; }

# Build the storefront's elements from storefront/ into the package, and run their tests.
STOREFRONT_INSTALLED := storefront/node_modules/.installed

$(STOREFRONT_INSTALLED): storefront/package.json storefront/package-lock.json $(INSTALLED)
	$(NODE) storefront npm ci
	touch $@

storefront: $(STOREFRONT_INSTALLED)
	$(NODE) storefront npm run check
	$(NODE) storefront npm test
	$(NODE) storefront npm run build

# Does the package hold what storefront/ builds today?
BUILT := saleor_xcover_plugin/static/saleor_xcover_plugin
storefront-check: $(STOREFRONT_INSTALLED)
	$(NODE) storefront npm run check
	$(NODE) storefront npm test
	rm -rf .cache/storefront
	STOREFRONT_OUT=$(abspath .cache/storefront) $(NODE) storefront npm run build
	diff -r --exclude desk .cache/storefront $(BUILT) || \
		{ echo "The elements in the package are not built from storefront/: run make storefront."; exit 1; }

# Nothing a developer imports here is undeclared; what runs in a real Saleor also uses what that brings.
LOOKED_AT_ELSEWHERE := \.venv \.cache dist packages saleor_xcover_plugin testkit/saleor tests/saleor

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tools.old_words
	$(BIN)/deptry .
	$(BIN)/deptry . $(LOOKED_AT_ELSEWHERE:%=--exclude '%') --ignore DEP002,DEP004
	for package in $(PACKAGES); do (cd $$package && $(abspath $(BIN))/deptry .) || exit 1; done
	DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python -m django makemigrations --check --dry-run saleor_xcover_plugin

wheel: $(INSTALLED)
	rm -rf dist
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist . $(PACKAGES:%=./%)

clean:
	rm -rf .cache dist build dashboard/node_modules dashboard/src/gql storefront/node_modules .pytest_cache .mypy_cache .ruff_cache
