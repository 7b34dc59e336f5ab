# Needs Node 20.19 or newer, npm and make. `make help` lists what there is.
TASK ?= micro-math
SEEDS ?=
OUT ?= out/$(TASK)/main
NOTEBOOKS ?= $(sort $(wildcard notebooks/*.ipynb))
LESSONS ?= $(sort $(wildcard notebooks/teaching/*.ipynb))
SOLVED = --solutions notebooks/teaching/solutions
ILR = node kernel-lib/bin/ilr.js
STAMPS = node_modules/.stamps
SOURCES = kernel-lib/build.mjs kernel-lib/package.json kernel-lib/tsconfig.json package.json $(shell find kernel-lib/src -type f)

.PHONY: all build reproduce test test-faults lint typecheck unit bench notebooks lessons results bases containers gpu-check clean help
PYTHON ?= python3
.DEFAULT_GOAL := build

all: build

help:
	@echo "make             install and build"
	@echo "make reproduce   the main result: report, table, figure and executed notebook in out/"
	@echo "                 SEEDS=0,1,2 for several seeds; FROM_SCRATCH=1 pretrains the base models, too"
	@echo "make test        lint, type check and all tests"
	@echo "make test-faults crashes, damage, load and hostile input, with many tries (hours); ILR_FAULTS_SEED=0, FAULTS=<files>"
	@echo "make bench       time and memory against PyTorch, TRL and transformers (ILR_BENCH_PYTHON=<a Python that has them>), in one table"
	@echo "make notebooks   every notebook executed into out/notebooks, and one report of all of them"
	@echo "make lessons     the lessons of notebooks/teaching with their solutions, executed, for teachers"
	@echo "make results     compute what results/ holds (hours; goes on where it was stopped)"
	@echo "make bases       pretrain the base models and record them in results/bases"
	@echo "make containers  the images of the trainers (GPU_BASE=<CUDA image>@sha256:... for the PyTorch one)"
	@echo "make gpu-check   every verb and the speed of a 7B model on this machine's GPU, with the packages of PYTHON"
	@echo "make clean       remove what was built (the store .ilr/ and out/ stay)"

# The notebook must use the base models that the run used.
export FROM_SCRATCH

# Packages are installed again only when the lock file is newer than the last installation.
$(STAMPS)/install: package-lock.json
	npm ci --no-audit --no-fund
	@mkdir -p $(STAMPS)
	@touch $@

# The library is compiled again only when a source file is newer than the last build.
kernel-lib/dist/.built: $(STAMPS)/install $(SOURCES)
	npm run --silent build
	@touch $@

build: kernel-lib/dist/.built

# The run leaves its folder as it is when nothing has changed, and then there is nothing to draw again.
reproduce: build
	$(ILR) run $(TASK)/main --out $(OUT) $(if $(SEEDS),--seeds $(SEEDS)) $(if $(filter 1,$(FROM_SCRATCH)),--from-scratch)
	@$(MAKE) --no-print-directory $(OUT)/report/index.html
	@echo ""
	@echo "report    $(OUT)/report/index.html opens in a browser"
	@echo "table     $(OUT)/table.md"
	@echo "figure    $(OUT)/figure.svg, $(OUT)/figure.png"
	@echo "notebook  $(OUT)/01-main-result.ipynb"
	@echo "rows      $(OUT)/points.jsonl, provenance in $(OUT)/provenance.json"

$(OUT)/report/index.html: $(OUT)/provenance.json notebooks/01-main-result.ipynb kernel-lib/dist/.built $(wildcard results/$(TASK)/main/points.jsonl)
	$(ILR) notebook run notebooks/01-main-result.ipynb --out $(OUT) --param fresh=true --param experiment=$(TASK)/main $(if $(SEEDS),--param 'seeds=[$(SEEDS)]')
	$(ILR) report $(OUT)/01-main-result.ipynb --out $(OUT)/report

test: lint typecheck unit

lint: build
	npm run --silent lint

typecheck: build
	npm run --silent typecheck

# Tests of the command and of notebooks use what is built. The report is for programs.
unit: build
	@mkdir -p out
	node node_modules/vitest/vitest.mjs run --reporter=default --reporter=json --outputFile.json=out/test-report.json

# The long form of test/faults, whose short form is part of `make test`. FAULTS picks files, such as FAULTS=store.
ILR_FAULTS_SEED ?= 0
FAULTS ?=
test-faults: build
	ILR_FAULTS=long ILR_FAULTS_SEED=$(ILR_FAULTS_SEED) node node_modules/vitest/vitest.mjs run --config test/faults/vitest.config.ts $(FAULTS)

# Peers are those that ILR_BENCH_PYTHON has; a bench that cannot run here leaves no rows in the table. `npm run bench:record` keeps it.
BENCHES = epoch training sampling scaling notebook records startup
bench: build
	rm -rf out/bench
	$(foreach bench,$(BENCHES),node --import tsx --expose-gc test/bench/$(bench).ts || echo "$(bench) failed";) node --import tsx test/bench/report.ts

# In their order; from recorded runs where they show those, and on this machine where they run something. Lessons with their solutions.
notebooks: build
	$(ILR) notebook run $(NOTEBOOKS) --out out/notebooks
	$(ILR) notebook run $(LESSONS) $(SOLVED) --out out/notebooks
	$(ILR) report $(patsubst %,out/notebooks/%,$(notdir $(NOTEBOOKS) $(LESSONS))) --out out/notebooks/report

# After every change of a lesson or a solution; a test holds the two together.
lessons: build
	$(ILR) notebook run $(LESSONS) $(SOLVED) --out notebooks/teaching/solutions

results: build
	$(ILR) record

bases: build
	$(ILR) bases $(TASK)/main --record

containers: build
	$(ILR) images build embedded
	$(if $(GPU_BASE),$(if $(findstring @sha256:,$(GPU_BASE)),,$(error GPU_BASE=$(GPU_BASE) names no digest: give <CUDA image>@sha256:...)))
	$(if $(GPU_BASE),docker build -f containers/trainer/Dockerfile --build-arg BASE=$(GPU_BASE) -t ilr-lab/trainer .,@echo "the PyTorch image is built with GPU_BASE=<CUDA image>@sha256:...")

gpu-check:
	@mkdir -p out
	$(PYTHON) containers/trainer/gpu_check.py --json out/gpu-check.json

clean:
	rm -rf kernel-lib/dist $(STAMPS) out/test-report.json
