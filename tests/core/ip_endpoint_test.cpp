#include "switchd/core/ip_endpoint.h"

#include <string>

#include "tests/support/catch.h"

using namespace switchd;

TEST_CASE("an address with its port is read as it is shown", "[ip_endpoint]") {
    for (const char* text : {"127.0.0.1:80", "0.0.0.0:0", "255.255.255.255:65535", "[::1]:80",
                             "[::]:0", "[fe80::1:2]:65535", "[fe80::1%lo]:80"}) {
        CAPTURE(text);
        const auto endpoint = IpEndpoint::parse(text);
        REQUIRE(endpoint);
        CHECK(endpoint->text() == text);
        CHECK(endpoint->is_ipv6() == (text[0] == '['));
        const auto again = IpEndpoint::of(endpoint->data(), endpoint->bytes());
        REQUIRE(again);
        CHECK(again->text() == text);
        CHECK_FALSE(IpEndpoint::of(endpoint->data(), endpoint->bytes() - 1));
    }
    CHECK(IpEndpoint::parse("127.0.0.1:080")->port() == 80);
}

TEST_CASE("what is no address with a port is none", "[ip_endpoint]") {
    for (const char* text : {"",
                             ":",
                             ":80",
                             "127.0.0.1",
                             "127.0.0.1:",
                             "127.0.0.1:65536",
                             "127.0.0.1:-1",
                             "127.0.0.1:+1",
                             "127.0.0.1: 1",
                             "127.0.0.1:1 ",
                             "127.0.0.1:1x",
                             "127.1:80",
                             "127.0.0.256:80",
                             "localhost:80",
                             "::1:80",
                             "[::1]",
                             "[::1]80",
                             "[::1:80",
                             "::1]:80",
                             "[]:80",
                             "[127.0.0.1]:80",
                             "[fe80::1%]:80",
                             "[fe80::1%nowhere]:80",
                             "127.0.0.1%lo:80"}) {
        CAPTURE(text);
        CHECK_FALSE(IpEndpoint::parse(text));
    }
    CHECK_FALSE(IpEndpoint::parse(std::string("127.0.0.1\0:80", 13)));
    sockaddr other{};
    other.sa_family = AF_UNIX;
    CHECK_FALSE(IpEndpoint::of(&other, sizeof(sockaddr_in6)));
}
