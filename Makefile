# One environment for everything: `make demo` and `make test` are all that a newcomer needs.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: install demo test check bench docs clean

install: $(BIN)/.installed

$(BIN)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --prefer-binary -c constraints.txt -e '.[dev]'
	@touch $@

demo: install
	$(BIN)/ktrdr train strategies/neuro_mean_reversion.yaml

test: install
	$(BIN)/python -m pytest -n 2

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

bench: install
	$(BIN)/python -m pytest benchmarks --benchmark-enable --benchmark-only -s -o python_files='bench_*.py'

docs: install
	$(BIN)/mkdocs serve

clean:
	rm -rf .venv build dist site .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
