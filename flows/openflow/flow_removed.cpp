#include "flows/openflow/flow_removed.h"

#include "flows/openflow/flow_mod_codec.h"

namespace switchd::openflow {

ByteSpan FlowRemoved::message(Version version, bool nicira) {
    auto& message = messages_[2 * static_cast<std::size_t>(version) + (nicira ? 1 : 0)];
    if (message.empty()) {
        Writer writer(message);
        if (nicira)
            encode_nicira_flow_removed(writer, rule_, reason_, now_, version);
        else
            encode_flow_removed(writer, rule_, reason_, now_, version);
    }
    return message;
}

}  // namespace switchd::openflow
