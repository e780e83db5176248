# make            build switchd, vde_switch and switchctl      make SAN=address,undefined   instrumented
# make check      style, unit, property, fuzz, system tests    make check T='a megaflow*'   unit tests by name
# make demo       two virtual machines on one switch           make bench                   beside the real vde_switch
# make packages   install what building and testing need       make install PREFIX=/usr DESTDIR=pkg

PREFIX   ?= /usr/local
CXX      := $(if $(filter default,$(origin CXX)),g++,$(CXX))
CXXFLAGS ?= -O2 -g
WARN     ?= -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror # packagers: make WARN=
override CXXFLAGS += -std=c++23 -I. -MMD -MP $(WARN)
LDLIBS   := -luring -lfmt -lboost_program_options

ifdef SAN
# -Wno-maybe-uninitialized: false alarms of g++ 12 under instrumentation (gcc PR 105616)
override CXXFLAGS += -fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer -Wno-maybe-uninitialized
endif
comma := ,
O := build/$(if $(SAN),$(subst $(comma),-,$(SAN)),release)

# The rooms, lowest rank first. A source file belongs to the room it lies in.
ROOMS := switchd/core flows flows/openflow tap vde-compat switchd/links switchd
SRC   := $(foreach r,$(ROOMS),$(wildcard $r/*.cpp))
MAINS := $(wildcard switchd/*_main.cpp)
BIN   := $(MAINS:switchd/%_main.cpp=$O/%)
obj    = $(patsubst %.cpp,$O/obj/%.o,$1)
PARTS := $(call obj,$(filter-out $(MAINS),$(SRC)))

# One test program per room, linked with nothing above its rank: that the rooms stand alone is tested by linking.
room_objects = $(call obj,$(filter-out $(MAINS),$(wildcard $1/*.cpp)))
UNITS := core flows openflow tap vde-compat links switchd
unit_sources = $(wildcard tests/$(if $(filter openflow,$1),flows/)$1/*.cpp)
SUPPORT := $(wildcard tests/support/*.cpp)
UNIT_BIN := $(foreach u,$(UNITS),$(if $(call unit_sources,$u),$O/test-$u))

all: $(BIN)

$(BIN): $O/%: $O/obj/switchd/%_main.o $(PARTS)
$(BIN) $O/test-switchd: LDLIBS += -lssl -lcrypto -lslirp -lglib-2.0
$O/test-links: LDLIBS += -lslirp -lglib-2.0
$O/obj/switchd/links/nat_endpoint.o: private CPPFLAGS += $(shell pkg-config --cflags glib-2.0)
$O/test-core: $(call room_objects,switchd/core)
$O/test-switchd: $(PARTS)
$(filter-out $O/test-core $O/test-switchd,$(UNIT_BIN)): $O/test-%: $(call room_objects,switchd/core)
$O/test-openflow: $(call room_objects,flows) $(call room_objects,flows/openflow)
define unit_rule
$O/test-$1: $(call obj,$(call unit_sources,$1) $(SUPPORT)) $(if $(filter-out core switchd,$1),$(call room_objects,$(if $(filter links,$1),switchd/)$1))
endef
$(foreach u,$(UNITS),$(eval $(call unit_rule,$u)))
$(BIN) $(UNIT_BIN):
	@echo "  LD   $@"
	@$(CXX) $(CXXFLAGS) $(LDFLAGS) $(sort $^) $(LDLIBS) -o $@

# Other flags, other objects.
$O/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CXX) $(CPPFLAGS) $(CXXFLAGS)' | cmp -s - $@ || echo '$(CXX) $(CPPFLAGS) $(CXXFLAGS)' >$@
$O/obj/%.o: %.cpp $O/flags
	@mkdir -p $(@D)
	@echo "  CXX  $<"
	@$(CXX) $(CPPFLAGS) $(CXXFLAGS) -c $< -o $@

units: $(UNIT_BIN)

# Fuzz targets: clang's, because libFuzzer is; with what it needs to read g++ 12's library as C++23.
FUZZ     := $(patsubst tests/fuzz/%_fuzz.cpp,%,$(wildcard tests/fuzz/*_fuzz.cpp))
FUZZCXX  ?= clang++-16 -std=c++2b -D__cpp_concepts=202002L -Wno-macro-redefined -I. -MMD -MP \
            -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZ_SECONDS ?= 20
fobj      = $(patsubst %.cpp,build/fuzz/obj/%.o,$1)
FUZZ_BIN := $(FUZZ:%=build/fuzz/%)
FUZZ_SRC := $(wildcard switchd/core/*.cpp flows/*.cpp flows/openflow/*.cpp vde-compat/*.cpp) \
            switchd/json_stream.cpp

build/fuzz/obj/%.o: %.cpp
	@mkdir -p $(@D)
	@echo "  FUZZ $<"
	@$(FUZZCXX) -fsanitize=fuzzer-no-link -c $< -o $@
build/fuzz/rooms.a: $(call fobj,$(FUZZ_SRC))
	@rm -f $@
	@ar rc $@ $^
$(FUZZ_BIN): build/fuzz/%: build/fuzz/obj/tests/fuzz/%_fuzz.o build/fuzz/rooms.a
	@echo "  LD   $@"
	@$(FUZZCXX) -fsanitize=fuzzer $^ $(LDLIBS) -o $@

fuzz: $(FUZZ_BIN)

guest:
	@tests/support/guest/build.sh build/guest

# Packages: all of them from Debian's own archive, and nothing is asked of it when none is missing.
PACKAGES := $(shell sed 's/\#.*//' packages.txt)
SUDO     := $(if $(filter-out 0,$(shell id -u)),sudo)
packages:
	@missing=$$(for p in $(PACKAGES); do \
	    dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q ' installed$$' || echo $$p; done); \
	if [ -n "$$missing" ]; then \
	    echo "  APT " $$missing; \
	    $(SUDO) apt-get -q update && \
	    $(SUDO) env DEBIAN_FRONTEND=noninteractive \
	        apt-get -q install -y --no-install-recommends $$missing; \
	elif ! apt-cache show linux-image-cloud-amd64 >/dev/null 2>&1; then \
	    $(SUDO) apt-get -q update; \
	fi # the guests' kernel is only downloaded, which needs the lists

# Every part is run and says how many of its cases passed, whatever became of the parts before it.
PARTS_OF_CHECK := $(if $T,check-units,check-style check-units check-fuzz check-system)
parallel = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))
check: packages
	@status=0; for part in $(PARTS_OF_CHECK); do \
	    $(MAKE) --no-print-directory $(parallel) $$part || status=1; done; exit $$status
check-style:
	@tests/style_check.sh
check-units:
	@status=0; $(MAKE) --no-print-directory -k units || status=1; \
	for t in $(UNIT_BIN); do echo "  RUN  $$t"; $$t $(if $T,"$T") || status=1; done; exit $$status
# Properties, tables beside Open vSwitch's and fuzzing, with new seeds again and again; stops at the
# first that fails, and says its seed.
SOAK_SECONDS ?= 600
SOAK_TABLES  ?= 20
soak: all fuzz $O/test-flows $O/test-openflow
	@end=$$(($$(date +%s) + $(SOAK_SECONDS))); while [ $$(date +%s) -lt $$end ]; do \
	    $O/test-flows "[property]" && $O/test-openflow "[property]" && \
	    $(SUDO) env DIFFERENTIAL_TABLES=$(SOAK_TABLES) $(SYSTEM_TESTS) -x tests/system/test_differential.py && \
	    tests/fuzz/run.sh $(FUZZ_SECONDS) $(FUZZ) || exit 1; done
check-fuzz: fuzz
	@tests/fuzz/run.sh $(FUZZ_SECONDS) $(FUZZ)
SYSTEM_TESTS := /usr/bin/python3 -B -m pytest -q -p no:cacheprovider
check-system: all
	@$(SUDO) $(SYSTEM_TESTS) tests/system
check-sanitized: packages
	@$(MAKE) --no-print-directory $(parallel) SAN=address,undefined check-units

demo: packages
	@$(MAKE) --no-print-directory $(parallel) all guest
	@examples/two-vms.sh

# Beside the real vde_switch, then the engine's parts alone.
BENCH_BIN := $(patsubst tests/bench/%.cpp,$O/bench/%,$(wildcard tests/bench/*.cpp))
$(BENCH_BIN): $O/bench/%: $O/obj/tests/bench/%.o
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CXX) $(CXXFLAGS) $(LDFLAGS) $^ $(LDLIBS) -o $@
bench-programs: $(BENCH_BIN)
bench: packages
	@$(MAKE) --no-print-directory $(parallel) all bench-programs guest $O/test-flows
	@/usr/bin/python3 -B tests/bench/run.py
	@/usr/bin/python3 -B tests/bench/open_table.py
	@$O/test-flows "[!benchmark]"

install: all
	install -Dm755 -t $(DESTDIR)$(PREFIX)/bin $O/switchd $O/vde_switch $O/switchctl
	install -Dm644 -t $(DESTDIR)$(PREFIX)/share/man/man1 man/*.1
	install -Dm644 -t $(DESTDIR)$(PREFIX)/share/man/man7 man/*.7
	install -Dm644 -t $(DESTDIR)$(PREFIX)/share/man/man8 man/*.8
	install -Dm644 -t $(DESTDIR)$(PREFIX)/share/bash-completion/completions completions/switchctl
	ln -sf switchctl $(DESTDIR)$(PREFIX)/share/bash-completion/completions/switchd

clean:
	rm -rf build

.PHONY: all units fuzz soak guest packages check check-style check-units check-fuzz check-system \
        check-sanitized demo bench bench-programs install clean FORCE
-include $(patsubst %.o,%.d,$(call obj,$(SRC) $(SUPPORT) $(foreach u,$(UNITS),$(call unit_sources,$u))) \
    $(call fobj,$(FUZZ_SRC) $(wildcard tests/fuzz/*.cpp)) $(call obj,$(wildcard tests/bench/*.cpp)))
