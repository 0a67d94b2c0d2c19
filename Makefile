# What one can say here. `make help` lists it; everything installs what it needs first.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
PORT ?= 8000
ARGS ?=
EVIDENCE ?= docs/evidence/4.json

# Once, and again when the dependencies change, the folder moved or the environment is gone.
SETUP := .state/setup
ifneq ($(shell cat $(SETUP) 2>/dev/null)|$(wildcard $(BIN)/coi),$(CURDIR)|$(BIN)/coi)
.PHONY: $(SETUP)
endif

.PHONY: help
help: ## List what one can say
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: setup
setup: $(SETUP) ## Install everything into .venv (with uv when it is there, else pip)
	@:

$(SETUP): pyproject.toml constraints.txt .ci/setup
	@bash .ci/setup
	@mkdir -p $(@D) && echo '$(CURDIR)' > $@

.PHONY: run
run: setup ## Start the demo on this machine, port 8000 (another one: make run PORT=8001)
	@$(BIN)/python -c 'import socket; s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); \
	  s.bind(("127.0.0.1", int("$(PORT)")))' 2>/dev/null || { \
	  echo 'Port $(PORT) is taken or cannot be used here; choose another one, for example: make run PORT=8001'; exit 1; }
	@export COI_PORT=$(PORT); $(BIN)/coi init --demo --story && exec $(BIN)/coi serve --host 127.0.0.1 --port $(PORT)

.PHONY: test
test: setup ## Run every test but the soak tests (some only: make test ARGS="-k breach")
	@$(BIN)/python -m pytest -m "not soak" -n 3 --dist worksteal $(ARGS)

.PHONY: soak
soak: setup ## Run the tests at full volume and keep what they measured in docs/evidence
	@$(BIN)/python -m pytest -m soak --timeout 7200 --evidence $(EVIDENCE) $(ARGS)

.PHONY: check
check: setup ## Check lint rules, format, types, the order of the rooms and the rules of the house
	@$(MAKE) -k lint format types contracts house

.PHONY: lint format types contracts house
lint:
	@$(BIN)/ruff check
format:
	@$(BIN)/ruff format --check
types:
	@$(BIN)/mypy
contracts:
	@$(BIN)/lint-imports --no-logo
house:
	@$(BIN)/python -m tests.house.source
	@$(BIN)/python -m pytest -q -p no:schemathesis tests/house

.PHONY: bench
bench: setup ## Measure steps per second on both databases, labels, pictures and sweeps
	@$(BIN)/python -m tests.bench $(ARGS)

.PHONY: fix
fix: setup ## Let the tools put right what they can: imports, format, simple lint faults
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

.PHONY: clean
clean: ## Remove what can be made again; the instance folder stays
	@rm -rf .venv .state build dist *.egg-info .coverage .hypothesis
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
