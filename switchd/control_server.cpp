#include "switchd/control_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "switchd/core/stream_connection.h"
#include "switchd/core/unix_socket.h"

namespace switchd {

using nlohmann::json;

namespace {

// JSON-RPC 2.0, section 5.1.
constexpr int parse_error = -32700;
constexpr int invalid_request = -32600;
constexpr int method_not_found = -32601;
constexpr int invalid_params = -32602;
constexpr int refused = -32000;

json failure(const json& id, int code, const std::string& message) {
    return {{"jsonrpc", "2.0"}, {"id", id}, {"error", {{"code", code}, {"message", message}}}};
}

// Nothing is copied before it is known to be a scalar: the library copies nested values by
// recursion.
bool is_request(const json& call) {
    if (!call.is_object()) return false;
    const auto version = call.find("jsonrpc");
    if (version == call.end() || *version != "2.0") return false;
    const auto method = call.find("method");
    const auto id = call.find("id");
    return method != call.end() && method->is_string() &&
           (id == call.end() || id->is_string() || id->is_number() || id->is_null());
}

// None: these are no words.
std::optional<std::vector<std::string>> words_of(const json& call) {
    std::vector<std::string> words;
    const auto params = call.find("params");
    if (params == call.end()) return words;
    if (!params->is_array()) return std::nullopt;
    for (const json& word : *params) {
        if (!word.is_string()) return std::nullopt;
        words.push_back(word.get<std::string>());
    }
    return words;
}

}  // namespace

class ControlServer::Session final : public StreamConnection {
public:
    Session(Reactor& reactor, ControlServer& server, Fd connection)
        : StreamConnection(reactor, std::move(connection), Fd{}, reply_bytes_max), server_(server) {
        start();
    }

private:
    void received(std::span<const std::byte> bytes) noexcept override {
        input_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        if (input_.size() > request_bytes_max) return server_.end(*this);
        answer_next();
    }
    // The next question is looked at when the last answer has gone: who does not read has to wait,
    // and nobody has the loop to himself.
    void drained() noexcept override { answer_next(); }
    void answer_next() noexcept {
        for (std::size_t end;
             !closed() && pending_bytes() == 0 && (end = input_.find('\n')) != std::string::npos;) {
            const std::string request = input_.substr(0, end);
            input_.erase(0, end + 1);
            write(server_.answer(request));
        }
    }
    void ended(bool) noexcept override { server_.end(*this); }

    ControlServer& server_;
    std::string input_;
};

ControlServer::ControlServer(Reactor& reactor, const std::string& path, ControlContext context)
    : reactor_(reactor),
      path_(path),
      context_(std::move(context)),
      listener_(
          Listener::calling<&ControlServer::on_connection>(reactor, listen_on(path, 0600), this)) {}

ControlServer::~ControlServer() = default;

void ControlServer::close() noexcept {
    listener_.close();
    while (!sessions_.empty()) end(*sessions_.front());
    ::unlink(path_.c_str());
}

void ControlServer::on_connection(Fd connection) noexcept {
    if (sessions_.size() == sessions_max) end(*sessions_.front());
    sessions_.push_back(std::make_unique<Session>(reactor_, *this, std::move(connection)));
}

void ControlServer::end(Session& session) noexcept {
    const auto it = std::ranges::find(sessions_, &session, &std::unique_ptr<Session>::get);
    if (it == sessions_.end()) return;
    session.close();
    reactor_.retire(std::move(*it));
    sessions_.erase(it);
}

json ControlServer::run(const ControlCommand& command, const json& id,
                        const std::optional<std::vector<std::string>>& words) const {
    if (!words || words->size() < command.arguments_min || words->size() > command.arguments_max)
        return failure(id, invalid_params,
                       fmt::format("params of {} are an array of {} to {} strings", command.name,
                                   command.arguments_min, command.arguments_max));
    const ControlReply result = command.run(context_, *words);
    if (!result) return failure(id, refused, result.error());
    return {{"jsonrpc", "2.0"}, {"id", id}, {"result", *result}};
}

std::string ControlServer::answer(std::string_view request) const {
    const json call = json::parse(request, nullptr, false);
    json reply;
    if (call.is_discarded()) {
        reply = failure(nullptr, parse_error, "this line is not JSON");
    } else if (!is_request(call)) {
        reply = failure(nullptr, invalid_request,
                        "not a JSON-RPC 2.0 request: one object with jsonrpc, id and method");
    } else if (!call.contains("id")) {
        return "";  // a notification: nothing is done that nobody would hear of
    } else {
        const auto id = call.value("id", json(nullptr));
        const auto& method = call["method"].get_ref<const std::string&>();
        const auto command = std::ranges::find(control_commands(), method, &ControlCommand::name);
        if (command == control_commands().end())
            reply =
                failure(id, method_not_found, "no command '" + method + "'; see switchctl --help");
        else
            reply = run(*command, id, words_of(call));
    }
    // What a client sent may stand in the reply and be no UTF-8.
    return reply.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace switchd
