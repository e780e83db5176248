// What switchctl can ask of a running switch: one table of methods, each from JSON to JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>

#include "switchd/bridge.h"
#include "switchd/vde_front_door.h"

namespace switchd {

// What the control socket may look at. Everything must outlive the server.
struct ControlContext {
    const Bridge& bridge;
    std::string run_directory;
    std::string vde_directory;  // what QEMU's sock= takes
    const VdeFrontDoor& front_door;
};

struct ControlCommand {
    std::string_view name;
    std::string_view help;
    nlohmann::json (*run)(const ControlContext&);
};

std::span<const ControlCommand> control_commands();

}  // namespace switchd
