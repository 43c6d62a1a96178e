# Needs python3 (3.10 or later) and make; everything else goes into .venv. `make` alone lists the targets.
PYTHON ?= python3
VENV := $(CURDIR)/.venv
BUILT := .venv/built
TYPED := plugins/plugin_utils plugins/action plugins/inventory tests

# The version of Windows of simulated nodes that name none, for one run of any target: make stories WINDOWS=2016.
export SIMULATED_WINDOWS := $(WINDOWS)

# Commands started from here take the tools of .venv, and this checkout before an installed copy of the collection.
export PATH := $(VENV)/bin:$(PATH)
export ANSIBLE_COLLECTIONS_PATH := $(VENV)/collections

.DEFAULT_GOAL := help
.PHONY: help venv kerberos clients demo rehearse doubts lint unit test stories molecule matrix sanity units docs build introspect all in_turn faults worlds fuzz bench optimum eda changelog clean

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*  ## /  make \1|/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-18s%s\n", $$1, $$2}'

# A virtual environment does not survive being moved: build again what was built for another place.
ifneq ($(shell cat $(BUILT) 2>/dev/null),$(CURDIR))
.PHONY: $(BUILT)
endif
$(BUILT): requirements.txt tests/requirements.txt tests/run-requirements.txt tests/ci/build_venv.sh
	@PYTHON="$(PYTHON)" sh tests/ci/build_venv.sh "$(VENV)" "$(CURDIR)" tests/requirements.txt

venv: $(BUILT)  ## build .venv, the environment of the other targets

.PHONY: gates
gates: $(BUILT)
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check -r tests/gates-requirements.txt

kerberos: $(BUILT)  ## add the libraries of Kerberos to .venv; they are compiled
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -r tests/kerberos-requirements.txt

clients: $(BUILT)  ## add to .venv the clients of others that the tests point at the simulated cluster; it needs npm
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -r tests/clients-requirements.txt
	npm install --silent --no-audit --no-fund --prefix .venv/clients winrm-client@0.0.11

demo: $(BUILT)  ## empty a node of a simulated cluster and fill it again
	@.venv/bin/python -m tests.demo

rehearse: $(BUILT)  ## run a simulated cluster to type at, of SCENARIO=file.yml or RECORDING=file.zip, until Ctrl-C
	@.venv/bin/python -m tests.rehearse $(if $(NODE),--node "$(NODE)") $(if $(RECORDING),--recording "$(RECORDING)","$(or $(SCENARIO),tests/simulator/scenarios/demo.yml)")

doubts: $(BUILT)  ## what RECORDING=file.zip says to the doubts of the guide "Requests and decisions"
	@test -n "$(RECORDING)" || { echo 'Name the archive: make doubts RECORDING=recording.zip' >&2; exit 2; }
	@.venv/bin/python -m tests.doubts "$(RECORDING)"

lint: $(BUILT)  ## ruff, mypy, yamllint, ansible-lint, changelog
	@$(MAKE) --no-print-directory -j 2 --output-sync=target lint-ansible lint-code

.PHONY: lint-ansible lint-code
lint-ansible:
	ansible-lint --offline -q

lint-code:
	ruff check --quiet --output-format concise .
	ruff format --check --quiet --output-format concise .
	mypy $(wildcard $(TYPED))
	yamllint --strict .
	antsibull-changelog lint

unit: $(BUILT)  ## the tests of make test, without the linters
	pytest -n 4 --dist loadfile --timeout 600 -m "not long"

test: lint unit  ## the linters and all tests but the long stories

stories: $(BUILT)  ## the long stories: whole maintenances, AWX jobs, many clusters; WINDOWS=2016 like other targets
	pytest -n 4 --dist loadfile --timeout 900 -m long tests/integration

eda:  ## the event source with real ansible-rulebook, which needs Java 17
	@PYTHON="$(PYTHON)" sh tests/eda/run.sh "$(CURDIR)"

# Where Molecule keeps its state, or else in the home directory. What an interrupted run left there is destroyed first.
molecule: export MOLECULE_EPHEMERAL_DIRECTORY := $(CURDIR)/tests/output/molecule
molecule: gates  ## every role and module: dry run, run, second run, with a look at a simulated cluster after each
	@molecule destroy --no-command-borders --no-report
	@molecule test --all --no-command-borders

matrix:  ## all tests over winrm and psrp, with the oldest, the newest and the coming ansible-core, or those of ROWS="oldest"
	@$(PYTHON) tests/ci/matrix.py $(ROWS)

faults: $(BUILT)  ## break every request of twelve runs by a third of the kinds of faults, and pairs of them; by all with FULL=1
	@.venv/bin/python -m tests.faults --stride $(if $(FULL),1,3) --pairs $(or $(PAIRS),$(if $(FULL),3000,1000)) --seed $(or $(SEED),1)

worlds: $(BUILT)  ## let others act while the product runs, in WORLDS=5000 worlds of SEED=1
	@.venv/bin/python -m tests.worlds --seed $(or $(SEED),1) --worlds $(or $(WORLDS),5000)

sanity:  ## ansible-test's sanity tests with every supported ansible-core, or with those of CORES="2.16 newest"
	@$(PYTHON) -m tests.ci.sanity $(CORES)

units: $(BUILT)  ## ansible-test's unit tests
	@.venv/bin/python -m tests.ci.units

introspect: $(BUILT)  ## what ansible-builder takes for an execution environment with the collection
	ansible-builder introspect $(shell .venv/bin/python -c "import sysconfig; print(sysconfig.get_path('purelib'))" 2>/dev/null)

all: $(BUILT)  ## all gates that a release goes through
	@$(MAKE) --no-print-directory -j 2 --output-sync=target sanity in_turn

in_turn:
	@for gate in lint units docs build introspect; do $(MAKE) --no-print-directory -j 1 $$gate || exit 1; done

docs: gates  ## the documentation of all plugins and the guides, with their references
	antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs=all .

build: gates  ## build the collection, and let galaxy-importer judge it
	@.venv/bin/python tests/ci/importer.py

fuzz: $(BUILT)  ## the tests that draw their examples, with many more and always new ones
	FUZZ_EXAMPLES=$(or $(EXAMPLES),2000) pytest -n 4 --dist worksteal --timeout 3600 -m hypothesis tests/unit

bench: $(BUILT)  ## figures of speed, in simulated time and counts; with AGAINST=commit beside those of that commit
	@.venv/bin/python -m $(if $(AGAINST),tests.bench.against "$(AGAINST)",tests.bench)

optimum: $(BUILT)  ## plans beside an exact solver, with SEED=2 for others and SIZE=4 for more; 8 minutes at most
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check -r tests/optimum-requirements.txt
	@.venv/bin/python -m pytest --quiet tests/unit/test_exact_solver.py tests/unit/test_optimum.py
	@.venv/bin/python -m tests.optimum --seed $(or $(SEED),1) --size $(or $(SIZE),1)

changelog: $(BUILT)  ## rewrite CHANGELOG.md from changelogs/fragments and the documented plugins
	antsibull-changelog release --update-existing --refresh --reload-plugins

clean:  ## remove the virtual environments and everything that the tools cached
	rm -rf .venv .venv-eda .venv-matrix .venv-sanity .ansible .hypothesis .mypy_cache .pytest_cache .ruff_cache tests/output .bench
