# make            both programs, in build/
# make deps       installs everything needed (Debian 12 or newer, as root)
# make check      installs what it needs, then runs every test
# make demo       installs what it needs, then shows the whole thing in a lab
# make lint       formatting, layers, cycles, warnings of both compilers
# make probe-static   a small probe that needs no library, in build-static/
# make deb        Debian packages of both, in build/deb/
# make install    DESTDIR, PREFIX; make uninstall; make clean
# Variables: CC=clang  SAN=address,undefined  (built in build-san/)  V=1 (shows
# the commands)

CC      ?= cc
HOSTCC  ?= cc
CFLAGS  ?= -O2 -g
PREFIX  ?= /usr/local
DESTDIR ?=
VERSION := 0.1.0
LIBEXEC := $(PREFIX)/libexec/catchwater
UNITS := $(PREFIX)/lib/systemd/system

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
	-Wstrict-prototypes -Wmissing-prototypes -Wvla -Wcast-qual -Wformat=2 \
	-Wswitch-enum -Wundef -Werror
# A build folder per compiler and sanitizer, so that they never mix.
B := build$(if $(SAN),-san)$(if $(findstring clang,$(CC)),-clang)
SANFLAGS := $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all)
HARDEN := -fstack-protector-strong $(if $(SAN),,-D_FORTIFY_SOURCE=2)
DEFS := -D_GNU_SOURCE -DCATCHWATER_VERSION='"$(VERSION)"'
Q := $(if $(V),,@)
SAY = @printf '%-3s %s\n'
COMPILE = $(Q)$(CC) -std=c17 $(DEFS) -I. -I$(B) $(WARN) $(SANFLAGS) $(HARDEN) \
	$(CFLAGS) $(CPPFLAGS) -MMD -MP -c -o $@
LINK = $(Q)$(CC) $(SANFLAGS) -Wl,--as-needed $(LDFLAGS) -o $@ \
	$(filter %.o,$^) $(filter %.a,$^) $(LDLIBS)

# A folder is a layer is a static library; main*.c are the programs.
LAYERS := collector probe schema schema/base
objs    = $(patsubst %.c,$(B)/%.o,$(filter-out $(1)/main%,$(wildcard $(1)/*.c)))
libs    = $(foreach l,$(1),$(B)/lib$(notdir $(l)).a)
SOURCES := $(wildcard $(addsuffix /*.c,$(LAYERS)))
PROGRAMS := $(B)/catchwater $(B)/catchwater-probe $(B)/catchwater-upload
UNIT := $(patsubst %.c,$(B)/%,$(wildcard tests/unit/test_*.c tests/sim/test_*.c))
REPLAY := $(patsubst %.c,$(B)/%,$(wildcard tests/fuzz/fuzz_*.c))
BENCH := $(patsubst %.c,$(B)/%,$(wildcard tools/bench.d/*.c))
SIMULATE := $(B)/tools/simulate.d/simulate
SIMULATE_OBJS := $(patsubst %.c,$(B)/%.o,$(filter-out %/main.c, \
	$(wildcard tools/simulate.d/*.c))) $(B)/tests/sim/world.o

SCHEMA_LIBS := -ljansson -lsodium -lzstd # no -lm: see schema/base/power.h
PROBE_LIBS := -luv -lcares -lcap -lmaxminddb $(SCHEMA_LIBS)
UPLOAD_LIBS := -lcurl -lgnutls -lcap -lseccomp $(SCHEMA_LIBS)
COLLECTOR_LIBS := -lsqlite3 -lz -lmicrohttpd -lgnutls -lcurl -lmaxminddb -lconfuse \
	$(SCHEMA_LIBS) -lm -lpthread

all: $(PROGRAMS)

$(B)/catchwater: $(B)/collector/main.o $(call libs,collector schema schema/base)
$(B)/catchwater: LDLIBS = $(COLLECTOR_LIBS)
$(B)/catchwater-probe: $(B)/probe/main.o $(call libs,probe schema schema/base)
$(B)/catchwater-probe: LDLIBS = $(PROBE_LIBS)
$(B)/catchwater-upload: $(B)/probe/main_upload.o \
	$(call libs,probe schema schema/base)
$(B)/catchwater-upload: LDLIBS = $(UPLOAD_LIBS)
$(UNIT) $(REPLAY) $(BENCH): $(B)/%: $(B)/%.o $(call libs,$(LAYERS))
$(B)/tools/bench.d/post: $(B)/tools/simulate.d/client.o
$(SIMULATE): $(B)/tools/simulate.d/main.o $(SIMULATE_OBJS) $(call libs,$(LAYERS))
$(UNIT) $(REPLAY) $(BENCH) $(SIMULATE): LDLIBS = -lcmocka -lseccomp -lpcap $(PROBE_LIBS) $(UPLOAD_LIBS) \
	$(COLLECTOR_LIBS)
$(B)/tests/sim/test_sim: $(addprefix $(B)/tests/sim/,script.o world.o memory.o)
$(B)/tests/sim/test_fleet: $(SIMULATE_OBJS)
$(REPLAY): $(B)/tests/fuzz/replay.o
$(PROGRAMS) $(UNIT) $(REPLAY) $(BENCH) $(SIMULATE):
	@mkdir -p $(@D)
	$(SAY) LD $@
	$(LINK)

$(foreach l,$(LAYERS),$(eval $(call libs,$(l)): $(call objs,$(l))))
$(B)/libschema.a: $(B)/schema/sql_text.o
$(B)/libcollector.a: $(B)/collector/web_files.o
$(B)/lib%.a:
	@mkdir -p $(@D)
	@rm -f $@
	$(SAY) AR $@
	$(Q)$(AR) rcs $@ $^

# The dashboard, in any build folder the same: where npm is, and can fetch what
# package-lock.json names; elsewhere a program without it, and make says so.
WEB := $(wildcard collector/web/*.* collector/web/src/*)
build/web/web_files.c: tools/build-web $(WEB)
	@mkdir -p $(@D)
	$(SAY) WEB $@
	$(Q)tools/build-web $@
$(B)/collector/web_files.o: build/web/web_files.c
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(COMPILE) $<

$(B)/schema/sql_text.o: WARN += -Wno-overlength-strings
$(B)/schema/sql_text.c: tools/embed-sql $(sort $(wildcard schema/sql/*.sql))
	@mkdir -p $(@D)
	$(Q)$^ > $@
# The system call filters are worked out here, so that the programs need not.
$(B)/tools/seccomp-filter: tools/seccomp-filter.c
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)$(HOSTCC) -std=c17 -D_GNU_SOURCE $(WARN) -O1 -o $@ $< -lseccomp
$(B)/probe/sandbox_filter.h: $(B)/tools/seccomp-filter
	@mkdir -p $(@D)
	$(Q)$< "$$($(CC) -dumpmachine)" sandbox > $@
$(B)/collector/confine_filter.h: $(B)/tools/seccomp-filter
	@mkdir -p $(@D)
	$(Q)$< "$$($(CC) -dumpmachine)" confine > $@
$(B)/probe/sandbox.o: $(B)/probe/sandbox_filter.h
$(B)/collector/confine.o: $(B)/collector/confine_filter.h
$(B)/%.o: $(B)/%.c
	$(SAY) CC $<
	$(COMPILE) $<
$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(COMPILE) $<

# What tests/unit/faulty.py asks of a database, and preloads into the collector.
ASK := $(B)/tests/unit/ask
$(ASK): $(B)/tests/unit/ask.o $(call libs,$(LAYERS))
	$(SAY) LD $@
	$(LINK)
$(ASK): LDLIBS = $(COLLECTOR_LIBS)
FAULTY := $(B)/tests/unit/faulty.so
$(FAULTY): $(B)/%.so: %.c
	@mkdir -p $(@D)
	$(SAY) LD $@
	$(Q)$(CC) -std=c17 $(DEFS) -I. $(WARN) $(CFLAGS) -fPIC -shared -o $@ $<

tests: $(UNIT) $(REPLAY) $(BENCH) $(SIMULATE) $(ASK) $(FAULTY)
bench-programs: $(BENCH) $(SIMULATE)
simulate: $(SIMULATE)

# clang's libFuzzer, in a build folder of its own: with ASan and UBSan, and for
# many more executions with UBSan alone.
FUZZ_SAN := fuzzer,address,undefined
FUZZERS := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
$(FUZZERS): $(B)/fuzz/%: $(B)/tests/fuzz/%.o $(call libs,$(LAYERS))
	@mkdir -p $(@D)
	$(CC) -fsanitize=$(FUZZ_SAN) -Wl,--as-needed -o $@ \
	    $(filter %.o %.a,$^) $(PROBE_LIBS) $(UPLOAD_LIBS) $(COLLECTOR_LIBS)
fuzzers: $(FUZZERS)
fuzz:
	$(MAKE) CC=clang SAN=fuzzer-no-link,address,undefined B=build-fuzz \
	    CFLAGS='-g -O1' fuzzers
fuzz-light:
	$(MAKE) CC=clang SAN=fuzzer-no-link,undefined B=build-fuzz-light \
	    CFLAGS='-g -O2 -fno-sanitize-coverage=trace-cmp' \
	    FUZZ_SAN=fuzzer,undefined fuzzers

# One file for small boxes: README.md, "Small boxes".  A library under its
# other name: make probe-static STATIC_LIBS='...'.
STATIC_LIBS := $(patsubst -luv,-luv_a,$(PROBE_LIBS))
STATIC_CFLAGS := -Os -ffunction-sections -fdata-sections -fPIE \
	-fno-asynchronous-unwind-tables
STATIC_LDFLAGS := -static-pie -s -Wl,--gc-sections -Wl,--build-id=none
$(B)/catchwater-probe-static: $(B)/probe/main.o $(B)/probe/main_static.o \
	$(call libs,probe schema schema/base)
	$(SAY) LD $@
	$(LINK)
$(B)/catchwater-probe-static: LDLIBS = $(STATIC_LIBS)
probe-static:
	$(MAKE) B=build-static CFLAGS='$(STATIC_CFLAGS)' \
	    CPPFLAGS=-DCATCHWATER_SMALL LDFLAGS='$(STATIC_LDFLAGS)' \
	    build-static/catchwater-probe-static
	@ls -l build-static/catchwater-probe-static

deps:
	tools/install-deps

# Everything, on a fresh machine too.  The steps are tools/check's.
check: deps
	$(MAKE) all tests
	tools/check

check-%: all tests
	tools/check $*

demo: deps
	$(MAKE) all
	tools/demo

lint:
	tools/lint

deb:
	tools/debian/build $(VERSION) build/deb

MAN := probe/catchwater-probe.1 collector/catchwater.1 \
	collector/catchwater.conf.5
SHELLS := bash-completion/completions zsh/vendor-completions \
	fish/vendor_completions.d
install: all
	install -d $(addprefix $(DESTDIR)$(PREFIX)/share/,$(SHELLS))
	for p in catchwater catchwater-probe; do \
	    install -m 644 tools/completion/catchwater.bash \
	        $(DESTDIR)$(PREFIX)/share/bash-completion/completions/$$p && \
	    install -m 644 tools/completion/catchwater.fish \
	        $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/$$p.fish && \
	    install -m 644 tools/completion/_catchwater \
	        $(DESTDIR)$(PREFIX)/share/zsh/vendor-completions/_$$p \
	        || exit 1; done
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(LIBEXEC) \
	    $(DESTDIR)$(PREFIX)/share/man/man1 \
	    $(DESTDIR)$(PREFIX)/share/man/man5 \
	    $(DESTDIR)$(PREFIX)/share/doc/catchwater \
	    $(DESTDIR)$(PREFIX)/share/catchwater/services
	install -m 755 $(B)/catchwater $(B)/catchwater-probe \
	    $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(B)/catchwater-upload $(DESTDIR)$(LIBEXEC)
	install -m 644 $(filter %.1,$(MAN)) $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 $(filter %.5,$(MAN)) $(DESTDIR)$(PREFIX)/share/man/man5
	install -m 644 README.md LICENSE collector/catchwater.conf.example \
	    $(DESTDIR)$(PREFIX)/share/doc/catchwater
	install -m 644 schema/services/*.conf \
	    $(DESTDIR)$(PREFIX)/share/catchwater/services

	install -d $(DESTDIR)$(UNITS) $(DESTDIR)$(PREFIX)/lib/sysusers.d \
	    $(DESTDIR)$(PREFIX)/lib/tmpfiles.d
	for u in tools/systemd/*.service; do \
	    sed 's#/usr/local/#$(PREFIX)/#' "$$u" > \
	        $(DESTDIR)$(UNITS)/"$$(basename "$$u")" || exit 1; done
	for d in sysusers tmpfiles; do for p in catchwater catchwater-probe; do \
	    install -m 644 tools/systemd/$$p.$$d \
	        $(DESTDIR)$(PREFIX)/lib/$$d.d/$$p.conf || exit 1; done; done

uninstall:
	rm -f $(foreach p,catchwater catchwater-probe, \
	    $(DESTDIR)$(PREFIX)/share/bash-completion/completions/$p \
	    $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/$p.fish \
	    $(DESTDIR)$(PREFIX)/share/zsh/vendor-completions/_$p)
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/bin/,catchwater catchwater-probe)
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/share/man/man1/, \
	    catchwater.1 catchwater-probe.1)
	rm -f $(DESTDIR)$(PREFIX)/share/man/man5/catchwater.conf.5
	rm -rf $(DESTDIR)$(LIBEXEC) $(DESTDIR)$(PREFIX)/share/doc/catchwater \
	    $(DESTDIR)$(PREFIX)/share/catchwater
	rm -f $(foreach d,sysusers tmpfiles,$(foreach p,catchwater catchwater-probe, \
	    $(DESTDIR)$(PREFIX)/lib/$(d).d/$(p).conf))
	rm -f $(patsubst tools/systemd/%,$(DESTDIR)$(UNITS)/%, \
	    $(wildcard tools/systemd/*.service))

clean:
	rm -rf build build-san build-clang build-san-clang build-fuzz \
	    build-fuzz-light build-tsan build-static

-include $(shell find $(B) -type f -name '*.d' 2>/dev/null)
.PHONY: all tests bench-programs simulate deps check demo lint fuzz fuzz-light fuzzers \
	probe-static deb \
	install uninstall clean
.DELETE_ON_ERROR:
.SECONDARY:
