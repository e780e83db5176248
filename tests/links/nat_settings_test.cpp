#include "switchd/links/nat_settings.h"

#include <arpa/inet.h>

#include "tests/support/catch.h"

using namespace switchd;

TEST_CASE("forwards are read as they are shown", "[nat_settings]") {
    for (const char* text : {"tcp:127.0.0.1:2222-10.0.2.15:22", "udp:0.0.0.0:53-10.0.2.15:5353",
                             "tcp:[::1]:2222-[fec0::15]:22", "udp:[::]:1-[fec0::1]:65535"}) {
        const auto forward = NatForward::parse(text);
        REQUIRE(forward);
        CHECK(forward->text() == text);
        CHECK(forward->same_host(NatForward::parse_host(forward->host_text()).value()));
    }
    CHECK(NatForward::parse("tcp::80-10.0.2.15:80")->text() == "tcp:0.0.0.0:80-10.0.2.15:80");
    for (const char* text : {"", "tcp", "tcp:", "tcp:-", "tcp:22", "tcp:22-10.0.2.15:22",
                             "tcp:127.0.0.1:2222", "tcp:127.0.0.1:2222-", "tcp:127.0.0.1:2222-:22",
                             "tcp:127.0.0.1:2222-10.0.2.15", "tcp:127.0.0.1:0-10.0.2.15:22",
                             "tcp:127.0.0.1:65536-10.0.2.15:22", "tcp:127.0.0.1:-1-10.0.2.15:22",
                             "tcp:127.0.0.1:22-10.0.2.15:22x", "tcp:localhost:22-10.0.2.15:22",
                             "tcp:::1:22-10.0.2.15:22", "tcp:127.0.0.1:22-[fec0::15]:22",
                             "sctp:127.0.0.1:22-10.0.2.15:22", "TCP:127.0.0.1:22-10.0.2.15:22"}) {
        CAPTURE(text);
        CHECK_FALSE(NatForward::parse(text));
    }
    const auto forward = NatForward::parse("tcp:127.0.0.1:22-10.0.2.15:22").value();
    for (const char* other : {"udp:127.0.0.1:22", "tcp:127.0.0.2:22", "tcp:127.0.0.1:23"})
        CHECK_FALSE(forward.same_host(NatForward::parse_host(other).value()));
}

TEST_CASE("a NAT's networks are those that have room for it", "[nat_settings]") {
    NatSettings settings;
    CHECK(settings.set_network("10.0.0.0/8"));
    CHECK(settings.set_network("192.168.7.32/27"));
    CHECK(settings.host_number(15).s_addr == ::inet_addr("192.168.7.47"));
    for (const char* text : {"", "/", "10.0.2.0", "10.0.2.0/", "10.0.2.0/7", "10.0.2.0/28",
                             "10.0.2.0/24x", "0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/24",
                             "10.0.2.1/24", "10.0.2/24", "x/24", "fec0::/24"}) {
        CAPTURE(text);
        CHECK_FALSE(settings.set_network(text));
    }
    CHECK(settings.set_network6("fd00:1:2:3::/64"));
    CHECK(settings.network6);
    CHECK(settings.set_network6("off"));
    CHECK_FALSE(settings.network6);
    for (const char* text : {"", "on", "fec0::", "fec0::/63", "fec0::/640", "fec0::1/64", "x/64",
                             "::/64", "ff02::/64", "10.0.2.0/64"}) {
        CAPTURE(text);
        CHECK_FALSE(settings.set_network6(text));
    }
    CHECK(settings.set_network("10.0.2.0/24"));
    const auto fits = [&](const char* text) {
        return settings.check(NatForward::parse(text).value()).has_value();
    };
    CHECK(fits("tcp::1-10.0.2.15:1"));
    CHECK_FALSE(fits("tcp::1-10.0.3.15:1"));
    CHECK_FALSE(fits("tcp:[::1]:1-[fec0::15]:1"));
    CHECK(settings.set_network6("fec0::/64"));
    CHECK(fits("tcp:[::1]:1-[fec0::15]:1"));
    CHECK_FALSE(fits("tcp:[::1]:1-[fec1::15]:1"));
    CHECK(settings.set_forwards("tcp::1-10.0.2.15:1+udp::1-10.0.2.15:1"));
    CHECK(settings.forwards.size() == 2);
    for (const char* text : {"", "+", "tcp::1-10.0.2.15:1+"}) {
        CAPTURE(text);
        CHECK_FALSE(settings.set_forwards(text));
    }
}
