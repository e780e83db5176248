// The other end of the control socket: one call, one answer. For switchctl; waits for its answer.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>

#include "switchd/core/error.h"

namespace switchd {

// No switch answers on the socket.
class NoSwitchError : public SetupError {
    using SetupError::SetupError;
};

// The result of `method` on the switch behind `socket_path`, on this bridge, or the first if its
// name is empty. Throws NoSwitchError; SetupError when the switch refuses or answers what is no
// JSON-RPC.
nlohmann::json call_switch(const std::string& socket_path, const std::string& bridge,
                           std::string_view method, std::span<const std::string> arguments);

}  // namespace switchd
