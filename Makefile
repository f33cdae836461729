# Two commands do everything: `make demo` shows Skiff at work on the committed fixtures, `make test` proves it.

SWIFT ?= swift
CONFIGURATION ?= release
BUILD = .build/$(CONFIGURATION)
SKIFF = $(BUILD)/skiff

.PHONY: all build demo test check docs install clean packages help

all: build

help:
	@echo 'make demo      install what is missing, build, convert, verify, inspect, classify and time with the fixtures'
	@echo 'make test      build and run all tests and the architecture checks'
	@echo 'make build     build the command at $(SKIFF)'
	@echo 'make install   copy the command to $$PREFIX/bin (PREFIX=/usr/local)'
	@echo 'make docs      regenerate the generated parts of README.md and Docs'
	@echo 'make check     the architecture checks alone'

packages:
	@sh Tests/install-packages.sh

build: packages
	$(SWIFT) build -c $(CONFIGURATION) --product skiff

demo: build
	@sh Tests/demo.sh $(SKIFF)

check:
	@sh Tests/check-architecture.sh

# Tests run optimised, since the evaluator's loops are what they wait for, and see internal declarations; that is
# another build than the product's, so it has a folder of its own.
TESTING = --scratch-path .build/testing -c release -Xswiftc -enable-testing

test: packages check
	$(SWIFT) build $(TESTING) --build-tests
	$(SWIFT) test $(TESTING) --skip-build

docs: build
	$(SKIFF) generate-documentation README.md Docs
	sh Tests/update-readme.sh $(SKIFF)

PREFIX ?= /usr/local
install: build
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(SKIFF) $(DESTDIR)$(PREFIX)/bin/skiff

clean:
	$(SWIFT) package clean
