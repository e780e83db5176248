// Random lines of flow text: nothing may crash, an error lies within the line, and what was
// understood is printed so that it is understood as the same again.
//
// Input: the first byte is the command, the rest is the line.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "flows/action_parser.h"
#include "flows/action_text.h"
#include "flows/flow_text.h"
#include "flows/match_text.h"

namespace {

using namespace switchd;

void require(bool condition) {
    if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string line(reinterpret_cast<const char*>(data + 1), size - 1);
    const auto mod = parse_flow_mod(line, static_cast<FlowMod::Command>(data[0] % 5));
    if (!mod) {
        require(mod.error().position <= line.size());
        require(!mod.error().wrong.empty() && !mod.error().expected.empty());
        require(explained(line, mod.error()).size() < 1024);
        return 0;
    }
    const auto match = parse_match(match_text(mod->match));
    require(match && *match == mod->match);
    const auto actions = parse_actions(actions_text(mod->actions), mod->match);
    require(actions && *actions == mod->actions);
    return 0;
}
