#include "flows/program_set.h"

#include <cassert>

#include "flows/keyed_hash.h"

namespace switchd {
namespace {

// Programs come from the tables, not from peers: any spread will do.
class ProgramHash {
public:
    void operator()(const Output& output) {
        for (const PortNumber port : output.ports) add(port);
    }
    void operator()(const SetFields& set) {
        for (const std::uint64_t word : set.edit->key.words) add(word);
    }
    void operator()(const PushVlan& push) { add(std::uint64_t{push.tpid} << 16 | push.tci); }
    void operator()(const ToController& to) {
        add(static_cast<std::uint64_t>(to.request->reason) << 8 | to.request->table);
    }
    void operator()(const PopVlan&) {}
    void operator()(const Punt& punt) { add(punt.vlan); }
    void operator()(const Drop& drop) { add(static_cast<std::uint64_t>(drop.reason)); }

    void add(std::uint64_t value) { sum_ = multiply_fold(sum_ ^ value, 0x9e3779b97f4a7c15); }
    std::uint64_t sum() const { return sum_; }

private:
    std::uint64_t sum_ = 0x243f6a8885a308d3;
};

}  // namespace

std::size_t ProgramSet::Hash::operator()(const ActionProgram& program) const {
    ProgramHash hash;
    for (const Action& step : program.steps) {
        hash.add(step.index());
        std::visit(hash, step);
    }
    return hash.sum();
}

const ActionProgram* ProgramSet::intern(const ActionProgram& program) {
    const auto [at, made] = users_.try_emplace(program, 0);
    if (made) bytes_ += bytes_of(program);
    ++at->second;
    return &at->first;
}

void ProgramSet::release(const ActionProgram* program) {
    const auto at = users_.find(*program);
    assert(at != users_.end() && &at->first == program);
    if (--at->second != 0) return;
    bytes_ -= bytes_of(at->first);
    users_.erase(at);
}

}  // namespace switchd
