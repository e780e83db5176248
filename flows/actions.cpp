#include "flows/actions.h"

#include <fmt/core.h>
#include <fmt/format.h>

namespace switchd {
namespace {

struct StepText {
    std::string operator()(const Output& output) const {
        return fmt::format("output:{}", fmt::join(output.ports, ","));
    }
    std::string operator()(const SetFields& set) const {
        return fmt::format("set({})", to_text(set.edit->key, set.edit->mask));
    }
    std::string operator()(const PushVlan& push) const {
        const std::string tpid =
            push.tpid == tpid_vlan ? "" : fmt::format("tpid={:#06x},", push.tpid);
        return fmt::format("push_vlan({}vid={},pcp={})", tpid, push.tci & 0xfff, push.tci >> 13);
    }
    std::string operator()(const PopVlan&) const { return "pop_vlan"; }
    std::string operator()(const Punt& punt) const {
        switch (punt.to) {
            case LocalConsumer::spanning_tree: return "punt:spanning_tree";
        }
        return "punt";
    }
    std::string operator()(const ToController& to) const {
        return fmt::format("controller:{}", to_string(to.request->reason));
    }
    std::string operator()(const Drop& drop) const {
        return fmt::format("drop:{}", to_string(drop.reason));
    }
};

}  // namespace

std::string to_text(const ActionProgram& program) {
    std::string text;
    for (const Action& step : program.steps) {
        if (!text.empty()) text += ',';
        text += std::visit(StepText{}, step);
    }
    return text;
}

std::uint32_t work_of(std::span<const Action> steps) {
    std::size_t work = 0;
    for (const Action& step : steps) {
        const auto* output = std::get_if<Output>(&step);
        work += output ? output->ports.size() : 1;
    }
    return static_cast<std::uint32_t>(work);
}

std::size_t bytes_of(const ActionProgram& program) {
    std::size_t bytes = program.steps.size() * sizeof(Action);
    for (const Action& step : program.steps) {
        if (const auto* output = std::get_if<Output>(&step))
            bytes += output->ports.size() * sizeof(PortNumber);
        else if (std::holds_alternative<SetFields>(step))
            bytes += sizeof(Match);
        else if (const auto* to = std::get_if<ToController>(&step))
            bytes += sizeof(PacketInRequest) + to->request->userdata.size();
    }
    return bytes;
}

}  // namespace switchd
