#include "switchd/control_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "switchd/core/printable.h"

namespace switchd {

using nlohmann::json;

namespace {

// JSON-RPC 2.0, section 5.1.
constexpr int parse_error = -32700;
constexpr int invalid_request = -32600;
constexpr int method_not_found = -32601;
constexpr int invalid_params = -32602;
constexpr int refused = -32000;

// What a client sent may stand in it and be no UTF-8.
std::string text_of(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string failure(const json& id, int code, const std::string& message) {
    return text_of({{"jsonrpc", "2.0"},
                    {"id", id},
                    {"error", {{"code", code}, {"message", message}}}}) +
           "\n";
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

struct Parameters {
    std::string bridge;  // empty: the first
    std::vector<std::string> words;
};

// None: they are neither an array of words nor an object with one.
std::optional<Parameters> parameters_of(const json& call) {
    Parameters result;
    const auto params = call.find("params");
    if (params == call.end()) return result;
    const json* words = &*params;
    if (params->is_object()) {
        const auto bridge = params->find("bridge");
        const auto inner = params->find("words");
        if (bridge == params->end() || !bridge->is_string() || params->size() > 2)
            return std::nullopt;
        result.bridge = bridge->get<std::string>();
        if (inner == params->end())
            return params->size() == 1 ? std::optional(result) : std::nullopt;
        words = &*inner;
    }
    if (!words->is_array()) return std::nullopt;
    for (const json& word : *words) {
        if (!word.is_string()) return std::nullopt;
        result.words.push_back(word.get<std::string>());
    }
    return result;
}

class Dialog final : public CommandDialog {
public:
    explicit Dialog(ControlledBridges& bridges) : bridges_(bridges) {}

private:
    bool hear(std::string_view bytes) override {
        input_ += bytes;
        return input_.size() <= 2 * ControlServer::request_bytes_max;
    }
    Progress go_on(std::string& reply) override {
        if (list_) {
            // What it tells of may have gone.
            if (removals_ != bridges_.list().removals()) return Progress::over;
            go_on_listing(reply);
            return Progress::more;
        }
        const std::size_t end = input_.find('\n');
        if (end == std::string::npos && input_.size() <= ControlServer::request_bytes_max)
            return Progress::waits;
        if (end > ControlServer::request_bytes_max) {
            reply += failure(
                nullptr, invalid_request,
                fmt::format("a request has {} bytes at most", ControlServer::request_bytes_max));
            return Progress::over;
        }
        answer(std::string_view(input_).substr(0, end), reply);
        input_.erase(0, end + 1);
        return Progress::more;
    }

    void answer(std::string_view request, std::string& reply);
    void run(const ControlCommand& command, const json& id,
             const std::optional<Parameters>& parameters, std::string& reply);
    void go_on_listing(std::string& reply);

    ControlledBridges& bridges_;
    std::string input_;
    ControlList list_;            // what is being told
    std::uint64_t removals_ = 0;  // of bridges, when it began
    bool list_begun_ = false;
};

void Dialog::answer(std::string_view request, std::string& reply) {
    const json call = json::parse(request, nullptr, false);
    if (call.is_discarded()) {
        reply += failure(nullptr, parse_error, "this line is not JSON");
    } else if (!is_request(call)) {
        reply += failure(nullptr, invalid_request,
                         "not a JSON-RPC 2.0 request: one object with jsonrpc, id and method");
    } else if (call.contains("id")) {  // of a notification nobody would hear: nothing is done
        const auto id = call.value("id", json(nullptr));
        const auto& method = call["method"].get_ref<const std::string&>();
        const auto command = std::ranges::find(control_commands(), method, &ControlCommand::name);
        if (command == control_commands().end())
            reply +=
                failure(id, method_not_found, "no command '" + method + "'; see switchctl --help");
        else
            run(*command, id, parameters_of(call), reply);
    }
}

void Dialog::run(const ControlCommand& command, const json& id,
                 const std::optional<Parameters>& parameters, std::string& reply) {
    if (!parameters || parameters->words.size() < command.arguments_min ||
        parameters->words.size() > command.arguments_max) {
        reply += failure(id, invalid_params,
                         fmt::format("params of {} are an array of {} to {} strings", command.name,
                                     command.arguments_min, command.arguments_max));
        return;
    }
    const auto context = bridges_.context(parameters->bridge);
    if (!context) {
        reply += failure(id, refused,
                         fmt::format("there is no bridge '{}' (see switchctl bridges)",
                                     printable(parameters->bridge)));
        return;
    }
    ControlReply result = command.run(*context, parameters->words);
    if (!result) {
        reply += failure(id, refused, result.error());
        return;
    }
    reply += fmt::format(R"({{"jsonrpc":"2.0","id":{},"result":)", text_of(id));
    if (auto* list = std::get_if<ControlList>(&*result)) {
        list_ = std::move(*list);
        removals_ = bridges_.list().removals();
        list_begun_ = false;
        reply += '[';
    } else {
        reply += text_of(std::get<json>(*result)) + "}\n";
    }
}

void Dialog::go_on_listing(std::string& reply) {
    json entries = json::array();
    const bool more = list_(entries);
    for (const json& entry : entries) {
        if (std::exchange(list_begun_, true)) reply += ',';
        reply += text_of(entry);
    }
    if (more) return;
    list_ = {};
    reply += "]}\n";
}

}  // namespace

ControlServer::ControlServer(RequestTurns& turns, const std::string& path,
                             ControlledBridges& bridges)
    : socket_(turns, path, [&bridges] { return std::make_unique<Dialog>(bridges); }) {}

}  // namespace switchd
