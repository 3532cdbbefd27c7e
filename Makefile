# Two commands for a newcomer:  make demo  ·  make test
# Relative paths only, so that a clone may lie anywhere, in a path with spaces too.

PIP = .venv/bin/python -m pip --disable-pip-version-check -qq
RUN = .venv/bin/python -m
ARGS =

.PHONY: help setup demo check test proof bench bench-alerting bench-dashboard screenshots system-packages lock clean

help:
	@echo 'make demo              the whole system on embedded services  (ARGS="--fresh" …)'
	@echo 'make setup             only prepare .venv for it'
	@echo 'make test | check      tests | lint, types, import rules  (ARGS="tests/unit" …)'
	@echo 'make proof             the tests that take minutes'
	@echo 'make bench             what late readings cost, and what a backlog does to others'
	@echo 'make bench-alerting    commands, inbox, stream, and a flood of alerts'
	@echo 'make bench-dashboard   pages, charts of a year, from event to screen'
	@echo 'make screenshots       a picture of every page  (ARGS="--only inbox,alert")'
	@echo 'make lock              pin all dependencies anew after a change of pyproject.toml'

setup: .venv/.ready

demo: setup
	@$(RUN) blackbox demo $(ARGS)

check: .venv/.ready-dev
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) basedpyright
	.venv/bin/lint-imports --no-logo

# Two at a time: most of them wait for servers.
test: .venv/.ready-dev system-packages
	$(RUN) pytest -n 2 --dist worksteal $(ARGS)

proof: .venv/.ready-dev system-packages
	$(RUN) pytest -m slow $(ARGS)

# Ten minutes on a quiet machine. Options: python -m bench.late --help
bench: .venv/.ready-dev
	$(RUN) bench.late
	$(RUN) bench.backlog

# What people's work costs, and a flood of alerts. Options: python -m bench.flood --help
bench-alerting: .venv/.ready-dev
	$(RUN) bench.alerting
	$(RUN) bench.flood

# Pages, a year's chart, from event to screen. Options: python -m bench.dashboard --help
bench-dashboard: .venv/.ready-dev
	$(RUN) bench.dashboard

# Every page, in both languages and themes, for a desk and a telephone: to be looked at.
screenshots: .venv/.ready-dev system-packages
	$(RUN) tests.browser.screenshots $(ARGS)

# The broker and a browser, where we may install them; never a failure.
system-packages:
	@sh .ci/system-packages

.venv/.ready: requirements/build.txt requirements/run.txt pyproject.toml
	@.venv/bin/python -m pip --version >/dev/null 2>&1 || sh .ci/make-venv
	@echo 'Installing what it needs (requirements/run.txt) …'
	@$(PIP) install --require-hashes -r requirements/build.txt -r requirements/run.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.ready-dev: requirements/dev.txt .venv/.ready
	@echo 'Installing what its tests need (requirements/dev.txt) …'
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

# Needs uv on the PATH, or UV=…; versions stay as they are unless pyproject.toml asks.
UV = uv
LOCK = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links
lock:
	$(LOCK) --group build -o requirements/build.txt
	$(LOCK) pyproject.toml -o requirements/run.txt
	$(LOCK) pyproject.toml --group dev -o requirements/dev.txt

clean:
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis htmlcov dist
