// Action programs by value, each kept once however many use it.
//
// Thousands of megaflows do one of a few things: flooding 1,000 ports takes 4 KiB to say, and is
// said once. Programs stay at their address while in use, so equal programs have equal addresses.
#pragma once

#include <cstddef>
#include <unordered_map>

#include "flows/actions.h"

namespace switchd {

class ProgramSet {
public:
    // Each intern() is owed one release().
    const ActionProgram* intern(const ActionProgram& program);
    void release(const ActionProgram* program);
    std::size_t size() const { return users_.size(); }
    std::size_t bytes() const { return bytes_; }

private:
    struct Hash {
        std::size_t operator()(const ActionProgram& program) const;
    };
    std::unordered_map<ActionProgram, std::size_t, Hash> users_;  // how many
    std::size_t bytes_ = 0;
};

}  // namespace switchd
