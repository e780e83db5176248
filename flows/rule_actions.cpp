#include "flows/rule_actions.h"

#include <algorithm>

namespace switchd {

bool outputs_to(std::span<const RuleAction> actions, PortNumber port) {
    return std::ranges::any_of(actions, [&](const RuleAction& action) {
        if (const auto* output = std::get_if<rule_action::Output>(&action.what))
            return output->port == port;
        if (const auto* enqueue = std::get_if<rule_action::Enqueue>(&action.what))
            return enqueue->port == port;
        if (const auto* written = std::get_if<rule_action::WriteActions>(&action.what))
            return outputs_to(written->actions, port);
        return false;
    });
}

std::size_t bytes_of(std::span<const RuleAction> actions) {
    std::size_t bytes = actions.size_bytes();
    for (const RuleAction& action : actions) {
        if (const auto* controller = std::get_if<rule_action::Controller>(&action.what))
            bytes += controller->userdata.size();
        else if (const auto* dec_ttl = std::get_if<rule_action::DecTtl>(&action.what))
            bytes += dec_ttl->controller_ids.size() * sizeof(std::uint16_t);
        else if (const auto* note = std::get_if<rule_action::Note>(&action.what))
            bytes += note->bytes.size();
        else if (const auto* written = std::get_if<rule_action::WriteActions>(&action.what))
            bytes += bytes_of(written->actions);
    }
    return bytes;
}

}  // namespace switchd
