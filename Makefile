# One environment for everything: `make demo` and `make test` are all that a newcomer needs.
PYTHON ?= python3
BIN := .venv/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet

.PHONY: install install-locked demo test test-fast test-nightly test-pythons wheel-test check bench docs lock lock-check sbom clean

install: $(BIN)/.installed

$(BIN)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(PIP_INSTALL) --prefer-binary -c constraints.txt -e '.[dev]'
	@touch $@

# The same environment with the releases of the lock file, each checked by its hash; PyTorch comes by itself.
install-locked:
	$(PYTHON) -m venv .venv
	$(PIP_INSTALL) --require-hashes -r requirements-dev.lock
	$(PIP_INSTALL) --prefer-binary -c constraints.txt -e '.[dev]'
	@touch $(BIN)/.installed

demo: install
	$(BIN)/ktrdr train strategies/neuro_mean_reversion.yaml

test: install
	$(BIN)/python -m pytest -n 2

# The rooms and the laws, each law on a tenth of its examples.
test-fast: install
	$(BIN)/python -m pytest -n 2 --hypothesis-profile dev tests/architecture tests/unit tests/properties

# Everything, each law on ten times its examples, other ones every night.
test-nightly: install
	$(BIN)/python -m pytest -n 2 --hypothesis-profile nightly

# What needs no PyTorch, on each supported Python that is installed.
test-pythons:
	$(PYTHON) checks/pythons.py

# The wheel in an environment of its own; REUSE=--reuse borrows the packages of this one.
wheel-test: install
	$(BIN)/python checks/wheel.py $(REUSE)

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

# Keeps the pins that still fit; remove the file first to renew them all. PyTorch is left out: its builds differ by machine.
lock: install
	CUSTOM_COMPILE_COMMAND='make lock' $(BIN)/pip-compile --quiet --extra dev --constraint constraints.txt \
	  --generate-hashes --strip-extras --unsafe-package torch --unsafe-package ktrdr \
	  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --output-file requirements-dev.lock pyproject.toml

# Asks the package index whether every pin is still there, with one of its hashes, and nothing is missing; installs nothing.
lock-check: install
	$(PIP_INSTALL) --dry-run --ignore-installed --require-hashes -r requirements-dev.lock

# What this environment is made of, as CycloneDX, and on what ktrdr depends.
sbom: install
	@mkdir -p dist
	$(BIN)/python -m cyclonedx_py environment --pyproject pyproject.toml --output-reproducible --validate --output-file dist/ktrdr.cdx.json $(BIN)/python

clean:
	rm -rf .venv build dist site .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
