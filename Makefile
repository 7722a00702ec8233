# Everything a newcomer needs: `make demo` and `make test`. Python >= 3.11, git, make, an ssh client.
# The environment lives in .venv; nothing outside this folder is changed.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEV := $(VENV)/.installed-dev

.PHONY: demo demo-blind test coverage check forms mutate bench clean help
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile

demo: $(STAMP) ## the whole chain on a stand-in Mac
	@$(BIN)/witnessmark demo

demo-blind: $(STAMP) ## the same with one record dropped: must name the broken link and exit 1
	@$(BIN)/witnessmark demo --fault drop-payload-exec

test: $(DEV) ## the whole test suite
	@$(BIN)/python -m pytest -n auto

# The stand-in's and the transports' own tests touch no pure part.
coverage: $(DEV) ## line and branch coverage of the pure parts; fails below 100 %
	@$(BIN)/python -m coverage run -m pytest -q tests/content tests/unit \
	   --ignore tests/unit/standin --ignore tests/unit/standin_host --ignore tests/unit/hosts \
	 && $(BIN)/python -m coverage report

check: $(DEV) ## lint, types, the import contract
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

forms: $(DEV) ## docs/deployed-forms.md anew, by executing the deployed forms
	@$(BIN)/python -m tests.rules.matrix

mutate: $(DEV) ## weaken each rule of the analytic: which scenarios and tests notice (minutes)
	@$(BIN)/python -m tests.rules.score

bench: $(DEV) ## measurements, as ratios within one run
	@$(BIN)/python benchmarks/run.py

clean: ## remove the environment and caches
	rm -rf $(VENV) .coverage .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

# venv, else virtualenv, else uv, else one sentence and exit 3.
$(BIN)/python:
	@if command -v $(PYTHON) > /dev/null 2>&1 \
	   && ! $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then \
	  echo "make: $(PYTHON) is older than 3.11; name a newer one: make PYTHON=python3.12" >&2; exit 3; \
	fi; \
	if $(PYTHON) -c 'import venv, ensurepip' > /dev/null 2>&1; then $(PYTHON) -m venv $(VENV); \
	elif $(PYTHON) -m virtualenv --version > /dev/null 2>&1; then $(PYTHON) -m virtualenv -q $(VENV); \
	elif command -v virtualenv > /dev/null 2>&1; then virtualenv -q $(VENV); \
	elif command -v uv > /dev/null 2>&1; then uv venv -q --seed --python '>=3.11' $(VENV); \
	else echo "make: no way to make an environment here; install Python >= 3.11 with its venv module (on Debian: python3-venv)" >&2; exit 3; fi

$(STAMP): pyproject.toml | $(BIN)/python
	@echo "installing witnessmark into $(VENV) (once)" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(DEV): $(STAMP) pyproject.toml
	@echo "installing the test tools into $(VENV) (once)" >&2
	@$(BIN)/python -c 'import tomllib; print("\n".join(tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["dev"]))' > $(VENV)/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement $(VENV)/dev.txt
	@touch $@
