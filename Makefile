# Every target creates .venv if it is missing, and installs only if pyproject.toml has changed.
# Needs make and a python3 (3.11 to 3.13) with venv; to choose another one: make PYTHON=python3.12 test

PYTHON ?= python3
VENV   := .venv
BIN     = $(VENV)/bin

# Ray, and the sweepers that the docs compare with: Hydra would import them whenever any app starts
LAUNCHERS  := .venv-launchers
WITH_RAY   := '.[demo,joblib,submitit,ray]' 'pytest>=9.0' hypothesis
NEIGHBOURS := .venv-neighbours

# MLflow, for one of the examples, and the trackers of docs/job-directories.md
EXAMPLES      := .venv-examples
WITH_EXAMPLES := --editable '.[joblib]' 'pytest>=9.0' 'pytest-xdist>=3.6' 'hypothesis>=6.100' 'tensorboardX>=2.6' 'wandb>=0.21'

# the site of docs/
DOCS      := .venv-docs
WITH_SITE := --editable . 'mkdocs>=1.6,<2' 'mkdocs-material>=9.6' 'mkdocstrings[python]>=1.0' 'ruff>=0.17,<0.18'

# drives Chromium, which comes from Debian: apt-get install chromium chromium-driver
REPORT       := .venv-report
WITH_BROWSER := '.[demo,report]' 'pytest>=9.0' hypothesis 'selenium>=4.11'

# Each joblib job looks for plugins: those of other launchers would slow down both runs of a pair.
BENCH      := .venv-bench
PEERS      := '.[demo,joblib]'
# Workers are compared with submitit, which .venv has.
WITH_PEERS := $(if $(filter workers,$(ROW)),$(VENV),$(BENCH))

# for the demo's last line: every job logs one line of metrics, which begins with its accuracy
DEMO   := multirun/demo
RANKED := hydra.sweeper.metric=accuracy hydra.sweeper.direction=maximize

# how many configs are composed both ways, over all trees
N           := 50000
EQUIVALENCE := tests/compose/test_equivalence.py

# Ray has its own environment, as it would slow down the start of all other apps
FAULTS = $(if $(SWEEPS),--sweeps $(SWEEPS)) $(if $(SEED),--seed $(SEED))

# a .venv stays with the Python that made it
ifeq ($(origin PYTHON)$(filter clean,$(MAKECMDGOALS)),command line)
ifneq ($(wildcard $(BIN)/python),)
ifneq ($(shell $(PYTHON) -V 2>&1),$(shell $(BIN)/python -V 2>&1))
$(error $(VENV) was made by $(shell $(BIN)/python -V), not by $(PYTHON): run make clean first)
endif
endif
endif

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test lint typecheck pytest coverage equivalence matrix test-shown test-growth test-launchers test-slurm test-neighbours test-examples test-report docs release-check pictures faults fuzz bench format clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' Makefile

# the matrices are small: BLAS threads would only slow each other down
demo: export OMP_NUM_THREADS = 1
demo: $(VENV)/.demo ## train a classifier over a small sweep, print the best
	@rm -rf $(DEMO)
	$(BIN)/python train.py -m +sweep=quickstart hydra.sweep.dir=$(DEMO) $(RANKED)
	@printf 'best: ' && sed -n 's/.* - accuracy=/accuracy=/p' $(DEMO)/*/train.log | sort | tail -n 1

test: lint typecheck pytest ## what every change must pass

lint: $(VENV)/.dev ## check the format and the rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

typecheck: $(VENV)/.dev ## check the types, strictly, and those that users get
	$(BIN)/pyright
	$(BIN)/pyright --project tests/typing

pytest: $(VENV)/.dev ## run the tests on two cores
	$(BIN)/python -m pytest -n 2 --dist worksteal

coverage: $(VENV)/.dev ## run the tests and measure branch coverage: takes twice as long
	$(BIN)/python -m pytest -n 2 --dist worksteal --cov --cov-report term --ignore tests/fuzz

test-shown: $(VENV)/.dev ## run the commands of README.md, docs/ and examples/, and compare their output
	$(BIN)/python -m pytest -n 2 --dist worksteal -m shown

test-growth: $(VENV)/.dev ## check that memory and time do not grow with jobs, choices and launches
	$(BIN)/python -m pytest -n 2 -m growth

test-launchers: $(LAUNCHERS)/.dev ## run apps and Hydra's own suites through each launcher, Slurm's and Ray's on this machine
	$(LAUNCHERS)/bin/python -m pip check
	$(LAUNCHERS)/bin/python -m pytest -m 'cluster or launchers' tests/launchers

test-slurm: $(VENV)/.dev ## run sweeps with workers on a real Slurm, which the tests start and stop; as root
	@command -v slurmctld >/dev/null && command -v slurmd >/dev/null && command -v sbatch >/dev/null || { \
		echo "make test-slurm needs Slurm: apt-get install slurmctld slurmd slurm-client" >&2; exit 1; }
	$(BIN)/python -m pytest -n 2 --dist worksteal -m cluster tests/slurm

test-neighbours: $(NEIGHBOURS)/.dev ## run other sweepers and this one, compare the jobs
	$(NEIGHBOURS)/bin/python -m pytest -n 2 --dist worksteal tests/neighbours

test-examples: $(EXAMPLES)/.dev ## run the READMEs of examples/ and the trackers of docs/, and check what they log
	$(EXAMPLES)/bin/python -m pytest -n 2 --dist worksteal -o norecursedirs='.*' --ignore-glob '*notebook.py' tests/examples

release-check: $(VENV)/.dev ## build wheel and sdist, check them, install each in a fresh environment and try it
	$(BIN)/python -m tests.release

test-report: $(REPORT)/.dev ## use the HTML report in Chromium
	$(REPORT)/bin/python -m pytest tests/report/browser

docs: $(DOCS)/.dev ## build the site of docs/ into build/docs; a warning is an error
	$(DOCS)/bin/python -m docs.site.generated
	NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/mkdocs build --strict

pictures: $(VENV)/.dev $(REPORT)/.dev ## redraw the pictures of the README, docs/ and the notebook; needs Chromium
	$(BIN)/python -m tests.pictures.terminal
	$(BIN)/python -m tests.examples.notebook
	$(REPORT)/bin/python -m tests.pictures.report

equivalence: $(VENV)/.dev ## compose N=50000 configs both with Hydra and from prefixes; JOB=hydra-1.4-3.13; SEED=1 repeats a run
	$(if $(JOB),$(BIN)/nox --session $(JOB) --,$(BIN)/python -m pytest -n 2 --dist worksteal) \
		$(EQUIVALENCE) --configs $(N) $(if $(SEED),--seed $(SEED)) -o faulthandler_timeout=3600

matrix: $(VENV)/.dev ## run more tests than make test on each Python and Hydra; JOB=hydra-1.4-3.13 for one of them
	$(BIN)/nox $(if $(JOB),--session $(JOB)) -- --hypothesis-profile thorough -m 'not cluster and not growth and not shown'

faults: $(VENV)/.dev $(LAUNCHERS)/.dev ## kill, stop and starve SWEEPS=200 sweeps, and more; SEED=1 repeats a run
	$(BIN)/python -m tests.faults $(FAULTS) --without ray
	$(LAUNCHERS)/bin/python -m tests.faults $(FAULTS) --only ray

fuzz: $(VENV)/.dev ## try N=100000 generated inputs of each kind; SEED=1 repeats a run, ONLY=files tries one kind
	$(BIN)/python -m tests.fuzz $(if $(filter command line environment,$(origin N)),--inputs $(N)) \
		$(if $(SEED),--seed $(SEED)) $(if $(ONLY),--only $(ONLY))

bench: $(WITH_PEERS)/.dev ## measure time and memory against Hydra's basic sweeper; ROW=trivial for one row, PAIRS=1 for a short run; ROW=scale takes an hour; ROW=workers needs Slurm
	$(WITH_PEERS)/bin/python -m tests.benchmarks $(ROW) $(if $(PAIRS),--pairs $(PAIRS))

format: $(VENV)/.dev ## format the code and fix what can be fixed
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

clean: ## remove everything that is not in git, including .venv
	rm -rf $(VENV) .venv-demo $(LAUNCHERS) $(NEIGHBOURS) $(EXAMPLES) $(REPORT) $(DOCS) $(BENCH) .nox build dist multirun outputs .coverage .coverage.* .hypothesis .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.demo: pyproject.toml
	$(call install,--editable '.[demo]')
	@touch $@

$(VENV)/.dev: pyproject.toml
	$(call install,--editable '.[dev]')
	@touch $@ $(VENV)/.demo

$(LAUNCHERS)/.dev: VENV = $(LAUNCHERS)
$(LAUNCHERS)/.dev: pyproject.toml
	$(call install,--editable $(WITH_RAY))
	@touch $@

$(NEIGHBOURS)/.dev: VENV = $(NEIGHBOURS)
$(NEIGHBOURS)/.dev: pyproject.toml tests/neighbours/requirements.txt
	$(call install,--editable . --requirement tests/neighbours/requirements.txt)
	@touch $@

$(EXAMPLES)/.dev: VENV = $(EXAMPLES)
$(EXAMPLES)/.dev: pyproject.toml examples/mlflow/requirements.txt
	$(call install,$(WITH_EXAMPLES) --requirement examples/mlflow/requirements.txt)
	@touch $@

$(REPORT)/.dev: VENV = $(REPORT)
$(REPORT)/.dev: pyproject.toml
	$(call install,--editable $(WITH_BROWSER))
	@touch $@

$(DOCS)/.dev: VENV = $(DOCS)
$(DOCS)/.dev: pyproject.toml
	$(call install,$(WITH_SITE))
	@touch $@

$(BENCH)/.dev: VENV = $(BENCH)
$(BENCH)/.dev: pyproject.toml
	$(call install,--editable $(PEERS))
	@touch $@

# an interrupted venv creation may leave it without pip
define install
@$(PYTHON) -c 'import sys; sys.exit("make PYTHON=...: needs 3.11 or newer, not " + sys.version.split()[0] \
	if sys.version_info < (3, 11) else 0)'
@test -x $(BIN)/pip || $(PYTHON) -m venv --clear $(VENV)
@echo "installing into $(VENV), once: $(1)"
@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(1)
endef
