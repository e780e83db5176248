// The bridges of one process, by their names, in the order in which they were made.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "switchd/bridge.h"

namespace switchd {

class BridgeList {
public:
    std::span<Bridge* const> all() const { return bridges_; }
    // Null: there is none.
    Bridge* find(std::string_view name) const {
        for (Bridge* bridge : bridges_)
            if (bridge->name() == name) return bridge;
        return nullptr;
    }

    // The bridge must outlive its place here.
    void add(Bridge& bridge) { bridges_.push_back(&bridge); }
    void remove(const Bridge& bridge) {
        std::erase(bridges_, &bridge);
        ++removals_;
    }
    // How many have gone so far: who tells a long list piece by piece must not go on when one has.
    std::uint64_t removals() const { return removals_; }

private:
    std::vector<Bridge*> bridges_;
    std::uint64_t removals_ = 0;
};

}  // namespace switchd
