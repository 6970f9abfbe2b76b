# One command per wish. Each installs what it lacks, says so, and never asks.

PYTHON ?= python3
BIN := .venv/bin
DATA ?= data/demo
PORT ?= 8080
MEDIA_PORT ?= 8081

.PHONY: run test check bench soak screens format wheel clean help

help:
	@echo "make run     the demo conference on http://127.0.0.1:$(PORT)"
	@echo "make test    the whole test suite, browsers included"
	@echo "make check   lint, types, import layers, front-end types"
	@echo "make bench   the benchmarks: ratios within one run"
	@echo "make soak    half an hour of joining and leaving: does memory grow?"
	@echo "make screens the pictures in docs/screens, taken anew, and what axe-core finds on them"
	@echo "make wheel   the installable package in dist/"

run: .venv/ready static/vendor/ready
	@$(BIN)/conference --data $(DATA) demo --port $(PORT) --media-port $(MEDIA_PORT)

test: .venv/ready static/vendor/ready
	@tools/need chromium firefox-esr iproute2 nftables coturn
	@npm test --silent
	@echo "Quick tests, two at a time …"
	@$(BIN)/pytest -n 2 -q -m "not browser and not load" $(PYTEST)
	@echo "Stories in real browsers, two at a time …"
	@$(BIN)/pytest -n 2 -q -m "browser and not networks" $(PYTEST)
	@echo "Stories on networks of their own, one after the other …"
	@$(BIN)/pytest -q -m networks $(PYTEST)
	@echo "Stories of load, alone …"
	@$(BIN)/pytest -m load $(PYTEST)

check: .venv/ready static/vendor/ready
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@npm run check --silent

bench: .venv/ready static/vendor/ready
	@tools/need janus chromium iproute2 nftables
	@$(BIN)/python -m tests.bench $(BENCH)

soak: .venv/ready
	@$(BIN)/python -m tests.bench soak --minutes 30

screens: .venv/ready static/vendor/ready
	@tools/need chromium
	@$(BIN)/python -m tests.browser.screens
	@$(BIN)/python -m tests.browser.states
	@$(BIN)/python -m tests.browser.crew

format: .venv/ready
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

wheel: .venv/ready static/vendor/ready
	@$(BIN)/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	@ls dist/*.whl

.venv/ready: requirements.lock pyproject.toml
	@echo "Installing Python packages into .venv …"
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || tools/need python3-venv
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

node_modules/.package-lock.json: package.json package-lock.json
	@echo "Installing front-end modules into node_modules …"
	@command -v npm >/dev/null || tools/need npm
	@npm ci --silent
	@touch $@

static/vendor/ready: node_modules/.package-lock.json tools/vendor.mjs
	@echo "Copying front-end modules into static/vendor …"
	@npm run vendor --silent
	@touch $@

clean:
	@rm -rf .venv node_modules static/vendor build dist *.egg-info
