# Three commands; each does all its own set-up on a machine with Python (3.11 to 3.13) and pip.
PYTHON ?= python3
VENV   := .venv
READY  := $(VENV)/.ready
BIN    := $(VENV)/bin
# How many processes run tests side by side; a few tests start two more for a while.
WORKERS ?= 2

.PHONY: run test types tests bench docs site clean

run: $(READY)           ## the default study, its table and its report
	$(BIN)/python -m experiments.run

test: $(READY)          ## lint, import contracts, types, tests: what CI calls
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(MAKE) --no-print-directory --jobs=2 types tests

types:                  # beside the tests: these begin with compiling the kernels, on one core
	$(BIN)/mypy

tests:
	$(BIN)/python -m pytest --numprocesses=$(WORKERS) --dist=worksteal

bench: $(READY)         ## timings as ratios, both sides in one run
	$(BIN)/python -m experiments.bench

docs: $(READY)          ## rewrite the generated pages of docs/
	$(BIN)/python -m experiments.docs

site: $(READY)          ## the documentation site: open site/index.html
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

$(READY): requirements.lock
	$(PYTHON) -c "import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else f'Python 3.11, 3.12 or 3.13 is needed, found {v[0]}.{v[1]}: try make PYTHON=python3.12')"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	touch $(READY)

clean:
	rm -rf $(VENV) site .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis
