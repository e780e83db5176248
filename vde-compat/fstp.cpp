#include "vde-compat/fstp.h"

#include <algorithm>

namespace switchd::vde {

Fstp::Fstp(FstpHost& host, MacAddress mac, std::uint16_t priority)
    : host_(host), self_(fstp_bridge_id(priority, mac)), priority_(priority) {}

void Fstp::enable(bool on, TimePoint now) {
    if (on == enabled()) return;
    if (on)
        next_hello_ = now + fstp_hello;
    else
        next_hello_.reset();
    next_wake_.reset();
    for (auto& [vlan, tree] : trees_) {
        if (on)
            tree.start();
        else
            tree.stop(now);
        finish(tree, now);
    }
}

void Fstp::add_vlan(unsigned vlan, TimePoint now) {
    trees_.try_emplace(vlan, host_, vlan, self_, enabled(), now);
}

void Fstp::remove_vlan(unsigned vlan) {
    trees_.erase(vlan);
}

void Fstp::add_port(unsigned vlan, unsigned port, bool tagged, TimePoint now) {
    const auto at = trees_.find(vlan);
    if (at == trees_.end()) return;
    at->second.add_port(port, tagged);
    finish(at->second, now);
}

void Fstp::remove_port(unsigned vlan, unsigned port, TimePoint now) {
    const auto at = trees_.find(vlan);
    if (at == trees_.end()) return;
    at->second.remove_port(port, now);
    finish(at->second, now);
}

bool Fstp::set_edge(unsigned vlan, unsigned port, bool edge, TimePoint now) {
    const auto at = trees_.find(vlan);
    if (at == trees_.end()) return false;
    at->second.set_edge(port, edge, now);
    finish(at->second, now);
    return true;
}

bool Fstp::set_bonus(unsigned vlan, unsigned port, std::uint32_t cost, TimePoint now) {
    const auto at = trees_.find(vlan);
    if (at == trees_.end()) return false;
    at->second.set_bonus(port, cost, now);
    finish(at->second, now);
    return true;
}

bool Fstp::receive(unsigned vlan, unsigned port, std::span<const std::byte> frame, TimePoint now) {
    if (!enabled() || !is_fstp_address(frame)) return false;
    const auto message = fstp_decode(frame);
    const auto at = trees_.find(vlan);
    if (message && at != trees_.end()) {
        at->second.receive(port, *message, now);
        finish(at->second, now);
    }
    return true;
}

std::optional<TimePoint> Fstp::next_deadline() const {
    if (next_hello_ && next_wake_) return std::min(*next_hello_, *next_wake_);
    return next_hello_;
}

void Fstp::tick(TimePoint now) {
    if (next_wake_ && now >= *next_wake_) {
        next_wake_.reset();
        for (auto& [vlan, tree] : trees_) finish(tree, now);
    }
    if (!next_hello_ || now < *next_hello_) return;
    next_hello_ = now + fstp_hello;
    for (auto& [vlan, tree] : trees_) tree.hello(now);
}

void Fstp::finish(FstpTree& tree, TimePoint now) {
    if (const auto again = tree.finish(now))
        next_wake_ = std::min(next_wake_.value_or(*again), *again);
}

std::vector<FstpTreeView> Fstp::trees(TimePoint now) const {
    std::vector<FstpTreeView> views;
    for (const auto& [vlan, tree] : trees_) views.push_back(tree.view(now));
    return views;
}

std::optional<FstpTreeView> Fstp::tree(unsigned vlan, TimePoint now) const {
    const auto at = trees_.find(vlan);
    if (at == trees_.end()) return std::nullopt;
    return at->second.view(now);
}

PortState Fstp::state(unsigned vlan, unsigned port) const {
    const auto at = trees_.find(vlan);
    return at == trees_.end() ? PortState::forwarding : at->second.state(port);
}

}  // namespace switchd::vde
