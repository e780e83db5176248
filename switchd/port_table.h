// The ports of one bridge by number. References stay valid until the port is removed.
#pragma once

#include <memory>
#include <vector>

#include "switchd/port.h"

namespace switchd {

class PortTable {
public:
    // Null if there is no such port.
    Port* find(PortNumber number) const {
        return number < by_number_.size() ? by_number_[number].get() : nullptr;
    }
    // The number must be free and at most port_number_max.
    Port& add(PortNumber number) {
        if (number >= by_number_.size()) by_number_.resize(number + 1);
        by_number_[number] = std::make_unique<Port>(number);
        return *by_number_[number];
    }
    // The port must have no endpoint.
    void remove(PortNumber number) { by_number_[number].reset(); }

    // All ports, ascending.
    std::vector<Port*> all() const {
        std::vector<Port*> ports;
        for (const auto& port : by_number_)
            if (port) ports.push_back(port.get());
        return ports;
    }

private:
    std::vector<std::unique_ptr<Port>> by_number_;
};

}  // namespace switchd
