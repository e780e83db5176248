// What switchctl can ask of a running switch: one table of methods, each from words to JSON.
#pragma once

#include <expected>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "switchd/bridge_list.h"
#include "switchd/configured_ports.h"
#include "switchd/vde_front_door.h"

namespace switchd {

class ControlledBridges;

// What the control socket may look at and change: a bridge, and what it is reached by.
struct ControlContext {
    Bridge& bridge;
    ConfiguredPorts& ports;
    std::string run_directory;
    std::string vde_directory;  // what QEMU's sock= takes
    const VdeFrontDoor& front_door;
    ControlledBridges& bridges;
};

class ControlledBridges {
public:
    virtual ~ControlledBridges() = default;
    // Of the bridge with this name; of the first if it is empty.
    virtual std::optional<ControlContext> context(std::string_view bridge) = 0;
    virtual const BridgeList& list() const = 0;
    // As parse_bridge_options() takes them. The error is one line.
    virtual std::expected<void, std::string> add_bridge(std::span<const std::string> words) = 0;
    virtual std::expected<void, std::string> remove_bridge(std::string_view name) = 0;
};

// The words behind the command's name.
using ControlArguments = std::span<const std::string>;
// A result that is a long array, made piece by piece: appends some entries to an array, or none;
// false: those were the last.
using ControlList = std::function<bool(nlohmann::json& entries)>;
using ControlResult = std::variant<nlohmann::json, ControlList>;
// The result, or why the switch refuses: a line, or several for a flow that is wrong.
using ControlReply = std::expected<ControlResult, std::string>;

struct ControlCommand {
    std::string_view name;
    std::string_view usage;  // its arguments; empty: none
    std::string_view help;
    std::size_t arguments_min;
    std::size_t arguments_max;
    ControlReply (*run)(const ControlContext&, ControlArguments);
};

std::span<const ControlCommand> control_commands();

}  // namespace switchd
