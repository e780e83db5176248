#include "flows/pipeline.h"

#include <algorithm>

#include "flows/translation.h"

namespace switchd {
namespace {

using Unexpected = std::unexpected<VlanError>;

}  // namespace

Pipeline::Pipeline(const Settings& settings, HashKey key)
    : tables_(changes_, key), vlans_(settings.vlan_policy), macs_(settings.macs, key, this) {
    set_mode(ForwardingMode::normal);
}

Verdict Pipeline::lookup(const FlowKey& key, TimePoint now, TranslationObserver* observer) const {
    return Translation{*this, key.packet(), now, observer}.through_tables();
}

Verdict Pipeline::carry_out(const RuleActions& actions, const FlowKey& key, TimePoint now,
                            TranslationObserver* observer) const {
    return Translation{*this, key, now, observer}.through_actions(actions);
}

MacTable::Handle Pipeline::perform(const Verdict& verdict, TimePoint now) {
    if (!verdict.learn) return {};
    const Learn& learn = *verdict.learn;
    return macs_.learn(learn.vlan, learn.mac, learn.port, now).value_or(MacTable::Handle{});
}

void Pipeline::set_mode(ForwardingMode mode, TimePoint now) {
    FlowMod mod;
    mod.priority = 0;
    mod.actions.emplace_back(rule_action::Output{
        mode == ForwardingMode::hub ? reserved_port::flood : reserved_port::normal});
    std::ignore = tables_.apply(mod, now);
}

void Pipeline::set_fragment_mode(FragmentMode mode) {
    if (mode == fragment_mode_) return;
    fragment_mode_ = mode;
    log_everything();
}

void Pipeline::set_misses_to_controller(bool on) {
    if (on == misses_to_controller_) return;
    misses_to_controller_ = on;
    log_everything();
}

void Pipeline::set_expired_to_controller(bool on) {
    if (on == expired_to_controller_) return;
    expired_to_controller_ = on;
    log_everything();
}

VlanTable::Result Pipeline::add_port(PortNumber port, PortFlags flags) {
    if (const auto added = vlans_.add_port(port); !added) return added;
    const auto at = std::ranges::lower_bound(ports_, port, {}, &PortEntry::number);
    ports_.insert(at, {port, flags});
    log_port(port);
    return {};
}

VlanTable::Result Pipeline::remove_port(PortNumber port) {
    const bool transparent = vlans_.transparent();
    if (const auto removed = vlans_.remove_port(port); !removed) return removed;
    std::erase_if(ports_, [port](const PortEntry& entry) { return entry.number == port; });
    macs_.remove_port(port);
    log_port(port);
    if (vlans_.transparent() != transparent) log_everything();
    return {};
}

VlanTable::Result Pipeline::set_port_flags(PortNumber port, PortFlags flags) {
    const auto at = std::ranges::lower_bound(ports_, port, {}, &PortEntry::number);
    if (at == ports_.end() || at->number != port) return Unexpected{VlanError::no_port};
    if (at->flags == flags) return {};
    if (at->flags.up && !flags.up) macs_.forget_port(port);
    // Who may send to whom depends on both ports' colours; all that read one are hard to name.
    if (at->flags.colour != flags.colour) log_everything();
    at->flags = flags;
    log_port(port);
    return {};
}

std::vector<PortNumber> Pipeline::ports() const {
    std::vector<PortNumber> numbers;
    for (const PortEntry& port : ports_) numbers.push_back(port.number);
    return numbers;
}

void Pipeline::set_colourful(bool on) {
    colourful_ = on;
    log_everything();
}

VlanTable::Result Pipeline::create_vlan(VlanId vlan) {
    return vlans_.create(vlan);
}

VlanTable::Result Pipeline::remove_vlan(VlanId vlan) {
    const auto removed = vlans_.remove(vlan);
    if (removed) macs_.remove_vlan(vlan);
    return removed;
}

VlanTable::Result Pipeline::set_untagged_vlan(PortNumber port, VlanId vlan) {
    const bool transparent = vlans_.transparent();
    const VlanId before = vlans_.untagged_of(port);
    if (const auto set = vlans_.set_untagged(port, vlan); !set) return set;
    if (before == vlan) return {};
    macs_.remove_port(port);
    log_vlan(before, transparent);
    log_vlan(vlan, transparent);
    return {};
}

VlanTable::Result Pipeline::add_tagged_vlan(VlanId vlan, PortNumber port) {
    const bool transparent = vlans_.transparent();
    const auto added = vlans_.add_tagged(vlan, port);
    if (added) log_vlan(vlan, transparent);
    return added;
}

VlanTable::Result Pipeline::remove_tagged_vlan(VlanId vlan, PortNumber port) {
    const bool transparent = vlans_.transparent();
    const auto removed = vlans_.remove_tagged(vlan, port);
    if (!removed) return removed;
    macs_.remove_port(port);
    log_vlan(vlan, transparent);
    return {};
}

VlanTable::Result Pipeline::set_vlan_port_state(VlanId vlan, PortNumber port, VlanPortState state) {
    const auto set = vlans_.set_state(vlan, port, state);
    if (set) log_vlan(vlan, vlans_.transparent());
    return set;
}

void Pipeline::set_vlan_policy(VlanPolicy policy) {
    vlans_.set_policy(policy);
    log_everything();
}

void Pipeline::set_spanning_tree(bool on) {
    spanning_tree_ = on;
    log_everything();
}

std::expected<void, MacError> Pipeline::set_static_mac(VlanId vlan, MacAddress mac, PortNumber port,
                                                       TimePoint now) {
    if (!find_port(port)) return std::unexpected(MacError::no_port);
    return macs_.set_static(vlan, mac, port, now);
}

void Pipeline::configure_macs(const MacTable::Settings& settings) {
    macs_.configure(settings);
    log_everything();  // what is held until a station may move
}

const Pipeline::PortEntry* Pipeline::find_port(PortNumber number) const {
    const auto at = std::ranges::lower_bound(ports_, number, {}, &PortEntry::number);
    return at != ports_.end() && at->number == number ? &*at : nullptr;
}

bool Pipeline::separated(const PortEntry& a, const PortEntry& b) const {
    return colourful_ && a.flags.colour != 0 && a.flags.colour == b.flags.colour;
}

void Pipeline::log_port(PortNumber port) {
    changes_.append({.kind = Change::Kind::port, .port = port});
}

void Pipeline::log_vlan(VlanId vlan, bool transparent_before) {
    if (vlans_.transparent() != transparent_before) return log_everything();
    changes_.append({.kind = Change::Kind::vlan, .vlan = vlan});
}

void Pipeline::mac_learned(const MacEntry& entry) {
    log_mac(entry);
    if (mac_observer_) mac_observer_->mac_learned(entry);
}

void Pipeline::mac_moved(const MacEntry& entry, PortNumber from) {
    log_mac(entry);
    if (mac_observer_) mac_observer_->mac_moved(entry, from);
}

void Pipeline::mac_forgotten(const MacEntry& entry) {
    log_mac(entry);
    if (mac_observer_) mac_observer_->mac_forgotten(entry);
}

}  // namespace switchd
