#include "switchd/control_trace.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "flows/match_text.h"
#include "flows/packet_trace.h"
#include "switchd/hex_frame.h"

namespace switchd {

using nlohmann::json;

namespace {

std::string_view kind_text(TraceStep::Kind kind) {
    switch (kind) {
        case TraceStep::Kind::table: return "table";
        case TraceStep::Kind::action: return "action";
        case TraceStep::Kind::note:
        case TraceStep::Kind::warning: return "note";
        case TraceStep::Kind::action_set: return "action_set";
    }
    return {};
}

json rule_json(const TraceStep& step) {
    if (!step.matched) return nullptr;
    return {{"priority", step.priority}, {"match", step.text}, {"cookie", step.cookie}};
}

json step_json(const TraceStep& step, const FlowKey& packet) {
    json result = {{"kind", kind_text(step.kind)}, {"depth", step.depth}};
    if (step.kind == TraceStep::Kind::table) {
        result["table"] = step.table;
        result["rule"] = rule_json(step);
        result["looked_at"] = match_text(packet, step.looked_at);
    } else if (step.kind != TraceStep::Kind::action_set) {
        result["text"] = step.text;
    }
    return result;
}

json drop_json(const PacketTrace& trace) {
    const auto reason = trace.drop_reason();
    if (!reason) return nullptr;
    json result = {{"reason", to_string(*reason)}, {"table", nullptr}, {"rule", nullptr}};
    if (const TraceStep* blamed = trace.blamed_table()) {
        result["table"] = blamed->table;
        result["rule"] = rule_json(*blamed);
    }
    return result;
}

json learn_json(const Verdict& verdict) {
    if (!verdict.learn) return nullptr;
    const Learn& learn = *verdict.learn;
    return {{"mac", learn.mac.to_string()}, {"vlan", learn.vlan}, {"port", learn.port}};
}

std::string rule_text(const json& rule) {
    if (rule.is_null()) return "no rule matches";
    const std::string match = rule.at("match").get<std::string>();
    std::string text = fmt::format("priority={}", rule.at("priority").get<std::uint32_t>());
    if (!match.empty()) text += "," + match;
    if (const auto cookie = rule.at("cookie").get<std::uint64_t>(); cookie != 0)
        text += fmt::format(" cookie={:#x}", cookie);
    return text;
}

std::string step_text(const json& step) {
    const std::string indent(2 + 4 * step.at("depth").get<std::size_t>(), ' ');
    const auto kind = step.at("kind").get<std::string>();
    if (kind == "action_set") return indent + "the action set:\n";
    if (kind == "action") return indent + step.at("text").get<std::string>() + "\n";
    if (kind == "note")
        return fmt::format("{}  -> {}\n", indent, step.at("text").get<std::string>());
    const auto looked_at = step.at("looked_at").get<std::string>();
    return fmt::format("{0}table {1}: {2}\n{0}    looks at {3}\n", indent,
                       step.at("table").get<unsigned>(), rule_text(step.at("rule")),
                       looked_at.empty() ? "nothing new" : looked_at);
}

// Why no packet comes in there; empty if one can.
std::string misplaced(const Bridge& bridge, PortNumber in_port) {
    if (!may_be_port(in_port) || bridge.find_port(in_port)) return "";
    if (in_port == 0) return "say where the packet comes in: in_port=1, or another port";
    if (in_port == port_local) return "there is no port LOCAL (switchd --local TAP)";
    return fmt::format(
        "there is no port {0} (plug something in, or make it on the console: port/create {0})",
        in_port);
}

}  // namespace

ControlReply trace_in_control(const ControlContext& context, ControlArguments arguments) {
    const Bridge& bridge = context.bridge;
    auto packet = parse_packet(arguments[0],
                               [&](std::string_view name) { return bridge.port_of_name(name); });
    if (!packet)
        return std::unexpected("the packet is not understood\n" +
                               explained(arguments[0], packet.error()));
    if (arguments.size() > 1) {
        const auto frame = parse_hex_frame(arguments[1]);
        if (!frame) return std::unexpected("the frame is not understood: " + frame.error());
        const FlowKey headers = extract(*frame, packet->in_port());
        std::copy_n(headers.words.begin(), packet_words, packet->words.begin());
    }
    if (const std::string what = misplaced(bridge, packet->in_port()); !what.empty())
        return std::unexpected(what);
    const PacketTrace trace = trace_packet(bridge.tables(), *packet, bridge.now());
    json steps = json::array();
    for (const TraceStep& step : trace.steps) steps.push_back(step_json(step, trace.packet));
    return json{{"packet", packet_text(trace.packet)},
                {"steps", std::move(steps)},
                {"cut_off", trace.cut_off},
                {"left", packet_text(trace.left)},
                {"learns", learn_json(trace.verdict)},
                {"megaflow", to_text(trace.packet, trace.verdict.mask)},
                {"actions", to_text(trace.verdict.program)},
                {"drop", drop_json(trace)}};
}

std::string trace_text(const json& result) {
    const auto line = [](std::string_view name, const std::string& text) {
        return fmt::format("{:<9} {}\n", name, text);
    };
    std::string text = line("packet", result.at("packet").get<std::string>());
    for (const json& step : result.at("steps")) text += step_text(step);
    if (result.at("cut_off").get<bool>()) text += "  and more steps than can be shown\n";
    if (result.at("left") != result.at("packet"))
        text += line("becomes", result.at("left").get<std::string>());
    if (const json& learn = result.at("learns"); !learn.is_null())
        text +=
            line("learns",
                 fmt::format("{} in VLAN {} on port {}", learn.at("mac").get<std::string>(),
                             learn.at("vlan").get<unsigned>(), learn.at("port").get<PortNumber>()));
    text += line("megaflow", result.at("megaflow").get<std::string>());
    text += line("actions", result.at("actions").get<std::string>());
    if (const json& drop = result.at("drop"); !drop.is_null()) {
        std::string why = drop.at("reason").get<std::string>();
        if (!drop.at("table").is_null())
            why += fmt::format(", in table {}: {}", drop.at("table").get<unsigned>(),
                               rule_text(drop.at("rule")));
        text += line("dropped", why);
    }
    return text;
}

}  // namespace switchd
