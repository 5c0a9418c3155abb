# Everything sets itself up: Python >= 3.10 and make are all a machine needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help demo test check lint docs bench clean

help:
	@echo "make demo   redact sample_audio/ with Whisper base (fetched once, 133 MB), then measure the result"
	@echo "make test   run the tests"
	@echo "make check  ruff, mypy, import-linter and the tests"
	@echo "make docs   the documentation, into site/"
	@echo "make bench  time, memory and accuracy with real checkpoints; see benchmarks/BENCHMARKS.md"

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "redactor needs Python 3.10 or newer (make PYTHON=/path/to/python3)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python cannot make virtual environments: install the package python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(STAMP)

# Exit codes of `redact` that the hard samples should lead to: 3, some recordings were withheld; 65, one of them is cut off.
demo: $(STAMP)
	@model=base; \
	$(BIN)/redactor models get base > /dev/null || { \
	  model=voicemail-micro; \
	  echo "No checkpoint for speech can be had: going on with voicemail-micro, which hears no people. Its figures say nothing."; \
	}; \
	$(BIN)/redactor redact sample_audio --out demo-out --model $$model --names keep --redo; \
	status=$$?; case $$status in 0|3|65) ;; *) exit $$status ;; esac; \
	$(BIN)/redactor evaluate sample_audio --model $$model

test: $(STAMP)
	@tests/system-packages
	$(BIN)/python -m pytest

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test

docs: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[docs]'
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet --site-dir site

bench: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	$(BIN)/python benchmarks/all.py

clean:
	rm -rf $(VENV) demo-out site .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
