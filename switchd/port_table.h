// The ports of one bridge by number. References stay valid until the port is removed.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "switchd/port.h"

namespace switchd {

class PortTable {
public:
    // Null if there is no such port.
    Port* find(PortNumber number) const {
        const std::size_t slot = port_slot(number);
        return slot < by_slot_.size() ? by_slot_[slot].get() : nullptr;
    }
    // The number must be free, and one that may_be_port().
    Port& add(PortNumber number, std::string name) {
        const std::size_t slot = port_slot(number);
        if (slot >= by_slot_.size()) by_slot_.resize(slot + 1);
        by_slot_[slot] = std::make_unique<Port>(number, std::move(name));
        return *by_slot_[slot];
    }
    // The port must have no endpoint.
    void remove(PortNumber number) { by_slot_[port_slot(number)].reset(); }

    // All ports, ascending.
    std::vector<Port*> all() const {
        std::vector<Port*> ports;
        for (const auto& port : by_slot_)
            if (port) ports.push_back(port.get());
        // LOCAL has the highest number and the first slot.
        if (find(port_local)) std::ranges::rotate(ports, ports.begin() + 1);
        return ports;
    }

private:
    std::vector<std::unique_ptr<Port>> by_slot_;
};

}  // namespace switchd
