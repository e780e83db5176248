// What changed lately in the tables, so that a remembered decision can tell whether it still holds.
//
// Every change has a number, the generation after it. A decision made at generation g still holds
// at generation h if none of the changes g+1 .. h touches what it read. The last records_max
// changes are kept; a decision older than that must be made anew.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "flows/numbers.h"
#include "switchd/core/mac_address.h"

namespace switchd {

struct Change {
    enum class Kind : std::uint8_t {
        everything,  // rules, policies
        mac,         // where the station `mac` in `vlan` is
        vlan,        // which ports belong to `vlan`, or may forward in it
        port,        // whether `port` is there, and whether it takes frames
    };
    Kind kind = Kind::everything;
    VlanId vlan = 0;
    PortNumber port = 0;
    MacAddress mac{};
};

// Which parts of the tables a decision read, beside the rules.
struct Reads {
    std::optional<VlanId> mac_vlan{};  // looked up the frame's source and destination there
    std::optional<VlanId> vlan{};      // asked for this VLAN's members and states
    bool all_ports = false;            // asked every port whether it takes frames
    std::optional<PortNumber> port{};  // asked this one, beside the ingress port

    bool operator==(const Reads&) const = default;
};

// Whether a decision about frames in_port, eth_src -> eth_dst that read `reads` may be another
// after `change`.
bool affects(const Change& change, const Reads& reads, PortNumber in_port, MacAddress eth_src,
             MacAddress eth_dst);

class ChangeLog {
public:
    // 16 KiB: enough for a port with 1,000 stations that goes down.
    static constexpr std::size_t records_max = 1024;

    std::uint64_t generation() const { return generation_; }
    void append(const Change& change) { records_[++generation_ % records_max] = change; }
    bool remembers_since(std::uint64_t generation) const {
        return generation_ - generation <= records_max;
    }
    // The change that made this generation; it must be remembered.
    const Change& at(std::uint64_t generation) const { return records_[generation % records_max]; }

private:
    std::uint64_t generation_ = 0;
    std::array<Change, records_max> records_{};
};

}  // namespace switchd
