// The types of ports that can be asked for by name: one table, with the keys of each.
#pragma once

#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "switchd/core/log.h"
#include "switchd/core/port_link.h"
#include "switchd/port_registry.h"
#include "switchd/port_spec.h"

namespace switchd {

struct PortKey {
    std::string_view name;
    std::string_view value;     // what it takes
    std::string_view fallback;  // what it is unless said, for people
    std::string_view help;
};

// What a link is made with. All of it outlives the link.
struct PortLinkContext {
    Reactor& reactor;
    Log& log;
    PortLinkHost& host;
    const std::string& name;           // of the port
    const std::string& run_directory;  // empty: there is none
    const PortSpec& spec;              // checked by port_type_of()
    PortRegistry& registry;
};

struct PortType {
    std::string_view name;
    std::string_view help;
    std::string_view example;
    std::span<const PortKey> keys;  // beside those that every port has
    // Throws SetupError.
    std::unique_ptr<PortLink> (*make)(const PortLinkContext& context);
};

std::span<const PortType> port_types();
// Those of every port: name, number.
std::span<const PortKey> common_port_keys();

// The type that `spec` names, if all its keys are known. The error is one line.
std::expected<const PortType*, std::string> port_type_of(const PortSpec& spec);

}  // namespace switchd
