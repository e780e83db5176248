#include "flows/rule_actions.h"

#include <algorithm>

namespace switchd {

bool outputs_to(const RuleActions& actions, PortNumber port) {
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

}  // namespace switchd
