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

}  // namespace

bool affects(const Change& change, const Reads& reads, const Match& decided) {
    switch (change.kind) {
        case Change::Kind::everything: return true;
        case Change::Kind::rule:
            return reads.tables.has(change.table) &&
                   (reads.rewritten || !disjoint(change.match, decided));
        case Change::Kind::mac:
            // Addresses are read from the packet as it was when NORMAL saw it.
            return reads.mac_vlan == change.vlan &&
                   (reads.rewritten || change.mac == decided.key.eth_src() ||
                    change.mac == decided.key.eth_dst());
        case Change::Kind::vlan: return reads.vlan == change.vlan;
        case Change::Kind::port:
            return decided.key.in_port() == change.port || reads.all_ports ||
                   std::ranges::find(reads.ports, change.port) != reads.ports.end();
    }
    return true;
}

}  // namespace switchd
