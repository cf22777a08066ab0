# Every command a person needs. `make` alone lists them.

PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3.14 python3; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
ESTUARY := $(BIN)/estuary
# make's own words and parallelism have no meaning here, and a stranger's PYTHONPATH would hide our packages.
MAKEFLAGS += --no-print-directory
unexport PYTHONPATH
.DEFAULT_GOAL := help

.PHONY: help
help: ## List these commands
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: ready
ready:
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or newer is missing: install it, or name it with PYTHON=…" >&2; exit 1; }
	@$(PYTHON) -m deploy.local.bootstrap

.PHONY: up
up: ready ## Install what is missing, start everything, return when it is healthy
	@$(ESTUARY) up

.PHONY: down
down: ## Stop everything that was started
	@if [ -x $(ESTUARY) ]; then $(ESTUARY) down; fi

.PHONY: status
status: ready ## Show every process, its port, its health
	@$(ESTUARY) status

.PHONY: logs
logs: ready ## Follow the logs; SERVICE=bookings for one
	@$(ESTUARY) logs --follow $(SERVICE)

.PHONY: restart
restart: ready ## Reload the code, request by request; SERVICE=bookings for one
	@$(ESTUARY) restart $(SERVICE)

.PHONY: seed
seed: ready ## Fill the running marketplace with the demo's people and sessions
	@$(ESTUARY) seed

.PHONY: test
test: ready ## Run every test; ARGS='services/bookings -k holds' for some
	@$(ESTUARY) test -- $(ARGS)

.PHONY: check
check: ready ## Format, lint, types, import rules, migrations and documents in step with the code
	@$(ESTUARY) check

.PHONY: fix
fix: ready ## Format the code and mend what the linter can
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

.PHONY: bench
bench: ready ## Measure the hot endpoints, relay and consumer; ARGS=--growth at a million rows
	@$(BIN)/python -m bench $(ARGS)

.PHONY: bench-gateway
bench-gateway: ready ## Measure the gateway beside its peers
	@$(BIN)/python -m bench.gateway

.PHONY: chaos
chaos: ready ## Kill processes at random under load, count what was lost or done twice; ARGS='--seeds 3'
	@$(BIN)/python -m tests.chaos $(ARGS)

.PHONY: prove
prove: ready ## Show the promises of money and time at full size; ARGS='services/payments' for some (minutes)
	@ESTUARY_PROOF=full $(ESTUARY) test -- -m proof -s $(or $(ARGS),services shared)

.PHONY: observe
observe: ready ## Watch the running suite with Prometheus; ARGS=--once to inspect and end
	@$(BIN)/python -m deploy.observability.observe $(ARGS)

.PHONY: attack
attack: ready ## Attack the running system: every row of the security checklist in full; ARGS='-k tokens' for some
	@ESTUARY_ATTACK=full $(ESTUARY) test -- tests/security -v --durations=10 $(ARGS)

.PHONY: drill
drill: ready ## Restart everything under load, stop each part, restore databases to a moment; ARGS='-k restore' for some (minutes)
	@ESTUARY_DRILL=full $(ESTUARY) test -- tests/operations -v -s $(ARGS)

.PHONY: compose-up
compose-up: ## Start the suite in containers; return when it is healthy and the demo is filled in
	@python3 deploy/docker/secrets.py
	@docker compose up --build --detach

.PHONY: compose-down
compose-down: ## Stop the containers; ARGS=--volumes forgets their data too
	@docker compose down $(ARGS)

.PHONY: compose-logs
compose-logs: ## Follow the containers' logs; SERVICE=bookings for one
	@docker compose logs --follow --tail 20 $(SERVICE)

.PHONY: migrate
migrate: ready ## Bring every database to the newest form; SERVICE=bookings for one
	@$(ESTUARY) migrate $(SERVICE)

.PHONY: revision
revision: ready ## Write a migration from the models: SERVICE=bookings MESSAGE='add a column'
	@$(ESTUARY) revision $(SERVICE) "$(MESSAGE)"

.PHONY: openapi
openapi: ready ## Write the API's description anew
	@$(ESTUARY) openapi --write

.PHONY: docs
docs: ready ## Write anew what is made from the code: API descriptions, events, broker definitions
	@$(ESTUARY) docs

.PHONY: lock
lock: ready ## Resolve all packages anew into requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --group dev --universal --generate-hashes --no-header --emit-build-options --quiet -o requirements.lock
	@echo uv | $(BIN)/uv pip compile - --universal --generate-hashes --no-header --quiet -o deploy/local/installer.lock
