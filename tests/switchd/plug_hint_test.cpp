#include "switchd/plug_hint.h"

#include "tests/support/catch.h"

using switchd::plug_hint;

TEST_CASE("the line that plugs a machine in gives it a MAC address of its own", "[plug_hint]") {
    const std::string first = plug_hint("/run/switchd/br0");
    CHECK_THAT(first, Catch::StartsWith("-nic vde,sock=/run/switchd/br0,mac=52:54:00:"));
    CHECK(first.size() ==
          std::string("-nic vde,sock=/run/switchd/br0,mac=52:54:00:11:22:33").size());
    CHECK(first != plug_hint("/run/switchd/br0"));
}

TEST_CASE("a directory with odd characters still works in a shell and in QEMU", "[plug_hint]") {
    CHECK_THAT(plug_hint("/a,b"), Catch::StartsWith("-nic vde,sock=/a,,b,mac="));
    CHECK_THAT(plug_hint("/a b"), Catch::StartsWith("-nic 'vde,sock=/a b,mac="));
    CHECK_THAT(plug_hint("/it's"), Catch::StartsWith("-nic 'vde,sock=/it'\\''s,mac="));
}
