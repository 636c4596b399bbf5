# Two commands do all the set-up: `make run` and `make test`. They need python3.11, pip, venv, make.
PYTHON ?= python3.11
VENV := .venv
PEERS := .venv-peers
BIN := $(VENV)/bin
PINNED := $(shell sed -n 's/^duckdb==//p' constraints.txt)
RELEASES := $(shell cat tests/attacks/releases.txt)
SHELL := /bin/bash
export DO_NOT_TRACK := 1

.PHONY: help run test attacks disclosure faults canaries lint format lock bench bench-start bench-ingest bench-run bench-report clean
.DEFAULT_GOAL := help

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# The stamps are remade when the pinned versions or the project file change.
$(VENV)/.run-stamp: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.test-stamp: $(VENV)/.run-stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

run: $(VENV)/.run-stamp ## Make the demo company and its first report
	@$(BIN)/mentorlift demo --out data/demo
	@$(BIN)/mentorlift run data/demo/project --data data/demo/exports --out data/demo/out

# Two processes share the files of tests out among them, those that take longest first (tests/conftest.py); a
# file's tests stay together, with its fixtures.
test: $(VENV)/.test-stamp lint ## Run every check and test (about ten minutes on two cores)
	$(BIN)/python -m pytest --numprocesses $(or $(PROCESSES),2) --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.test-stamp ## Style, types, SQL and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --disable-progress-bar --processes 2 pipelines/models data/queries
	$(BIN)/lint-imports

format: $(VENV)/.test-stamp ## Format Python and SQL in place
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The other packages have an environment of their own: the project never depends on them.
$(PEERS)/.stamp: tests/benchmarks/effects/peers.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

# Releases of DuckDB beside the pinned one lie each in a folder of its own, before it on the path.
.duckdb/%/.stamp: $(VENV)/.test-stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --upgrade --target $(@D) duckdb==$*
	@touch $@

attacks: $(VENV)/.test-stamp $(patsubst %,.duckdb/%/.stamp,$(filter-out $(PINNED),$(RELEASES))) ## Send every attack the whole way of a query, on every release of DuckDB listed
	MENTORLIFT_ATTACKS=1 $(BIN)/python -m pytest tests/attacks

disclosure: $(VENV)/.test-stamp ## Attack the tables of FIRMS=200 synthetic firms, and REPORTS=24 monthly reports of a company
	$(BIN)/python -m tests.disclosure --firms $(or $(FIRMS),200) --reports $(or $(REPORTS),24)

# In a mount namespace of its own, where the machine has them, disks of a few megabytes can be made.
faults: $(VENV)/.test-stamp ## Kill runs and have disk and memory refuse (KILLS=1000)
	$(if $(shell unshare -Urm true 2>/dev/null && echo yes),unshare -Urm) $(BIN)/python -m tests.faults --kills $(or $(KILLS),1000)

canaries: $(VENV)/.test-stamp ## Seek 10,000 seeded names, mails and identifiers in all that is written
	MENTORLIFT_CANARIES=10000 $(BIN)/python -m pytest tests/canaries

bench: $(VENV)/.test-stamp $(PEERS)/.stamp ## Measure effects beside other packages (PEOPLE="10000 100000 1000000")
	@$(BIN)/python tests/benchmarks/effects/run.py --people $(or $(PEOPLE),10000) $(BENCH)

bench-start: $(VENV)/.test-stamp ## Measure start-up and the demo run
	$(BIN)/python tests/benchmarks/startup.py

bench-ingest: $(VENV)/.test-stamp ## Measure the ingest of a large extract (PEOPLE=1000000)
	$(BIN)/python tests/benchmarks/ingest.py --people $(or $(PEOPLE),100000)

bench-run: $(VENV)/.test-stamp ## Measure landed files to report, three studies (PEOPLE=100000)
	$(BIN)/python tests/benchmarks/end_to_end.py --people $(or $(PEOPLE),100000)

bench-report: $(VENV)/.test-stamp ## Measure the report of ten studies after estimation (PEOPLE=100000)
	$(BIN)/python tests/benchmarks/report.py --people $(or $(PEOPLE),100000)

lock: ## Resolve constraints.txt anew from pyproject.toml
	rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet '.[dev,postgres]'
	.venv-lock/bin/python -m pip freeze --exclude mentorlift > constraints.txt
	rm -rf .venv-lock build mentorlift.egg-info

clean: ## Remove everything that was made
	rm -rf $(VENV) $(PEERS) .duckdb data/demo data/bench .mypy_cache .ruff_cache .pytest_cache .import_linter_cache *.egg-info
