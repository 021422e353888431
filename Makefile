# Everything a contributor needs; `make help` lists it. Needs make and Python 3.11 or newer, nothing else.
# Nothing is installed outside of .venv in this directory.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# The demo is for people in a hurry: linters and documentation take as long to install as senza.
DEMO_INSTALLED := $(VENV)/.installed-sandbox

.PHONY: help install test fuzz check docs bench demo clean

help: ## Show this list
	@awk -F ': .*## ' '/^[a-z]+: .*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(INSTALLED) ## Make .venv with senza and all that is needed to work on it

$(INSTALLED): pyproject.toml
	@scripts/install.sh dev
	@touch $(DEMO_INSTALLED) $@

$(DEMO_INSTALLED): pyproject.toml
	@scripts/install.sh sandbox
	@touch $@

test: $(INSTALLED) ## Run all tests
	@$(BIN)/python -m pytest -n 2 --dist worksteal --quiet -ra

fuzz: $(INSTALLED) ## Try 12,000 odd command lines and definitions; takes some ten minutes
	@HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest -n 2 --quiet -ra tests/cli/test_fuzz.py

check: $(INSTALLED) ## Lint, check the format and the types, and hold the rooms apart
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(INSTALLED) ## Build the documentation into site/
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo 'Built site/index.html.'

bench: $(INSTALLED) ## Measure; run it on a quiet machine
	@for program in benchmarks/*.py; do echo "== $$program"; $(BIN)/python $$program; done

demo: $(DEMO_INSTALLED) ## Watch the hello-world definition become two versions with traffic, on a local AWS
	@PATH="$(CURDIR)/$(BIN):$$PATH" scripts/demo.sh

clean: ## Remove what was made, except .venv
	rm -rf build dist site *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
