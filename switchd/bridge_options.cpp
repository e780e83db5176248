#include "switchd/bridge_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "flows/field_text.h"
#include "switchd/core/printable.h"
#include "switchd/core/unix_socket.h"
#include "vde-compat/control_directory.h"

namespace switchd {

namespace {

// What OpenFlow has room for.
constexpr std::size_t name_bytes_max = 15;

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool may_be_in_name(char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

// So that the names of all sockets in it fit.
std::size_t run_directory_bytes_max(std::string_view bridge) {
    // Process ids have up to seven digits.
    constexpr std::string_view longest_of_ours = "/ovs/ovs-vswitchd.4194304.ctl";
    return std::min(unix_path_bytes_max - longest_of_ours.size(),
                    vde::ControlDirectory::path_bytes_max - bridge.size() - 1);
}

}  // namespace

std::expected<void, std::string> check_bridge_name(std::string_view name,
                                                   std::string_view run_directory) {
    const auto wrong = [&](std::string_view remedy) {
        return std::unexpected(
            fmt::format("'{}' is no name for a bridge ({})", printable(name), remedy));
    };
    if (name.empty() || name.size() > name_bytes_max || !is_letter(name.front()) ||
        !std::ranges::all_of(name, may_be_in_name))
        return wrong("a letter, then up to 14 letters, digits, '-' or '_'");
    if (name == "ovs")
        return wrong("its directory is that of the sockets for Open vSwitch's tools");
    if (is_reserved_port_name(name)) return wrong("in flows it means something else");
    const std::size_t bytes_max = run_directory_bytes_max(name);
    if (run_directory.size() > bytes_max)
        return std::unexpected(
            fmt::format("run directory '{}' has too long a name for the sockets in it (choose "
                        "one of at most {} bytes)",
                        run_directory, bytes_max));
    return {};
}

}  // namespace switchd
