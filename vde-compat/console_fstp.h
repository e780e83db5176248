// What the console's fstp/* commands need of the spanning tree behind them, and those commands'
// views.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "vde-compat/switch.h"

namespace switchd::vde {

// Two bytes of priority, six of MAC address.
using FstpBridgeId = std::array<std::uint8_t, 8>;

struct FstpPortView {
    unsigned port = 0;
    bool tagged = false;
    std::uint32_t cost = 0;
    std::string_view role;  // "Root", "Designated", "Alternate/Backup", "Edge", "Unknown"
};

struct FstpTreeView {
    unsigned vlan = 0;
    bool is_root = false;
    FstpBridgeId root{};
    FstpBridgeId designated{};
    unsigned root_port = 0;
    std::uint32_t cost = 0;
    std::chrono::seconds age{0};
    unsigned bonus_port = 0;
    std::uint32_t bonus_cost = 0;
    std::vector<FstpPortView> ports;  // ascending
};

class FstpAdmin {
public:
    virtual ~FstpAdmin() = default;

    virtual bool enabled() const = 0;
    virtual unsigned priority() const = 0;
    virtual std::vector<FstpTreeView> trees() const = 0;  // ascending by VLAN
    virtual std::optional<FstpTreeView> tree(unsigned vlan) const = 0;

    virtual void enable(bool on) = 0;
    // EINVAL: a number out of range; ENXIO: no such VLAN.
    virtual Errno set_edge(long vlan, long port, bool edge) = 0;
    virtual Errno set_bonus(long vlan, long port, long cost) = 0;
};

}  // namespace switchd::vde
