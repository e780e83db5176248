// What ovs-appctl would print, with all its pieces.
#pragma once

#include <string>

#include "switchd/unixctl_commands.h"

namespace switchd::testing {

inline std::expected<std::string, std::string> whole(const UnixctlReply& reply) {
    if (!reply) return std::unexpected(reply.error());
    std::string text = reply->text;
    while (reply->more && reply->more(text)) continue;
    return text;
}

}  // namespace switchd::testing
