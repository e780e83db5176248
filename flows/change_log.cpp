#include "flows/change_log.h"

#include <algorithm>

namespace switchd {
namespace {

// No packet that came in can be one of `decided` and one of `rule`, going by its headers.
bool disjoint(const Match& rule, const Match& decided) {
    std::uint64_t differing = 0;
    for (std::size_t i = 0; i < packet_words; ++i)
        differing |=
            (rule.key.words[i] ^ decided.key.words[i]) & rule.mask.words[i] & decided.mask.words[i];
    return differing != 0;
}

template <class Number>
bool has(const std::vector<Number>& numbers, Number wanted) {
    return std::ranges::find(numbers, wanted) != numbers.end();
}

}  // namespace

bool affects(const Change& change, const Reads& reads, const Match& decided) {
    switch (change.kind) {
        case Change::Kind::everything: return true;
        case Change::Kind::rule:
            return reads.tables.has(change.table) &&
                   (reads.rewritten || !disjoint(change.match, decided));
        case Change::Kind::mac:
            // Addresses are read from the packet as it was when NORMAL saw it.
            return has(reads.mac_vlans, change.vlan) &&
                   (reads.rewritten || change.mac == decided.key.eth_src() ||
                    change.mac == decided.key.eth_dst());
        case Change::Kind::vlan: return has(reads.vlans, change.vlan);
        case Change::Kind::port:
            return decided.key.in_port() == change.port || reads.all_ports ||
                   has(reads.ports, change.port);
    }
    return true;
}

}  // namespace switchd
