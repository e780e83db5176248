// Makes a match field by field.
#pragma once

#include "flows/match.h"

namespace switchd::test {

class MatchMaker {
public:
    // `bits` of the field.
    MatchMaker& masked(const FlowField& field, std::uint64_t value, std::uint64_t bits) {
        mask_.fold(field, bits);
        key_.set(field, value);
        return *this;
    }
    MatchMaker& exact(const FlowField& field, std::uint64_t value) {
        return masked(field, value, field.ones());
    }
    MatchMaker& prefix(const FlowField& field, std::uint64_t value, unsigned length) {
        return masked(field, value, ~(field.ones() >> length));
    }
    MatchMaker& ip(std::uint64_t protocol) {
        return exact(field::eth_type, 0x0800).exact(field::ip_proto, protocol);
    }
    MatchMaker& tcp() { return ip(6); }
    MatchMaker& udp() { return ip(17); }

    operator Match() const { return {key_, mask_}; }
    // One that the match takes, zero elsewhere.
    operator FlowKey() const { return key_; }
    operator FlowMask() const { return mask_; }

private:
    FlowKey key_;
    FlowMask mask_;
};

constexpr std::uint64_t ipv4_address(std::uint64_t a, std::uint64_t b, std::uint64_t c,
                                     std::uint64_t d) {
    return a << 24 | b << 16 | c << 8 | d;
}

}  // namespace switchd::test
