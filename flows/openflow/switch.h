// What a controller can ask of a switch beside its flow tables: who it is, its ports, sending a
// packet.
//
// Implemented by the bridge's OpenFlow service in switchd/; the connection (connection.h) is its
// only caller.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "flows/openflow/error.h"
#include "flows/pipeline.h"
#include "switchd/core/mac_address.h"
#include "switchd/core/request_time.h"

namespace switchd::openflow {

namespace port_config {  // OFPPC_*
inline constexpr std::uint32_t down = 1 << 0;
inline constexpr std::uint32_t no_receive = 1 << 2;
inline constexpr std::uint32_t no_flood = 1 << 4;  // 1.0 on the wire; Nicira's elsewhere
inline constexpr std::uint32_t no_forward = 1 << 5;
inline constexpr std::uint32_t no_packet_in = 1 << 6;
}  // namespace port_config

struct PortDescription {
    PortNumber number = 0;
    MacAddress mac;
    std::string name;          // at most 15 bytes are told in the wire's fixed fields
    std::uint32_t config = 0;  // port_config
    bool link_down = false;
    bool operator==(const PortDescription&) const = default;
};

struct PortCounters {
    std::uint64_t rx_packets = 0, tx_packets = 0, rx_bytes = 0, tx_bytes = 0;
    std::uint64_t rx_dropped = 0, tx_dropped = 0;
    Duration age{};  // since the port was made
};

class Switch {
public:
    virtual ~Switch() = default;

    virtual std::uint64_t datapath_id() const = 0;
    virtual std::string description() const = 0;  // the datapath's, for people
    virtual TimePoint now() const = 0;            // when this turn of the loop began
    virtual TimePoint measured_now() const = 0;   // this moment, to see how long something takes
    virtual RequestTime& request_time() = 0;      // that all peers share
    virtual FlowTables& tables() = 0;

    // Ascending. Port 0, which OpenFlow has no number for, is left out; LOCAL is in it if it
    // exists.
    virtual std::vector<PortDescription> ports() const = 0;
    virtual PortCounters counters(PortNumber port) const = 0;  // the port must exist
    // `config` where `mask` has ones; errors: bad_port, bad_hw_addr.
    virtual std::expected<void, Error> configure_port(PortNumber port, MacAddress mac,
                                                      std::uint32_t config, std::uint32_t mask) = 0;

    virtual FragmentMode fragment_mode() const = 0;
    virtual void set_fragment_mode(FragmentMode mode) = 0;

    // Carries out `actions` on the packet as if it had come in on in_port of `pipeline` (a port, or
    // reserved_port::controller, local or any), with the metadata, tunnel id and registers that are
    // there. TABLE among the actions: through the tables.
    virtual std::expected<void, Error> packet_out(const FlowKey& pipeline,
                                                  const RuleActions& actions,
                                                  std::span<const std::byte> packet) = 0;

    // Some connection wants packets whose hops have run out / misses of connections before 1.3:
    // told whenever it may have changed, because tables decide by it.
    virtual void controllers_changed() = 0;
};

}  // namespace switchd::openflow
