// One numbered port of a bridge, with what the bridge knows of it beside its place in the tables.
//
// A port lives from its creation to its removal, with or without anything attached: settings and
// counters stay when the peer goes and are there when the next one comes. It is active while it has
// an endpoint.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "flows/numbers.h"
#include "switchd/core/clock.h"
#include "switchd/core/endpoint.h"

namespace switchd {

struct TrafficCounters {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;

    void count(std::size_t frame_bytes) {
        ++packets;
        bytes += frame_bytes;
    }
};

struct Port {
    Port(PortNumber port_number, std::string port_name)
        : number(port_number), name(std::move(port_name)) {}

    PortNumber number;
    std::string name;           // what controllers and Open vSwitch's tools call it
    bool allocatable = true;    // may be given to a plug that asks for any port
    std::optional<uid_t> user;  // access control: who may plug in; neither: everybody
    std::optional<gid_t> group;
    std::optional<uid_t> current_user;  // the owner of the first endpoint's socket file
    std::optional<uid_t> occupant;      // that owner, or who the system says plugged in first
    std::uint32_t colour = 0;
    std::uint32_t config = 0;  // openflow::port_config, set by controllers
    TimePoint created;

    TrafficCounters in;    // frames of at least an Ethernet header that its endpoints delivered
    TrafficCounters out;   // frames given to the port; what a full queue then drops is in the drops
    DropCounters drops{};  // frames that came in here, and those of endpoints that have gone

    std::vector<std::unique_ptr<Endpoint>> endpoints;  // oldest first

    FrameQueue waiting;   // the datapath's: frames that came in, and that there is no time for yet
    bool paused = false;  // its endpoints take no more from their peers meanwhile

    bool active() const { return !endpoints.empty(); }

    // Those of the port and of its endpoints.
    DropCounters all_drops() const {
        DropCounters sum = drops;
        for (const auto& endpoint : endpoints)
            for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += endpoint->drops()[i];
        return sum;
    }
    void count_drop(DropReason reason) { ++drops[static_cast<std::size_t>(reason)]; }
};

}  // namespace switchd
