# Two commands do everything: `make demo` shows Skiff at work on the committed fixtures, `make test` proves it.

SWIFT ?= swift
CONFIGURATION ?= release
BUILD = .build/$(CONFIGURATION)
SKIFF = $(BUILD)/skiff

.PHONY: all build demo test mutants check sanitize sanitize-threads throughput docs install clean packages help

all: build

help:
	@echo 'make demo      install what is missing, build, convert, verify, inspect, classify and time with the fixtures'
	@echo 'make test      build and run all tests and the architecture checks'
	@echo 'make mutants   what the verifier says of hundreds of mistakes made on purpose, as a table'
	@echo 'make sanitize  kernels and codec under AddressSanitizer; sanitize-threads: the engine under ThreadSanitizer'
	@echo 'make build     build the command at $(SKIFF)'
	@echo 'make install   the command, its manual pages and completions, to $$PREFIX (PREFIX=/usr/local)'
	@echo 'make docs      regenerate the generated parts of README.md and Docs'
	@echo 'make check     the architecture checks alone'

packages:
	@sh Tests/install-packages.sh

# With Swift's own libraries in it the command starts sooner, and runs where no Swift is. macOS has them in the system.
STATIC = $(if $(filter Linux,$(shell uname -s)),--static-swift-stdlib)

build: packages
	$(SWIFT) build -c $(CONFIGURATION) $(STATIC) --product skiff

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
	@if python3 -c 'import numpy' 2>/dev/null; then python3 Tests/reader.py .build/testing/release/skiff; \
	    else echo 'reader: not tested, there is no python3 with numpy'; fi
	@if python3 -c '' 2>/dev/null; then python3 Tests/terminal.py .build/testing/release/skiff; \
	    else echo 'terminal: not tested, there is no python3'; fi
	@if python3 Tests/browser/page.py --found 2>/dev/null; then \
	    python3 Tests/browser/page.py .build/testing/release/skiff \
	    && python3 Tests/browser/network.py .build/testing/release/skiff; \
	    else echo 'browser: not tested, there is no python3 or no chromium'; fi

# All mutants of Tests/SkiffMutantTests, of which `make test` runs some of each kind: the table, and what was missed.
MUTANTS = $(CURDIR)/.build/mutants
mutants: packages
	$(SWIFT) build $(TESTING) --build-tests
	@mkdir -p $(MUTANTS)
	SKIFF_MUTANTS=$(MUTANTS) $(SWIFT) test $(TESTING) --skip-build --filter SkiffMutantTests >$(MUTANTS)/log 2>&1; \
	    status=$$?; cat $(MUTANTS)/table.md; echo 'missed: $(MUTANTS)/misses.md'; exit $$status

# The kernels and the codec alone under the address and undefined-behaviour sanitizers: clang, a C program and no Swift. Swift's own
# clang is the one that has the sanitizers beside it.
SANITIZE_CC ?= clang
SANITIZED = .build/sanitized
sanitize:
	@mkdir -p $(SANITIZED)
	$(SANITIZE_CC) -std=gnu11 -O1 -g -Wall -Wextra -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	    $(SANITIZE_FLAGS) Sources/CSkiffKernels/dispatch.c Sources/CSkiffKernels/*/f*.c Tests/Kernels/kernels.c \
	    -lm -o $(SANITIZED)/kernels
	$(SANITIZED)/kernels
	$(SANITIZE_CC) -std=gnu11 -O1 -g -Wall -Wextra -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	    $(SANITIZE_FLAGS) Sources/CSkiffCodec/*.c Sources/CSkiffCodec/*/lanes.c Tests/Codec/codec.c \
	    -o $(SANITIZED)/codec
	$(SANITIZED)/codec

# The engine's tests under the thread sanitizer: another build once more.
sanitize-threads: packages
	$(SWIFT) test --scratch-path .build/threads --sanitize=thread --filter SkiffEngineTests

# What Tests/Benchmarks/sizes.py measures the codec with.
throughput:
	@mkdir -p .build
	$(SANITIZE_CC) -std=gnu11 -O2 -Wall -Wextra Sources/CSkiffCodec/*.c Sources/CSkiffCodec/*/lanes.c \
	    Tests/Codec/throughput.c -lpthread -o .build/throughput

docs: build
	$(SKIFF) generate-documentation README.md Docs
	sh Tests/update-readme.sh $(SKIFF)
	$(SWIFT) build $(TESTING) --build-tests
	SKIFF_UPDATE_DOCUMENTS=1 $(SWIFT) test $(TESTING) --skip-build --filter DocumentedCommandTests

PREFIX ?= /usr/local
SHARE = $(DESTDIR)$(PREFIX)/share
install: build
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(SKIFF) $(DESTDIR)$(PREFIX)/bin/skiff
	install -d $(SHARE)/man/man1 $(SHARE)/bash-completion/completions $(SHARE)/zsh/site-functions \
	    $(SHARE)/fish/vendor_completions.d
	$(SKIFF) generate-documentation --quiet --man $(SHARE)/man/man1
	$(SKIFF) --generate-completion-script bash >$(SHARE)/bash-completion/completions/skiff
	$(SKIFF) --generate-completion-script zsh >$(SHARE)/zsh/site-functions/_skiff
	$(SKIFF) --generate-completion-script fish >$(SHARE)/fish/vendor_completions.d/skiff.fish

clean:
	$(SWIFT) package clean
