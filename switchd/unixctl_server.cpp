#include "switchd/unixctl_server.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "switchd/core/stream_connection.h"
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

std::optional<std::string> answer(const UnixctlContext& context, std::string_view request) {
    const ordered_json call = ordered_json::parse(request, nullptr, false);
    if (!is_request(call)) return std::nullopt;
    ordered_json reply = {{"id", call["id"]}};
    if (UnixctlReply result = run(context, call)) {
        reply["result"] = std::move(*result);
        reply["error"] = nullptr;
    } else {
        reply["error"] = std::move(result.error()) + "\n";
    }
    // What a client sent may stand in the reply and be no UTF-8.
    return reply.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace

class UnixctlServer::Session final : public StreamConnection {
public:
    Session(Reactor& reactor, UnixctlServer& server, Fd connection)
        : StreamConnection(reactor, std::move(connection), Fd{}, reply_bytes_max), server_(server) {
        start();
    }

private:
    void received(std::span<const std::byte> bytes) noexcept override {
        if (!requests_.append({reinterpret_cast<const char*>(bytes.data()), bytes.size()}))
            return server_.end(*this);
        answer_next();
    }
    // The next request is looked at when the last answer has gone: who does not read has to wait,
    // and nobody has the loop to himself.
    void drained() noexcept override { answer_next(); }
    void answer_next() noexcept {
        while (!closed() && pending_bytes() == 0) {
            const auto request = requests_.next();
            if (!request) {
                if (requests_.broken()) server_.end(*this);
                return;
            }
            const auto reply = answer(server_.context_, *request);
            if (!reply) return server_.end(*this);
            write(*reply);
        }
    }
    void ended(bool) noexcept override { server_.end(*this); }

    UnixctlServer& server_;
    JsonStream requests_{request_bytes_max};
};

UnixctlServer::UnixctlServer(Reactor& reactor, const std::string& run_directory,
                             UnixctlContext context)
    : reactor_(reactor),
      context_(context),
      pid_file_(run_directory + "/" + std::string(program) + ".pid",
                "choose another directory with --run-dir"),
      path_(socket_path(run_directory)),
      listener_(Listener::calling<&UnixctlServer::on_connection>(reactor, listen_on(path_, 0600),
                                                                 this)) {}

UnixctlServer::~UnixctlServer() = default;

void UnixctlServer::close() noexcept {
    listener_.close();
    while (!sessions_.empty()) end(*sessions_.front());
    ::unlink(path_.c_str());
}

void UnixctlServer::on_connection(Fd connection) noexcept {
    if (sessions_.size() == sessions_max) end(*sessions_.front());
    sessions_.push_back(std::make_unique<Session>(reactor_, *this, std::move(connection)));
}

void UnixctlServer::end(Session& session) noexcept {
    const auto it = std::ranges::find(sessions_, &session, &std::unique_ptr<Session>::get);
    if (it == sessions_.end()) return;
    session.close();
    reactor_.retire(std::move(*it));
    sessions_.erase(it);
}

}  // namespace switchd
