# Sets up what it needs (Python packages from requirements.lock, Node packages from package-lock.json), then runs.
PYTHON ?= python3
# Test processes; each has its own PostgreSQL.
WORKERS ?= 2
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Or every process compiles the same thousands of files again, which is half of what starting a command costs.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check bench soak setup format clean

setup: .venv/.ready node_modules/.ready

# Where Python comes without ensurepip (Debian without python3-venv), the system's pip installs the venv's.
# Nothing is compiled ahead: Python does it for what is imported, and of Spark that is little.
.venv/.ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv 2>/dev/null || { $(PYTHON) -m venv --clear --without-pip .venv && \
		$(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check pip; }
	$(BIN)/pip install --quiet --disable-pip-version-check --no-compile -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

node_modules/.ready: package.json package-lock.json .venv/.ready
	$(BIN)/npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
	touch $@

demo: .venv/.ready
	$(BIN)/bonusbridge demo $(if $(ONCE),--once)

# Files in their order: those with the fewest tests, which xdist would keep for the end, are the longest here.
test: setup
	$(BIN)/python -m pytest -m "not soak and not benchmark" -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: .venv/.ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/.ready
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup
	@$(BIN)/python -m tests.benchmarks

soak: setup
	$(BIN)/python -m pytest -m soak --timeout 7200 $(ARGS)

clean:
	rm -rf .venv node_modules .demo build *.egg-info
