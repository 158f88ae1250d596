# duotui. `make help` lists what can be made.
PYTHON ?= python3
CC ?= cc
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed
SHARED ?= ../shared
LLAMA2C ?=
LLAMA_TOKENIZER ?= $(SHARED)/models/tokenizer.bin
WHEELS ?= linux-x86_64 linux-aarch64 macos-arm64 macos-x86_64
WORKERS ?= 2
DATA := tui/duotui/data
CACHE ?= $(if $(XDG_CACHE_HOME),$(XDG_CACHE_HOME),$(HOME)/.cache)/duotui
JOBS := $(shell nproc 2>/dev/null || echo 2)
ENGINE = $(MAKE) --no-print-directory -j $(JOBS) -C native CC="$(CC)"
BABEL = $(BIN)/pybabel -q
LOCALES = -D duotui -d tui/duotui/locale
PYTEST = $(BIN)/python -m pytest tests -n $(WORKERS)

.DEFAULT_GOAL := help
.PHONY: help demo engine quick test test-all check proof messages snapshots bench board ship shipped ship-model speed fuzz fuzz-python model standin virtual test-virtual fire soak speech wheels clean needs-cc needs-babel needs-python

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(BIN)/duotui engine ## a story from the simulated Duo, in the console (without a terminal: as text)
	@if [ -t 0 ] && [ -t 1 ]; then $(BIN)/duotui sim --prompt "Once upon a time"; \
	else $(BIN)/duotui tell --port sim --check "Once upon a time"; fi

engine: needs-cc ## native/build/duollama, the engine for this computer (CC=clang, WERROR=1)
	@test -x native/build/duollama || echo "compiling the engine, once, about 15 s"
	@$(ENGINE) -s

quick: $(STAMP) engine check ## for every edit: format, lint, types, and the tests marked `quick` (90 s)
	$(PYTEST) -m quick

test: $(STAMP) engine check ## all that this computer can run, but for what takes minutes (10 minutes)
	$(PYTEST) -m "not slow"

test-all: $(STAMP) engine check ## every test, and the coverage (40 minutes)
	$(PYTEST) --hypothesis-profile=long --cov --cov-report=
	@echo "coverage: $$($(BIN)/coverage report --format=total) % of lines and branches of tui/duotui"

check: $(STAMP) ## format, lint and types
	$(BIN)/ruff format --check tui tests native
	$(BIN)/ruff check tui tests native
	$(BIN)/mypy

proof: $(STAMP) engine board ## 200 stories of each model, by every kernel and emulator (an hour or two)
	DUOTUI_STORIES=200 $(BIN)/python -m pytest tests/native/test_exact.py tests/native/test_emulators.py

messages: needs-babel ## find the messages anew, for the translators, and compile what they translated
	$(BABEL) extract -k lazy_gettext --add-location file --sort-by-file --omit-header -o native/build/duotui.pot tui/duotui
	$(BABEL) update $(LOCALES) -i native/build/duotui.pot -l zh_CN --ignore-pot-creation-date \
		--no-fuzzy-matching --ignore-obsolete --width 100
	$(BABEL) compile $(LOCALES) -l zh_CN

snapshots: $(STAMP) engine ## take the console's pictures anew, after a change that was meant
	$(BIN)/python -m pytest tests/ui --snapshot-update

bench: $(STAMP) engine ## speed, in one run; LLAMA2C=FOLDER puts karpathy/llama2.c beside it
	$(BIN)/python tests/bench/bench.py $(if $(LLAMA2C),--llama2c "$(LLAMA2C)")

board: ## the engine for the Duo and its emulators, native/build/{board,rv64gcv,rv64gc}/duollama
	@$(MAKE) --no-print-directory -s -C native/board
	@cd native/build && sha256sum board/duollama rv64gcv/duollama rv64gc/duollama

ship: ## make the board's engine and voice, and put them into the package
	@$(MAKE) --no-print-directory -s -C native/board clean
	@$(MAKE) --no-print-directory -s -C native/board board
	@native/speech/voice >/dev/null
	@$(PYTHON) native/board/ship.py

shipped: ## fail where the package has not what is built of the board's engine and voice
	@$(PYTHON) native/board/ship.py --check

ship-model: engine ## pack the default model, which goes into the package packed
	native/build/duollama pack $(DATA)/stories.bin -z $(DATA)/tokenizer.bin --modes exact,fast -o $(DATA)/stories.duo

speed: board ## the model of the C906's speed, calibrated; SPEED="MODEL.duo --mode exact -t 0"
	$(PYTHON) native/board/c906.py $(SPEED)

fuzz-python: $(STAMP) ## mutated frames and an agent that lies, into the host's side; RUNS=10000000
	PYTHONPATH=tests $(BIN)/python tests/bench/fuzz_python.py $(if $(RUNS),--runs $(RUNS))

fuzz: engine ## libFuzzer on all that is untrusted; FUZZ="--runs 10000000"
	native/fuzz/fuzz $(FUZZ)

model: ## train the default model anew (PyTorch; CORPUS=FOLDER with train.txt and valid.txt, SYNTHETIC=FILE; hours)
	@test -f "$(CORPUS)/train.txt" || { echo "make model needs CORPUS=FOLDER with train.txt and valid.txt (docs/data.md)" >&2; exit 2; }
	$(PYTHON) native/model/train.py --train "$(CORPUS)/train.txt" $(wildcard $(CORPUS)/more.txt) \
		$(if $(SYNTHETIC),--synthetic "$(SYNTHETIC)") --valid "$(CORPUS)/valid.txt" --out $(DATA)
	@$(MAKE) --no-print-directory ship-model

standin: ## train a rough model of stories15M's shape into the cache (PyTorch; CORPUS and LLAMA_TOKENIZER; an hour or two)
	@test -f "$(CORPUS)/train.txt" -a -f "$(LLAMA_TOKENIZER)" || { echo "make standin needs CORPUS=FOLDER with train.txt and valid.txt, and LLAMA_TOKENIZER=FILE, tokenizer.bin of 32000 pieces" >&2; exit 2; }
	$(PYTHON) native/model/standin.py --train "$(CORPUS)/train.txt" --valid "$(CORPUS)/valid.txt" --tokenizer "$(LLAMA_TOKENIZER)" --out "$(CACHE)/standin"

virtual: ## what the virtual Duo is made of: a kernel, QEMU, BusyBox (ten minutes, once)
	@firmware/virtual/machine

speech: ## duospeak, the board's voice, of Debian's source of Flite (a minute, once)
	@native/speech/voice

fire: $(STAMP) engine virtual ## 300 random faults on the virtual Duo, and how long recovery takes (45 minutes)
	PYTHONPATH=tests $(BIN)/python tests/bench/fault_recovery.py --faults 300

soak: $(STAMP) engine ## 1,000 stories in each screen and eight consoles at once: memory, threads, descriptors (40 minutes)
	PYTHONPATH=tests $(BIN)/python tests/bench/soak.py

test-virtual: $(STAMP) engine virtual ## what only the virtual Duo can show (make test has it too, where it is built)
	$(BIN)/python -m pytest tests/virtual

wheels: $(VENV)/wheels ## dist/: a wheel for each platform with the engine in it, one of sources, and the sdist
	rm -rf dist
	$(BIN)/python -m hatchling build -d dist -t sdist -t wheel
	for platform in $(WHEELS); do \
		DUOTUI_WHEEL=$$platform $(BIN)/python -m hatchling build -d dist -t wheel || exit 1; \
	done

clean: ## remove what was built, but not .venv
	rm -rf native/build dist

# The program itself, without the tools of its developers: what a demo needs.
$(BIN)/duotui: pyproject.toml | needs-python
	@echo "installing duotui and the Python packages that it needs into $(VENV)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(STAMP): pyproject.toml $(BIN)/duotui
	@echo "installing the tools of duotui's developers into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	@touch $@

$(VENV)/wheels: pyproject.toml | $(BIN)/duotui
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[wheels]"
	@touch $@

needs-cc:
	@command -v $(firstword $(CC)) >/dev/null || { echo "a C compiler is missing: sudo apt install gcc libc6-dev" >&2; exit 2; }

needs-babel:
	@test -x $(BIN)/pybabel || $(MAKE) --no-print-directory $(STAMP)

needs-python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is missing: sudo apt install python3 python3-venv" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip' || { echo "Python's venv is missing: sudo apt install python3-venv" >&2; exit 2; }
