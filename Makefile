# make demo and make test set up everything they need by themselves; the second time that takes no time.

BIN := .venv/bin
# Of all pictures those that are shown in the repository.
SHOWN := matched matched-light matched-1280x800 matched-150 similar slots-by-hand parts marked keyboard scanning failed-files empty
export PYTHONUNBUFFERED := 1

.PHONY: help setup demo test lint screenshots bench soak bundle deb check-deb appimage wheel lock clean

help:
	@echo "make demo         render a library and a song of our own, scan, match, open the window"
	@echo "make test         linters, types, import contracts, tests"
	@echo "make setup        system libraries, uv, the virtual environment (part of all the others)"
	@echo "make lint         linters, types and import contracts alone"
	@echo "make screenshots  pictures of the real window: every state, theme and size in build/screenshots"
	@echo "make bench        rates and times, measured"
	@echo "make soak         a hundred losses of power, a day of use: what takes too long for make test"
	@echo "make bundle       the desktop program in dist/, tried where nothing of the project is (FLAVOUR=cuda: with CUDA)"
	@echo "make deb          a Debian package of it; make appimage: an AppImage, with appimagetool; make wheel: a wheel"
	@echo "make check-deb    install the Debian package in a bare system and try it there (as root, with debootstrap)"
	@echo "make lock         choose the versions in requirements.lock anew from pyproject.toml"
	@echo "make clean        remove caches and build folders, keep .venv"

setup:
	@packaging/bootstrap.sh

demo: setup
	@$(BIN)/earshot demo --directory demo

lint: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	@packaging/bootstrap.sh tests
	@# What loadfile still owes a worker that crashed it would wait for without end, were another to take its place.
	QT_QPA_PLATFORM=offscreen $(BIN)/pytest -n 2 --dist loadfile --max-worker-restart 0

screenshots: setup
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m app.screenshots build/screenshots --every-way
	rm -f resources/screenshots/*.png
	cp $(SHOWN:%=build/screenshots/%.png) resources/screenshots/
	$(BIN)/python packaging/flow_gif.py resources/screenshots/flow.gif

bench: setup
	QT_QPA_PLATFORM=offscreen $(BIN)/pytest -s -m benchmark tests/benchmarks

soak: setup
	QT_QPA_PLATFORM=offscreen $(BIN)/pytest -s -m soak tests/soak

FLAVOUR ?= cpu

bundle: setup
	QT_QPA_PLATFORM=offscreen $(BIN)/python packaging/bundle.py --flavour $(FLAVOUR)
	QT_QPA_PLATFORM=offscreen $(BIN)/python packaging/check_bundle.py dist/$(FLAVOUR)/earshot

deb: setup
	QT_QPA_PLATFORM=offscreen $(BIN)/python packaging/linux/build_deb.py

check-deb: setup
	QT_QPA_PLATFORM=offscreen $(BIN)/python packaging/linux/check_deb.py

appimage: setup
	packaging/linux/appimage.sh

wheel: setup
	$(BIN)/python -m build --wheel --outdir dist

lock: setup
	$$(packaging/bootstrap.sh uv) pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
		--extra train --extra dev --extra packaging --python-version 3.11 pyproject.toml --output-file requirements.lock

clean:
	rm -rf build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find app engine tests -name __pycache__ -prune -exec rm -rf {} +
