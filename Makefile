# `make run` starts everything; `make test` proves it; `make demo` does the main job without a browser.

PYTHON ?= python3
LAB ?= 1
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
export PORT
export PYTHONUNBUFFERED := 1

.DEFAULT_GOAL := help
.PHONY: help run demo test bench lint types layers audit check translations requirements clean

help: ## Say what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

run: $(VENV)/.installed $(if $(filter 0,$(LAB)),,$(VENV)/.installed-lab) ## Start web, worker, beat and the lab (LAB=0: without the lab; PORT=8000)
	@$(BIN)/python manage.py prepare
	@exec $(BIN)/python manage.py up $(if $(filter 0,$(LAB)),--no-lab)

demo: $(VENV)/.installed $(VENV)/.installed-lab ## Do the whole job against the lab and exit
	@$(BIN)/python manage.py demo

test: $(VENV)/.installed-dev $(VENV)/.installed-lab ## Install what the tests need, and run them
	@tests/run

bench: $(VENV)/.installed-dev $(VENV)/.installed-lab ## Measure against peers in the same run; tables here, JSON in var/benchmarks
	@mkdir -p var/benchmarks
	for name in discovery ova_import preflight console web tasks; do \
		$(BIN)/python -m benchmarks.$$name --json var/benchmarks/$$name.json || exit 1; done

lint: $(VENV)/.installed-dev ## Look at style, formats and missing migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djade --check --target-version 5.2 $$(git ls-files 'templates/*.html' 'templates/**/*.html')
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py check --fail-level WARNING

types: $(VENV)/.installed-dev ## Check types
	$(BIN)/mypy
	cd examples && ../$(BIN)/mypy --config-file= --strict foothold.py set_up.py

layers: $(VENV)/.installed-dev ## Check who imports whom
	$(BIN)/lint-imports

audit: $(VENV)/.installed-dev ## Ask for known weaknesses of the packages (AUDIT_REQUIRED=1: fail where nobody can be asked)
	@$(BIN)/python .ci/audit.py requirements.txt

check: lint types layers audit test ## Everything that .ci/run does

translations: $(VENV)/.installed ## Collect sentences for the translators (needs gettext)
	$(BIN)/python manage.py sentences
	$(BIN)/python manage.py compilemessages --ignore .venv

requirements: $(VENV)/.installed-dev ## Compile the pinned requirements from the .in files
	for name in requirements requirements-lab requirements-dev; do \
		$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 $$name.in -o $$name.txt; done

clean: ## Remove the virtual environment and caches; data under var/ stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Foothold needs Python 3.11 or newer; name it with PYTHON=..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python cannot make virtual environments here; on Debian and Ubuntu: apt install python3-venv"; exit 1; }

$(VENV)/.installed: requirements.txt $(VENV)/bin/python
	@echo "Installing Foothold's requirements ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

# The simulator is built here rather than at the first start; a machine where that cannot be done goes without it.
$(VENV)/.installed-lab: requirements-lab.txt $(VENV)/.installed $(wildcard wizard/lab/vcsim/*)
	@$(BIN)/python -c 'from wizard.lab import build; build.find_go()' 2>/dev/null \
		|| $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-lab.txt \
		|| echo "Go cannot be had here."
	@echo "Building the lab's vCenter simulator, about a minute the first time ..."
	@mkdir -p -m 700 var # for its owner alone, as settings make it where there is none
	@$(BIN)/python -m wizard.lab.build || true
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@echo "Installing what the tests and linters need ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt -r requirements-dev.txt
	@touch $@
