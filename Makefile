# Short names for scripts/dev.py, which is what does the work.
.DEFAULT_GOAL := help
.PHONY: help setup run test fast check lock nightly

help: ## print this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

setup: ## make .venv complete
	@python3 scripts/dev.py setup

run: ## run everything
	@python3 scripts/dev.py run

test: ## run the tests
	@python3 scripts/dev.py test

fast: ## run the tests that take seconds
	@python3 scripts/dev.py test --fast

check: ## format, lint, types, imports, definitions, files, lock, spelling
	@python3 scripts/dev.py check

lock: ## write requirements.lock from pyproject.toml
	@python3 scripts/dev.py lock

nightly: ## the slow tests, with more examples each; then mutants
	@python3 scripts/dev.py nightly
