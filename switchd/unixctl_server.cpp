#include "switchd/unixctl_server.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "switchd/core/unix_socket.h"
#include "switchd/json_stream.h"

namespace switchd {

using nlohmann::ordered_json;

namespace {

constexpr std::string_view program = "ovs-vswitchd";

// Sockets of processes that were killed: nobody will ever listen on them again. The pid file is
// ours, so none of a living one can be there.
void remove_left_sockets(const std::string& directory) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
        const std::string name = entry.path().filename();
        if (name.starts_with(std::string(program) + ".") && name.ends_with(".ctl") &&
            entry.is_socket(error) && probe_listener(entry.path()) == ECONNREFUSED)
            ::unlink(entry.path().c_str());
    }
}

std::string socket_path(const std::string& directory) {
    remove_left_sockets(directory);
    return directory + "/" + std::string(program) + "." + std::to_string(::getpid()) + ".ctl";
}

// What JSON-RPC 1.0 calls a request; none: no answer can be given.
bool is_request(const ordered_json& call) {
    const auto of_kind = [&](const char* member, bool (ordered_json::*kind)() const noexcept) {
        const auto it = call.find(member);
        return it != call.end() && ((*it).*kind)();
    };
    return call.is_object() && of_kind("method", &ordered_json::is_string) &&
           of_kind("params", &ordered_json::is_array) &&
           (of_kind("id", &ordered_json::is_number) || of_kind("id", &ordered_json::is_string));
}

UnixctlReply run(const UnixctlContext& context, const ordered_json& call) {
    const auto& name = call["method"].get_ref<const std::string&>();
    std::vector<std::string> arguments;
    for (const ordered_json& word : call["params"]) {
        if (!word.is_string())
            return std::unexpected("\"" + name + "\" command has non-string argument");
        arguments.push_back(word.get<std::string>());
    }
    return run_unixctl_command(context, name, arguments);
}

// What a client sent may stand in it and be no UTF-8.
std::string text_of(const ordered_json& value) {
    return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

// Inside of a JSON string.
std::string escaped(std::string_view text) {
    const std::string quoted = text_of(std::string(text));
    return quoted.substr(1, quoted.size() - 2);
}

class Dialog final : public CommandDialog {
public:
    explicit Dialog(const UnixctlContext& context) : context_(context) {}

private:
    bool hear(std::string_view bytes) override { return requests_.append(bytes); }
    Progress go_on(std::string& reply) override {
        if (text_) {
            // What it tells of may have gone.
            if (removals_ != context_.bridges.removals()) return Progress::over;
            go_on_telling(reply);
            return Progress::more;
        }
        const auto request = requests_.next();
        if (!request) return requests_.broken() ? Progress::over : Progress::waits;
        const ordered_json call = ordered_json::parse(*request, nullptr, false);
        if (!is_request(call)) return Progress::over;
        UnixctlReply result = run(context_, call);
        if (result) {
            reply += fmt::format(R"({{"id":{},"result":"{})", text_of(call["id"]),
                                 escaped(result->text));
            text_ = std::move(result->more);
            removals_ = context_.bridges.removals();
            if (!text_) reply += end_of_text;
        } else {
            reply += text_of({{"id", call["id"]}, {"error", std::move(result.error()) + "\n"}});
        }
        return Progress::more;
    }
    void go_on_telling(std::string& reply) {
        std::string piece;
        const bool more = text_(piece);
        reply += escaped(piece);
        if (more) return;
        text_ = {};
        reply += end_of_text;
    }

    static constexpr std::string_view end_of_text = R"(","error":null})";
    static constexpr std::size_t request_bytes_max = 64 << 10;

    const UnixctlContext& context_;
    JsonStream requests_{request_bytes_max};
    UnixctlText::More text_;      // what is being told
    std::uint64_t removals_ = 0;  // of bridges, when it began
};

}  // namespace

UnixctlServer::UnixctlServer(RequestTurns& turns, const std::string& run_directory,
                             UnixctlContext context)
    : context_(context),
      pid_file_(run_directory + "/" + std::string(program) + ".pid",
                "choose another directory with --run-dir"),
      socket_(turns, socket_path(run_directory),
              [this] { return std::make_unique<Dialog>(context_); }) {}

}  // namespace switchd
