#include "switchd/links/nat_frame.h"

#include <array>
#include <cstdint>
#include <random>
#include <string_view>
#include <vector>

#include "tests/support/catch.h"

using namespace switchd;

namespace {

using Bytes = std::vector<std::byte>;

void put(Bytes& bytes, std::size_t at, unsigned value) {
    bytes[at] = static_cast<std::byte>(value >> 8);
    bytes[at + 1] = static_cast<std::byte>(value);
}

// With so many words of options.
Bytes ipv4(unsigned protocol, unsigned options = 0) {
    Bytes bytes(100);
    put(bytes, 12, 0x0800);
    bytes[14] = static_cast<std::byte>(0x45 + options);
    bytes[23] = static_cast<std::byte>(protocol);
    return bytes;
}
Bytes ipv6(unsigned protocol) {
    Bytes bytes(100);
    put(bytes, 12, 0x86dd);
    bytes[20] = static_cast<std::byte>(protocol);
    return bytes;
}
Bytes tcp(Bytes bytes, std::size_t at, unsigned flags) {
    bytes[at + 13] = static_cast<std::byte>(flags);
    return bytes;
}
Bytes udp(Bytes bytes, std::size_t at, unsigned port) {
    put(bytes, at + 2, port);
    return bytes;
}

}  // namespace

TEST_CASE("what opens a socket is the first segment, UDP and ping", "[nat_frame]") {
    constexpr unsigned syn = 0x02, ack = 0x10, rst = 0x04;
    for (const bool six : {false, true}) {
        const std::size_t at = six ? 54 : 34;
        const auto ip = [&](unsigned protocol) { return six ? ipv6(protocol) : ipv4(protocol); };
        CHECK(may_open_a_socket(tcp(ip(6), at, syn)));
        CHECK(may_open_a_socket(tcp(ip(6), at, syn | rst)));
        CHECK_FALSE(may_open_a_socket(tcp(ip(6), at, syn | ack)));
        CHECK_FALSE(may_open_a_socket(tcp(ip(6), at, ack)));
        CHECK(may_open_a_socket(udp(ip(17), at, 53)));
        for (const unsigned port : {67U, 69U, 547U})
            CHECK_FALSE(may_open_a_socket(udp(ip(17), at, port)));
        CHECK(may_open_a_socket(ip(1)));
        CHECK_FALSE(may_open_a_socket(ip(58)));
    }
    CHECK(may_open_a_socket(tcp(ipv4(6, 10), 74, syn)));
    Bytes arp(60);
    put(arp, 12, 0x0806);
    CHECK_FALSE(may_open_a_socket(arp));
}

TEST_CASE("a fragment is one that has an offset, or more behind it", "[nat_frame]") {
    const auto with = [](unsigned flags_and_offset) {
        Bytes bytes = ipv4(17);
        put(bytes, 20, flags_and_offset);
        return bytes;
    };
    for (const unsigned whole : {0U, 0x4000U, 0x8000U}) CHECK_FALSE(is_ipv4_fragment(with(whole)));
    for (const unsigned part : {0x2000U, 1U, 0x1fffU, 0x1877U, 0x6000U})
        CHECK(is_ipv4_fragment(with(part)));
    CHECK_FALSE(is_ipv4_fragment(ipv6(17)));
}

TEST_CASE("a frame that is cut anywhere is read to its end and no further",
          "[nat_frame][property]") {
    const auto seed = std::random_device{}();
    CAPTURE(seed);
    std::mt19937 random(seed);
    for (int round = 0; round < 2000; ++round) {
        Bytes frame = round % 2 == 0 ? ipv4(6, static_cast<unsigned>(random() % 11)) : ipv6(17);
        for (std::size_t at = 14; at < frame.size(); ++at)
            if (random() % 3 == 0) frame[at] = static_cast<std::byte>(random());
        const Bytes cut(frame.begin(), frame.begin() + static_cast<long>(random() % 100));
        may_open_a_socket(cut);
        is_ipv4_fragment(cut);
        if (cut.size() < 13) CHECK_FALSE((may_open_a_socket(cut) || is_ipv4_fragment(cut)));
    }
}
