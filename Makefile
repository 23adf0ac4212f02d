# Two commands: `make demo` and `make test`. Each does all the set-up it needs; nothing has to be installed by hand.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PAGE := $(VENV)/.page
export HF_HUB_OFFLINE := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test slow browser docs snippets regenerate install page web lint format types contracts check bench clean help

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: install  ## benchmark LiteMedSAM on the built-in samples, then adapt it to drawn vessels for a minute; prints tables and paths
	$(BIN)/samaritan benchmark samples -m litemedsam -p box -p box:margin=0.1 -p point -p points:5 -p clicks:5 --max-instances 12 -o runs/demo --overwrite
	$(BIN)/samaritan adapt samples/vessels-fundus --method late-layers --minutes 1 --train batch=2 -o runs/demo-adapted --overwrite

test: install  ## the default test suite: no network, no weights beyond the package's
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile  # one thread for each of two workers: two cores

slow: install  ## the tests that take long: exported graphs, killed runs, every method on every architecture
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile -m slow

browser: install  ## the annotator's page and the catalogue's in a real browser (chromium), the former on the real server and model
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m browser tests/annotate/browser tests/annotate/viewer tests/docs/browser

docs: install  ## the documentation site in site/, without one warning
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "Open site/index.html. Its search wants a server: python3 -m http.server -d site"

snippets: install  ## every code block of the README and of docs/, in the order of its page
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 -m snippets tests/docs

regenerate: install  ## every page that a script writes from the code and from committed results
	$(BIN)/python -m scripts.reference
	$(BIN)/python scripts/method_pages.py
	$(BIN)/python scripts/models_page.py
	$(BIN)/python scripts/bakeoff_index.py
	$(BIN)/python scripts/taxonomy_page.py
	$(BIN)/python -m scripts.catalogue.precision --write
	$(BIN)/python -m scripts.catalogue.browse
	$(BIN)/python scripts/which_model.py
	$(BIN)/python scripts/catalogue/answers.py

install: $(STAMP) $(PAGE)  ## the environment in .venv/, and the annotator's page where it can be built

page: $(STAMP)  ## the annotator's page, built from web/ where it is not there yet or web/ has changed
	$(BIN)/python scripts/page.py build

web: install  ## types, lint and tests of the page
	$(BIN)/python scripts/page.py check

lint: install  ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: install  ## let ruff rewrite
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: install  ## strict type check
	$(BIN)/mypy

contracts: install  ## lower rooms never import upper ones
	$(BIN)/lint-imports

check: lint types contracts test slow web  ## everything that CI checks beside the demo

bench: install  ## every figure of docs/performance.md; IMAGE and LABELS are a brain with its labels, such as Colin27 with AAL
	scripts/parity/environment.sh runs/reference
	$(BIN)/python benchmarks/speed/page.py runs/reference $(IMAGE) $(LABELS)

clean:  ## remove the environment and the runs
	rm -rf $(VENV) runs

$(STAMP): pyproject.toml constraints.txt constraints-cpu.txt requirements-nodeps.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	SAMARITAN_PAGE=skip $(BIN)/python -m pip install --quiet -e ".[fast,notebook,samples,tensorboard]" --group dev -c constraints.txt $(CPU_TORCH)
	$(BIN)/python -m pip install --quiet --no-deps -r requirements-nodeps.txt
	touch $@

# Once for each state of web/: where the page cannot be built, it says how to get it, and `make` goes on
$(PAGE): $(STAMP) $(shell find web -name node_modules -prune -o -type f -print)
	@$(BIN)/python scripts/page.py build --if-possible
	@touch $@

# Where no GPU is present, pin the torch that the tests ran with and that has a CPU build; a GPU machine gets its own.
CPU_TORCH := $(shell command -v nvidia-smi >/dev/null 2>&1 || echo "-c constraints-cpu.txt")
