#include "switchd/core/stream_target.h"

#include "tests/support/catch.h"

using namespace switchd;

TEST_CASE("a target is read as Open vSwitch's tools write it", "[stream_target]") {
    const auto& [text, complete] = GENERATE(table<std::string, std::string>({
        {"tcp:127.0.0.1", "tcp:127.0.0.1:6653"},
        {"tcp:127.0.0.1:6633", "tcp:127.0.0.1:6633"},
        {"tcp:[::1]", "tcp:[::1]:6653"},
        {"tcp:[fe80::1]:1", "tcp:[fe80::1]:1"},
        {"ssl:10.0.0.1:65535", "ssl:10.0.0.1:65535"},
        {"ptcp:", "ptcp:6653:0.0.0.0"},
        {"ptcp:0", "ptcp:0:0.0.0.0"},
        {"ptcp:6633:127.0.0.1", "ptcp:6633:127.0.0.1"},
        {"ptcp::[::]", "ptcp:6653:[::]"},
        {"pssl:6640:[::1]", "pssl:6640:[::1]"},
        {"unix:/run/c", "unix:/run/c"},
        {"punix:/run/a:b", "punix:/run/a:b"},
    }));
    const auto target = parse_stream_target(text);
    REQUIRE(target);
    CHECK(target->text() == complete);
    CHECK(target->passive == text.starts_with('p'));
    CHECK(parse_stream_target(complete) == target);
}

TEST_CASE("the port of a target that names none is the protocol's", "[stream_target]") {
    CHECK(parse_stream_target("tcp:127.0.0.1", 6640)->port == 6640);
    CHECK(parse_stream_target("ptcp:", 6640)->port == 6640);
}

TEST_CASE("what is no target is refused with reason and remedy", "[stream_target]") {
    const auto& [text, error] = GENERATE(table<std::string, std::string>({
        {"br0",
         "target 'br0': it says no way to connect (begin with tcp:, ssl:, unix:, ptcp:, pssl: or "
         "punix:)"},
        {"udp:1.2.3.4", "it says no way to connect"},
        {"", "it says no way to connect"},
        {"tcp:", "it names no host (write tcp:ADDRESS:PORT)"},
        {"tcp::6653", "it names no host"},
        {"tcp:example.org:6653",
         "'example.org' is no IP address (names are not looked up: write the address)"},
        {"tcp:1.2.3", "no IP address"},
        {"tcp:[1.2.3.4]", "brackets"},
        {"tcp:[::1", "put an IPv6 address in brackets"},
        {"tcp:[::1]6653", "brackets"},
        {"tcp:::1:6653", "it names no host"},
        {"tcp:1.2.3.4:0", "'0' is no port (write a number from 1 to 65535)"},
        {"tcp:1.2.3.4:65536", "is no port"},
        {"tcp:1.2.3.4:66x", "is no port"},
        {"tcp:1.2.3.4:1:2", "is no port"},
        {"ptcp:x", "is no port"},
        {"ptcp:1:::1", "brackets"},
        {"ptcp:1:host", "'host' is no IP address"},
        {"unix:", "it names no socket (write an absolute path behind the colon)"},
        {"unix:relative", "it names no socket"},
        {"punix:/" + std::string(107, 'x'), "too long for a socket (use one of at most 107 bytes)"},
    }));
    INFO(text);
    const auto target = parse_stream_target(text);
    REQUIRE_FALSE(target);
    CHECK(target.error().starts_with("target '" + text + "': "));
    CHECK(target.error().find(error) != std::string::npos);
}
