# Thin aliases; `python3 run.py` is the real thing.
.PHONY: help run test e2e bench shell check format lock clean

PY := .venv/bin/python
COMPILE := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --only-binary :all: \
	--no-emit-index-url --no-emit-find-links --no-header

help: ## this list
	@grep -E '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

run: ## set up and serve the demo campus
	python3 run.py

test: ## the suite, without the browser
	python3 run.py test

e2e: ## the journeys in a browser
	python3 run.py e2e

bench: ## the performance figures
	python3 run.py bench

shell: ## a Python shell inside the application
	python3 run.py shell

check: ## what is checked without running anything
	@$(PY) -c "import ruff" 2>/dev/null || { echo "The tools come with the tests: python3 run.py test" >&2; exit 1; }
	$(PY) -m ruff check . && $(PY) -m ruff format --check . && $(PY) -m mypy && .venv/bin/lint-imports && .venv/bin/djlint --quiet --lint app/templates

format: ## lay out the code
	$(PY) -m ruff check --fix . && $(PY) -m ruff format .

lock: ## compile the locks to the newest versions (then run the suite)
	$(COMPILE) --upgrade requirements.in -o requirements.txt
	$(COMPILE) --upgrade requirements-dev.in -o requirements-dev.txt
	sed -i '1i # Compiled from requirements.in by `make lock`; do not edit.' requirements.txt
	sed -i '1i # Compiled from requirements-dev.in by `make lock`; do not edit.' requirements-dev.txt

clean: ## remove what was made here, except the data in var
	rm -rf .venv node_modules app/static/vendor .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
