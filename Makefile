# Builds, tests and installs Spillway: see Docs/Installing.md.
#   make, make test, make install, make uninstall
# PREFIX is where it is used from, DESTDIR what that stands below while it is packed, PROGRAM what is installed.
PREFIX ?= /usr/local
DESTDIR ?=
PROGRAM ?= .build/release/spillway

.PHONY: all test install uninstall

all:
	swift build -c release --product spillway

test:
	swift test

$(PROGRAM):
	swift build -c release --product spillway

install: $(PROGRAM)
	Tools/install-files install "$(PROGRAM)" "$(DESTDIR)$(PREFIX)"

uninstall:
	Tools/install-files uninstall "$(PROGRAM)" "$(DESTDIR)$(PREFIX)"
