// What changed lately in the tables, so that a remembered decision can tell whether it still holds.
//
// Every change has a number, the generation after it. A decision made at generation g still holds
// at generation h if none of the changes g+1 .. h touches what it read. The last records_max
// changes are kept; a decision older than that must be made anew.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "flows/match.h"
#include "flows/numbers.h"
#include "switchd/core/mac_address.h"

namespace switchd {

struct Change {
    enum class Kind : std::uint8_t {
        everything,  // policies, many rules
        rule,        // what `table` says about the packets of `match`
        mac,         // where the station `mac` in `vlan` is
        vlan,        // which ports belong to `vlan`, or may forward in it
        port,        // whether `port` is there, and whether it takes frames
    };
    Kind kind = Kind::everything;
    VlanId vlan = 0;
    PortNumber port = 0;
    MacAddress mac{};
    std::uint8_t table = 0;
    Match match{};
};

// A set of tables.
class TableSet {
public:
    void add(std::uint8_t table) { words_[table / 64] |= std::uint64_t{1} << table % 64; }
    bool has(std::uint8_t table) const { return (words_[table / 64] >> table % 64 & 1) != 0; }
    bool operator==(const TableSet&) const = default;

private:
    std::array<std::uint64_t, 4> words_{};
};

// Which parts of the tables a decision read.
struct Reads {
    TableSet tables;         // looked for a rule there
    bool rewritten = false;  // and in some after it had changed the packet's headers
    // More than one only where a rule says NORMAL more than once.
    std::vector<VlanId> mac_vlans{};  // looked up the frame's source and destination there
    std::vector<VlanId> vlans{};      // asked for these VLANs' members and states
    bool all_ports = false;           // asked every port whether it takes frames
    std::vector<PortNumber> ports{};  // asked these, beside the ingress port

    bool operator==(const Reads&) const = default;
};

// Whether a decision about the packets of `decided` that read `reads` may be another after
// `change`.
bool affects(const Change& change, const Reads& reads, const Match& decided);

class ChangeLog {
public:
    // Enough for a port with 1,000 stations that goes down.
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
