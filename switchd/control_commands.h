// What switchctl can ask of a running switch: one table of methods, each from words to JSON.
#pragma once

#include <expected>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "switchd/bridge.h"
#include "switchd/configured_ports.h"
#include "switchd/vde_front_door.h"

namespace switchd {

// What the control socket may look at and change. Everything must outlive the server.
struct ControlContext {
    Bridge& bridge;
    ConfiguredPorts& ports;
    std::string run_directory;
    std::string vde_directory;  // what QEMU's sock= takes
    const VdeFrontDoor& front_door;
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
