// What the ports that are asked for have in common, whichever bridge of the process they are of.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "switchd/links/patch_port.h"

namespace switchd {

struct PortRegistry {
    // Each is there once: a port's socket is named after it.
    std::set<std::string, std::less<>> names;
    PatchBoard patches;
};

}  // namespace switchd
