# make            both programs, in build/
# make deps       installs everything needed (Debian 12 or newer, as root)
# make check      installs what it needs, then runs every test
# make demo       installs what it needs, then shows the whole thing in a lab
# make lint       formatting, layers, cycles, warnings of both compilers
# make install    DESTDIR, PREFIX; make uninstall; make clean
# Variables: CC=clang  SAN=address,undefined  (built in build-san/)

CC      ?= cc
CFLAGS  ?= -O2 -g
PREFIX  ?= /usr/local
DESTDIR ?=
VERSION := 0.1.0
LIBEXEC := $(PREFIX)/libexec/catchwater

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
	-Wstrict-prototypes -Wmissing-prototypes -Wvla -Wcast-qual -Wformat=2 \
	-Wswitch-enum -Wundef -Werror
# A build folder per compiler and sanitizer, so that they never mix.
B := build$(if $(SAN),-san)$(if $(findstring clang,$(CC)),-clang)
SANFLAGS := $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all)
HARDEN := -fstack-protector-strong $(if $(SAN),,-D_FORTIFY_SOURCE=2)
DEFS := -D_GNU_SOURCE -DCATCHWATER_VERSION='"$(VERSION)"' \
	-DCATCHWATER_LIBEXEC='"$(LIBEXEC)"'
COMPILE = $(CC) -std=c17 $(DEFS) -I. -I$(B) $(WARN) $(SANFLAGS) $(HARDEN) \
	$(CFLAGS) $(CPPFLAGS) -MMD -MP -c -o $@
LINK = $(CC) $(SANFLAGS) -Wl,--as-needed $(LDFLAGS) -o $@ \
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

SCHEMA_LIBS := -ljansson -lsodium -lzstd
PROBE_LIBS := -luv -lcares -lcap -lseccomp $(SCHEMA_LIBS)
UPLOAD_LIBS := -lcurl $(SCHEMA_LIBS)
COLLECTOR_LIBS := -lsqlite3 -lmicrohttpd -lcurl -lmaxminddb -lconfuse \
	$(SCHEMA_LIBS) -lpthread -lm

all: $(PROGRAMS)

$(B)/catchwater: $(B)/collector/main.o $(call libs,collector schema schema/base)
$(B)/catchwater: LDLIBS = $(COLLECTOR_LIBS)
$(B)/catchwater-probe: $(B)/probe/main.o $(call libs,probe schema schema/base)
$(B)/catchwater-probe: LDLIBS = $(PROBE_LIBS)
$(B)/catchwater-upload: $(B)/probe/main_upload.o \
	$(call libs,probe schema schema/base)
$(B)/catchwater-upload: LDLIBS = $(UPLOAD_LIBS)
$(UNIT) $(REPLAY) $(BENCH): $(B)/%: $(B)/%.o $(call libs,$(LAYERS))
$(UNIT) $(REPLAY) $(BENCH): LDLIBS = -lcmocka $(PROBE_LIBS) $(UPLOAD_LIBS) \
	$(COLLECTOR_LIBS)
$(B)/tests/sim/test_sim: $(addprefix $(B)/tests/sim/,script.o world.o memory.o)
$(REPLAY): $(B)/tests/fuzz/replay.o
$(PROGRAMS) $(UNIT) $(REPLAY) $(BENCH):
	@mkdir -p $(@D)
	$(LINK)

$(foreach l,$(LAYERS),$(eval $(call libs,$(l)): $(call objs,$(l))))
$(B)/libschema.a: $(B)/schema/sql_text.o
$(B)/lib%.a:
	@mkdir -p $(@D)
	@rm -f $@
	$(AR) rcs $@ $^

$(B)/schema/sql_text.c: tools/embed-sql $(sort $(wildcard schema/sql/*.sql))
	@mkdir -p $(@D)
	$^ > $@
$(B)/%.o: $(B)/%.c
	$(COMPILE) $<
$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(COMPILE) $<

deps:
	tools/install-deps

-include $(shell find $(B) -name '*.d' 2>/dev/null)
.PHONY: all deps check check-unit check-fuzz check-lab demo lint fuzz install \
	uninstall clean
.DELETE_ON_ERROR:
.SECONDARY:
