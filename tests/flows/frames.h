// Frames for tests, put together from the inside out.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "switchd/core/mac_address.h"

namespace switchd::test {

using Bytes = std::vector<std::byte>;

inline Bytes bytes(std::initializer_list<unsigned> values) {
    Bytes result;
    for (const unsigned value : values) result.push_back(static_cast<std::byte>(value));
    return result;
}

// "45 00 0014" as bytes; blanks do not count.
inline Bytes hex(std::string_view text) {
    Bytes result;
    unsigned value = 0, digits = 0;
    for (const char c : text) {
        if (c == ' ' || c == '\n') continue;
        const int digit = c <= '9' ? c - '0' : c - 'a' + 10;
        value = value << 4 | static_cast<unsigned>(digit);
        if (++digits % 2 == 0) {
            result.push_back(static_cast<std::byte>(value));
            value = 0;
        }
    }
    return result;
}

inline Bytes operator+(Bytes front, const Bytes& back) {
    front.insert(front.end(), back.begin(), back.end());
    return front;
}

inline Bytes be16_bytes(unsigned value) {
    return bytes({value >> 8 & 0xff, value & 0xff});
}

inline Bytes mac_bytes(MacAddress mac) {
    Bytes result;
    for (const auto byte : mac.bytes) result.push_back(static_cast<std::byte>(byte));
    return result;
}

inline Bytes ethernet(MacAddress source, MacAddress destination, const Bytes& type_and_payload) {
    return mac_bytes(destination) + mac_bytes(source) + type_and_payload;
}

inline Bytes vlan_tag(unsigned tci, unsigned tpid = 0x8100) {
    return be16_bytes(tpid) + be16_bytes(tci);
}

// `payload_bytes_claimed` over and above the header; by default what is there.
inline Bytes ipv4(unsigned protocol, const Bytes& payload, unsigned fragment_field = 0) {
    const auto total = static_cast<unsigned>(20 + payload.size());
    return hex("0800 45 12") + be16_bytes(total) + hex("0000") + be16_bytes(fragment_field) +
           bytes({64, protocol}) + hex("0000 0a000001 0a000002") + payload;
}

inline Bytes ipv6(unsigned next_header, const Bytes& payload) {
    return hex("86dd 6121 2345") + be16_bytes(static_cast<unsigned>(payload.size())) +
           bytes({next_header, 63}) +
           hex("20010db8 00000000 00000000 00000001 20010db8 00000000 00000000 00000002") + payload;
}

inline Bytes tcp(unsigned source, unsigned destination, unsigned flags) {
    return be16_bytes(source) + be16_bytes(destination) + hex("00000001 00000002") +
           be16_bytes(0x5000 | flags) + hex("ffff 0000 0000");
}

inline Bytes udp(unsigned source, unsigned destination) {
    return be16_bytes(source) + be16_bytes(destination) + hex("0008 0000");
}

inline Bytes arp(unsigned operation) {
    return hex("0806 0001 0800 06 04") + be16_bytes(operation) +
           hex("020000000001 0a000001 020000000002 0a000002");
}

inline constexpr MacAddress alice{{2, 0, 0, 0, 0, 1}};
inline constexpr MacAddress bob{{2, 0, 0, 0, 0, 2}};
inline constexpr MacAddress carol{{2, 0, 0, 0, 0, 3}};
inline constexpr MacAddress spanning_tree_address{{0x01, 0x80, 0xc2, 0, 0, 0}};

}  // namespace switchd::test
