#include "switchd/control_client.h"

#include <sys/socket.h>

#include <fmt/core.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "switchd/control_server.h"
#include "switchd/core/unix_socket.h"

namespace switchd {

using nlohmann::json;

namespace {

[[noreturn]] void no_switch(const std::string& path, const std::string& reason) {
    throw NoSwitchError("no switch answers on '" + path + "': " + reason,
                        "start switchd, or name its run directory with --run-dir");
}

Fd connect_to(const std::string& path) {
    const auto address = unix_address(path);
    if (!address) no_switch(path, "the name is too long for a socket");
    Fd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0)
        no_switch(path,
                  errno == EACCES ? "it is another user's: ask as that user" : errno_text(errno));
    return socket;
}

// One line, without its end.
std::string exchange(const Fd& socket, const std::string& path, const std::string& request) {
    for (std::size_t sent = 0; sent < request.size();) {
        const ssize_t size =
            ::send(socket.get(), request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
        if (size <= 0) no_switch(path, "it went away");
        sent += static_cast<std::size_t>(size);
    }
    std::string answer;
    char bytes[65536];
    while (true) {
        const ssize_t size = ::recv(socket.get(), bytes, sizeof bytes, 0);
        if (size <= 0) no_switch(path, "it went away");
        answer.append(bytes, static_cast<std::size_t>(size));
        if (answer.back() == '\n') break;
    }
    answer.pop_back();
    return answer;
}

}  // namespace

json call_switch(const std::string& socket_path, const std::string& bridge, std::string_view method,
                 std::span<const std::string> arguments) {
    const Fd socket = connect_to(socket_path);
    json request = {{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}};
    if (!bridge.empty())
        request["params"] = {{"bridge", bridge}, {"words", arguments}};
    else if (!arguments.empty())
        request["params"] = arguments;
    // A word of the command line may be no UTF-8.
    const std::string line = request.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
    if (line.size() > ControlServer::request_bytes_max)
        throw SetupError(
            fmt::format("this is too much for one request: {} bytes, and {} are the most",
                        line.size(), ControlServer::request_bytes_max));
    const json answer = json::parse(exchange(socket, socket_path, line), nullptr, false);
    if (answer.is_object() && answer.contains("result")) return answer["result"];
    if (answer.is_object() && answer.contains("error") && answer["error"].contains("message"))
        throw SetupError("the switch refused: " + answer["error"]["message"].get<std::string>());
    throw SetupError("what answers on '" + socket_path + "' does not speak JSON-RPC 2.0",
                     "name the run directory of a switchd with --run-dir");
}

}  // namespace switchd
