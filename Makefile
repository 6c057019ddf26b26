# Everything here needs Python 3.11 and a network for PyPI, nothing else.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
READY = $(VENV)/.ready
PIP = $(BIN)/pip install --disable-pip-version-check
LOG = $(VENV)/install.log

.PHONY: demo test check install words pictures reasons bench bench-quick torture torture-quick fuzz explore clean

# On a terminal it ends with its pages, which stay until Ctrl-C.
demo: $(READY)
	@if [ -t 0 ] && [ -t 1 ]; then $(BIN)/replygate demo --serve; else $(BIN)/replygate demo; fi

test: $(READY)
	$(BIN)/pytest -n auto

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/interrogate gateway
	$(BIN)/pytest -n auto --cov --cov-report= --cov-fail-under=90
	$(BIN)/coverage report --fail-under=99 --include='gateway/model/*,gateway/mail/*,gateway/rules/*'
	$(MAKE) --no-print-directory torture-quick

# 2,000 kills, memory over a hundred thousand letters, and an hour of mixed load with faults.
torture: $(READY)
	$(BIN)/python -m tests.torture --kills 2000 --steady 100000 --soak 3600 --readme README.md

# 100 kills and fifteen seconds of that load, about a minute.
torture-quick: $(READY)
	$(BIN)/python -m tests.torture --kills 100 --soak 15

# Five minutes of mutated input for each of messages, copies, configuration, milter and SMTP, and five
# of input that is guided by what the code did with it. REPLYGATE_MAIL names mail to begin with.
fuzz: $(READY)
	$(BIN)/python -m tests.fuzz --seconds 300 $(REPLYGATE_MAIL)
	@$(PIP) --group fuzz >$(LOG) 2>&1 || { cat $(LOG); exit 1; }
	$(BIN)/python -m tests.guided --seconds 300 $(REPLYGATE_MAIL)

# By root: the program in /opt, its configuration unless there is one, and the units of systemd.
install:
	$(PYTHON) -m venv $(DESTDIR)/opt/replygate
	$(DESTDIR)/opt/replygate/bin/pip install --quiet --disable-pip-version-check '.[fast]'
	install -d $(DESTDIR)/usr/bin $(DESTDIR)/etc/replygate
	install -d -m 0700 $(DESTDIR)/etc/replygate/credentials
	ln -sf /opt/replygate/bin/replygate $(DESTDIR)/usr/bin/replygate
	install -D -m 0644 -t $(DESTDIR)/etc/systemd/system systemd/*
	[ -e $(DESTDIR)/etc/replygate/replygate.toml ] || \
	install -m 0644 conf/replygate.toml $(DESTDIR)/etc/replygate

# What people read, in other languages: collects it from the code, and compiles the catalogues.
words: $(READY)
	$(BIN)/python -m tests.words.extract

# Ten minutes of calls of the API, made from its description: no 5xx, nothing undescribed.
explore: $(READY)
	REPLYGATE_EXPLORE_S=600 $(BIN)/pytest -n 0 -q tests/web/api/test_described.py

# The pictures of the README, from the demo; needs a Chromium.
pictures: $(READY)
	$(BIN)/python -m tests.web.pictures

reasons: $(READY)
	$(BIN)/python -m tests.reasons README.md

# The gateway beside others; then Postfix with milters, by root.
bench: $(READY)
	$(BIN)/python -m tests.bench.compare --charts tests/bench/charts; compared=$$?; \
	$(BIN)/python -m tests.bench.milters && exit $$compared

# One round and few messages, in about two minutes.
bench-quick: $(READY)
	$(BIN)/python -m tests.bench.compare --quick

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Replygate needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Call: make PYTHON=python3.11 …" if sys.version_info < (3, 11) else 0)'
	@echo "Building the environment in $(VENV) (once, about a minute) …"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) --upgrade 'pip>=25.1' >$(LOG) 2>&1 || { cat $(LOG); exit 1; }
	@$(PIP) --editable '.[fast]' --group dev >$(LOG) 2>&1 || { cat $(LOG); exit 1; }
	@touch $@

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage*
