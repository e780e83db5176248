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
ROOMS := switchd/core flows tap vde-compat switchd
SRC   := $(foreach r,$(ROOMS),$(wildcard $r/*.cpp))
MAINS := $(wildcard switchd/*_main.cpp)
BIN   := $(MAINS:switchd/%_main.cpp=$O/%)
obj    = $(patsubst %.cpp,$O/obj/%.o,$1)
PARTS := $(call obj,$(filter-out $(MAINS),$(SRC)))

# One test program per room, linked with nothing above its rank: that the rooms stand alone is tested by linking.
room_objects = $(call obj,$(filter-out $(MAINS),$(wildcard $1/*.cpp)))
UNITS := core flows tap vde-compat switchd
unit_sources = $(wildcard tests/$1/*.cpp)
SUPPORT := $(wildcard tests/support/*.cpp)
UNIT_BIN := $(foreach u,$(UNITS),$(if $(call unit_sources,$u),$O/test-$u))

all: $(BIN)

$(BIN): $O/%: $O/obj/switchd/%_main.o $(PARTS)
$O/test-core: $(call room_objects,switchd/core)
$O/test-switchd: $(PARTS)
$(filter-out $O/test-core $O/test-switchd,$(UNIT_BIN)): $O/test-%: $(call room_objects,switchd/core)
define unit_rule
$O/test-$1: $(call obj,$(call unit_sources,$1) $(SUPPORT)) $(if $(filter-out core switchd,$1),$(call room_objects,$1))
endef
$(foreach u,$(UNITS),$(eval $(call unit_rule,$u)))
$(BIN) $(UNIT_BIN):
	@echo "  LD   $@"
	@$(CXX) $(CXXFLAGS) $(LDFLAGS) $(sort $^) $(LDLIBS) -o $@

$O/obj/%.o: %.cpp Makefile
	@mkdir -p $(@D)
	@echo "  CXX  $<"
	@$(CXX) $(CPPFLAGS) $(CXXFLAGS) -c $< -o $@

units: $(UNIT_BIN)

clean:
	rm -rf build

.PHONY: all units clean
-include $(patsubst %.o,%.d,$(call obj,$(SRC) $(SUPPORT) $(foreach u,$(UNITS),$(call unit_sources,$u))))
