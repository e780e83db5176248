#include "switchd/port_spec.h"

#include <random>

#include "switchd/port_types.h"
#include "tests/support/catch.h"

using namespace switchd;

TEST_CASE("a port is told by its type and keys, in any order", "[port_spec]") {
    const auto spec = parse_port_spec("name=vm1,type=tap,ifname=a,,b=c");
    REQUIRE(spec);
    CHECK(spec->type == "tap");
    CHECK(*spec->find("name") == "vm1");
    CHECK(*spec->find("ifname") == "a,b=c");
    CHECK(spec->find("type") == nullptr);
    CHECK(spec->text() == "type=tap,name=vm1,ifname=a,,b=c");
}

TEST_CASE("what is wrong with a port is said in one line", "[port_spec]") {
    const auto error = [](std::string_view text) { return parse_port_spec(text).error(); };
    CHECK(error("") ==
          "port '': it has no type (write type=tap, for example; switchctl port-types lists them)");
    CHECK(error("tap") ==
          "port 'tap': 'tap' is no KEY=VALUE (write type=tap,name=vm1, for example)");
    CHECK(error("type=tap,=x").starts_with("port 'type=tap,=x': '=x' is no KEY=VALUE"));
    CHECK(error("type=tap,name=") == "port 'type=tap,name=': name has no value");
    CHECK(error("type=tap,type=tap") == "port 'type=tap,type=tap': type is there twice");
    CHECK(error(std::string_view("type=tap,name=a\0b", 17)).ends_with("has a NUL in it"));
    CHECK(port_type_of(*parse_port_spec("type=x")).error() ==
          "'x' is no type of port (tap, raw, stream, dgram, nat, patch)");
    CHECK(port_type_of(*parse_port_spec("type=tap,x=1")).error() ==
          "a tap has no key 'x' (name, number, ifname, fd, persist)");
}

TEST_CASE("a port that was printed reads back as the same", "[port_spec][property]") {
    const auto seed = std::random_device{}();
    CAPTURE(seed);
    std::mt19937 random(seed);
    const auto word = [&] {
        std::string text;
        for (auto left = 1 + random() % 8; left > 0; --left) text += ",=ab\"\n"[random() % 6];
        return text;
    };
    for (int round = 0; round < 2000; ++round) {
        PortSpec spec{word(), {}};
        for (const char* key : {"name", "number", "addr"})
            if (random() % 2 == 0) spec.values.emplace_back(key, word());
        const auto again = parse_port_spec(spec.text());
        INFO(spec.text());
        REQUIRE(again);
        CHECK(*again == spec);
    }
}
