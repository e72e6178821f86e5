# Everything here runs in .venv, which is made at the first need. GNU make 3.81, which macOS has, is enough.

VENV := .venv
PY := $(VENV)/bin/python
LIGHT := $(VENV)/run.stamp
READY := $(VENV)/requirements.stamp
SCAN := $(VENV)/scan
SCANNER := $(SCAN)/requirements.stamp
PYTHON ?=
PORT ?=
SPEED ?=
RUNTIME ?=
EVENT ?=
MODEL ?=
FLAGS ?=
# What train/pretrained was made with; a test compares the two.
RECIPE := --network cnn --seed 0

.DEFAULT_GOAL := help
.PHONY: help demo up send invoke deploy train ship test lint scan startup bench lock clean

help:  ## list these targets
	@sed -n 's/^\([a-z][a-z]*\):.*  ## \(.*\)/make \1|\2/p' Makefile | while IFS='|' read -r target does; do \
		printf '%-11s %s\n' "$$target" "$$does"; done

demo: $(LIGHT)  ## drop MNIST's test set into a local stack, sum up the CSVs; MODEL=artifacts/models/VERSION instead of the model that is shipped
	@$(PY) -m infra.local demo $(if $(MODEL),--model $(MODEL))

up: $(LIGHT)  ## the local stack, until Ctrl-C; PORT=5001 elsewhere, SPEED=60 with all times divided by 60; RUNTIME=rie in Lambda's own runtime; RUNTIME=container for sam local invoke; MODEL as there
	@$(PY) -m infra.local up $(if $(PORT),--port $(PORT)) $(if $(SPEED),--speed $(SPEED)) \
		$(if $(RUNTIME),--runtime $(RUNTIME)) $(if $(MODEL),--model $(MODEL)) $(FLAGS)

send: $(LIGHT)  ## hand one event to the function beside make up: EVENT=infra/events/sns.json, PORT as there, RUNTIME=rie; for the container, make invoke
	@$(PY) -m infra.local send $(or $(EVENT),infra/events/s3.json) $(if $(PORT),--port $(PORT)) \
		$(if $(RUNTIME),--runtime $(RUNTIME)) $(FLAGS)

invoke: $(LIGHT)  ## the function in its own container, by sam local invoke: each event of infra/events, or EVENT=; needs Docker and SAM
	@$(PY) -m infra.local invoke $(EVENT) $(if $(PORT),--port $(PORT)) $(if $(MODEL),--model $(MODEL)) $(FLAGS)

deploy: $(LIGHT)  ## build and deploy with AWS SAM, which asks the first time and remembers; FLAGS=--guided asks again
	@$(PY) -m infra.deploy $(FLAGS)

train: $(READY)  ## train the model that is shipped, by the recipe in its card; FLAGS="--seed 1 --bucket B", see python -m train --help
	$(PY) -m train $(RECIPE) $(FLAGS)

ship: $(LIGHT)  ## put MODEL=artifacts/models/VERSION in the place of the model that is shipped; for maintainers
	@$(PY) -m train.ship $(MODEL)

test: lint  ## format, lint, types and tests; those of the container too where Docker and SAM are
	$(PY) -m pytest -q -n 2 -m "not container" $(FLAGS)
	$(if $(FLAGS),,$(PY) -m pytest -q -m container tests/container)

lint: $(READY)  ## format, lint and types alone
	$(PY) -m ruff format --check
	$(PY) -m ruff check
	$(PY) -m mypy

scan: $(SCANNER)  ## check the template against what AWS and others advise, with checkov, offline
	@$(PY) -m infra.scan $(SCAN)/bin/checkov

startup: $(READY)  ## measure the container's start beside a TensorFlow handler's; needs Docker and SAM
	@$(PY) -m bench.startup $(FLAGS)

bench: $(READY)  ## measure start-up, throughput, memory, growth and cost beside peers and floors; FLAGS=--short within minutes
	@$(PY) -m bench $(FLAGS)

lock:  ## pin anew what the requirements.in files name; for maintainers, needs uv
	uv pip compile --universal --python-version 3.11 requirements.in -o requirements.txt
	for part in infra handler; do uv pip compile --universal --python-version 3.11 -c requirements.txt \
		$$part/requirements.in -o $$part/requirements.txt || exit 1; done

clean:  ## remove all that was made here: .venv, models, the demo's CSVs, caches
	rm -rf $(VENV) artifacts .mypy_cache .ruff_cache .pytest_cache .hypothesis .aws-sam
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp comes last, and lies in the environment itself: neither half an installation nor a deleted one counts.
# An environment whose Python is gone, or that another version made, is made anew.
$(LIGHT): infra/requirements.txt pyproject.toml infra/find_python.sh
	@python=$$(PYTHON="$(PYTHON)" sh infra/find_python.sh) || exit 1; \
	rm -f $@; \
	PYTHON=$(PY) sh infra/find_python.sh >/dev/null 2>&1 || { \
		echo "Making $(VENV) with $$python"; "$$python" -m venv --clear $(VENV) || exit 1; }; \
	echo "Installing what infra/requirements.txt pins"; \
	$(PY) -m pip install --quiet --disable-pip-version-check -r infra/requirements.txt && touch $@

# The same versions and more: what trains, proves and tests.
$(READY): requirements.txt $(LIGHT)
	@rm -f $@; \
	echo "Installing what requirements.txt pins; the first time this takes a few minutes"; \
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt && touch $@

# checkov and we need other versions of the same packages, so that it has an environment of its own.
$(SCANNER): infra/scan-requirements.txt $(READY)
	@rm -f $@; \
	$(PY) -m venv --clear $(SCAN) || exit 1; \
	echo "Installing what infra/scan-requirements.txt pins"; \
	$(SCAN)/bin/python -m pip install --quiet --disable-pip-version-check -r infra/scan-requirements.txt && touch $@
