#include "switchd/unixctl_trace.h"

#include <fmt/format.h>

#include "flows/match_text.h"
#include "flows/packet_trace.h"
#include "switchd/datapath_flow_text.h"
#include "switchd/hex_frame.h"

namespace switchd {
namespace {

// What follows a step that is not the last of its list stands further right.
std::string steps_text(const PacketTrace& trace) {
    const std::size_t count = trace.steps.size();
    std::vector<bool> last(count, true);
    std::vector<std::size_t> latest(count + 1, count);  // step of each parent; [count]: of the root
    const auto list_of = [&](const TraceStep& step) {
        return step.parent == TraceStep::no_parent ? count : step.parent;
    };
    for (std::size_t i = 0; i < count; ++i) {
        std::size_t& before = latest[list_of(trace.steps[i])];
        if (before != count) last[before] = false;
        before = i;
    }
    std::string text;
    std::vector<std::size_t> level(count + 1, 0);  // of each step's list
    for (std::size_t i = 0; i < count; ++i) {
        const TraceStep& step = trace.steps[i];
        const bool closed = step.kind == TraceStep::Kind::action ||
                            step.kind == TraceStep::Kind::note ||
                            step.kind == TraceStep::Kind::warning;
        const std::size_t outer = level[list_of(step)];
        const std::size_t more = closed || !last[i] ? 1 : 0;
        level[i] = outer + 2 * more;
        text.append((outer + more) * 4, ' ');
        switch (step.kind) {
            case TraceStep::Kind::action: text += step.text; break;
            case TraceStep::Kind::note: text += " -> " + step.text; break;
            case TraceStep::Kind::warning: text += " >> " + step.text; break;
            case TraceStep::Kind::action_set: text += "--. Executing action set:"; break;
            case TraceStep::Kind::table:
                text += fmt::format("{:2}. ", step.table);
                if (!step.matched) {
                    text += "No match.\n" + std::string((level[i] + 1) * 4, ' ') + "drop";
                    break;
                }
                text += fmt::format("{}{}priority {}", step.text, step.text.empty() ? "" : ", ",
                                    step.priority);
                if (step.cookie != 0) text += fmt::format(", cookie {:#x}", step.cookie);
                const bool rule_is_empty = i + 1 == count || trace.steps[i + 1].parent != i;
                if (rule_is_empty) text += "\n" + std::string((level[i] + 1) * 4, ' ') + "drop";
        }
        text += '\n';
    }
    if (trace.cut_off) text += "(and more steps)\n";
    return text;
}

std::string trace_text(const Bridge& bridge, const PacketTrace& trace) {
    const std::string header = fmt::format("bridge(\"{}\")", bridge.name());
    return fmt::format(
        "Flow: {}\n\n{}\n{}\n{}\nFinal flow: {}\nMegaflow: {}\nDatapath actions: {}\n",
        packet_text(trace.packet), header, std::string(header.size(), '-'), steps_text(trace),
        trace.left == trace.packet ? "unchanged" : packet_text(trace.left),
        megaflow_text(trace.packet, trace.verdict.mask),
        datapath_actions_text(trace.verdict.program, trace.packet,
                              [](PortNumber port) { return std::to_string(port); }));
}

}  // namespace

UnixctlReply trace_flow(const UnixctlContext& context, UnixctlArguments arguments) {
    const std::string& text = arguments.back();
    if (arguments.size() == 1 || arguments[1].find('(') != std::string::npos)
        return failure(fmt::format(
            "syntax error at {} (or the bridge name was omitted): a bridge and a flow as ovs-ofctl "
            "takes it are needed",
            arguments.size() == 1 ? text : arguments[1]));
    Bridge* const found = context.bridges.find(arguments[0]);
    if (!found) return failure(arguments[0] + ": unknown bridge");
    Bridge& bridge = *found;
    auto packet = parse_packet(arguments[1],
                               [&](std::string_view name) { return bridge.port_of_name(name); });
    if (!packet)
        return failure(
            fmt::format("Bad openflow flow syntax: {}: {}", arguments[1], packet.error().wrong));
    const bool comes_in = arguments.size() > 2;
    if (comes_in && text != "-generate" && text != "--generate") {
        if (text.starts_with('-')) return failure(text + ": unknown option");
        const auto frame = parse_hex_frame(text);
        if (!frame) return failure(frame.error());
        *packet = extract(*frame, packet->in_port());
    }
    // As Open vSwitch has it, who does not say where a packet comes in means no port.
    const bool from_nowhere = !bridge.find_port(packet->in_port());
    if (from_nowhere && packet->in_port() == 0) packet->set(field::in_port, reserved_port::any);
    const PacketTrace trace = trace_packet(bridge.tables(), *packet, bridge.now(), from_nowhere);
    if (comes_in) {
        bridge.tables().perform(trace.verdict, bridge.now());
        bridge.ageing_changed();
    }
    return trace_text(bridge, trace);
}

}  // namespace switchd
