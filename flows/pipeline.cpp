#include "flows/pipeline.h"

#include <algorithm>

namespace switchd {
namespace {

constexpr std::uint64_t spanning_tree_group = 0x0180c2000000;

using Unexpected = std::unexpected<VlanError>;

}  // namespace

// One lookup under way: each bit of the key is folded into the mask where it is read, each part of
// the tables noted in the verdict's reads.
class Pipeline::Decision {
public:
    Decision(const Pipeline& tables, const FlowKey& key, TimePoint now)
        : tables_(tables), key_(key.packet()), now_(now) {}

    Verdict make() {
        ingress_ = tables_.find_port(static_cast<PortNumber>(read(field::in_port)));
        if (!ingress_)
            drop(DropReason::port_gone);
        else if (!ingress_->flags.up)
            drop(DropReason::port_down);
        else if (const TableRule* rule = tables_.rules_.lookup(key_, verdict_.mask))
            apply(rule->action);
        else
            drop(DropReason::no_rule);
        verdict_.mask = verdict_.mask.packet();
        return std::move(verdict_);
    }

private:
    // What the frame's outer tag says, and which VLAN that makes it belong to.
    struct Tag {
        bool present = false;
        bool cut_off = false;
        VlanId id = 0;
    };
    struct Vlan {
        bool tagged = false;     // the frame carries it in a tag that the rules of VLANs apply to
        bool untouched = false;  // tags are payload
        VlanId members = 0;      // whose members may have the frame
        VlanId stations = 0;     // where its addresses are learned and looked up
    };

    std::uint64_t read(const FlowField& field) {
        verdict_.mask.fold(field);
        return key_.get(field);
    }
    void drop(DropReason reason) { verdict_.program.steps.assign(1, Drop{reason}); }

    void apply(TableAction action) {
        switch (action) {
            case TableAction::normal: return normal();
            case TableAction::hub: return hub();
            case TableAction::drop: return drop(DropReason::rule_drop);
        }
    }

    // Everything to everybody, as vde_switch does it: but nothing to port 0.
    void hub() {
        verdict_.reads.all_ports = true;
        Output output;
        for (const PortEntry& port : tables_.ports_)
            if (port.number != 0 && takes_floods(port)) output.ports.push_back(port.number);
        if (output.ports.empty()) return drop(DropReason::no_destination);
        verdict_.program.steps.emplace_back(std::move(output));
    }

    void normal() {
        const Tag tag = read_tag();
        if (tag.cut_off) return drop(DropReason::runt);
        const Vlan vlan = vlan_of(tag);
        verdict_.reads.vlan = vlan.members;
        const VlanMember* const member = tables_.vlans_.find(vlan.members, ingress_->number);
        if (!member) return drop(DropReason::vlan_not_member);

        if (tables_.spanning_tree_ && !(vlan.untouched && tag.present) &&
            read(field::eth_dst) == spanning_tree_group) {
            verdict_.program.steps.emplace_back(Punt{LocalConsumer::spanning_tree, vlan.members});
            return;
        }
        if (member->state == VlanPortState::discarding) return drop(DropReason::discarding_state);
        learn_source(vlan.stations);
        if (member->state == VlanPortState::learning) return drop(DropReason::discarding_state);

        if (const auto port = port_of_destination(vlan.stations))
            forward(vlan, *port);
        else
            flood(vlan);
    }

    Tag read_tag() {
        const std::uint64_t tpid = read(field::vlan_tpid);
        const std::uint64_t tci = read(field::vlan_vid);
        if (tpid != tpid_vlan) return {};
        const bool present = (tci & tci_present) != 0;
        return {present, !present, static_cast<VlanId>(tci & 0xfff)};
    }

    Vlan vlan_of(const Tag& tag) const {
        if (tables_.vlans_.transparent())
            return {.untouched = true, .members = 0, .stations = tag.id};
        const VlanId vlan = tag.present ? tag.id : tables_.vlans_.untagged_of(ingress_->number);
        return {.tagged = tag.present, .members = vlan, .stations = vlan};
    }

    void learn_source(VlanId vlan) {
        verdict_.reads.mac_vlan = vlan;
        const MacAddress source = MacAddress::from_u64(read(field::eth_src));
        if (source.is_group()) return;
        if (const auto known = tables_.macs_.find(vlan, source);
            known && known->port != ingress_->number) {
            if (const TimePoint movable = tables_.macs_.movable_from(*known); now_ < movable) {
                verdict_.holds_until = movable;
                return;
            }
        }
        verdict_.learn = Learn{vlan, source, ingress_->number};
    }

    // Where the destination was last heard; the source counts as learned already.
    std::optional<PortNumber> port_of_destination(VlanId vlan) {
        const MacAddress destination = MacAddress::from_u64(read(field::eth_dst));
        if (destination.is_group()) return std::nullopt;
        if (verdict_.learn && verdict_.learn->mac == destination) return ingress_->number;
        if (const auto known = tables_.macs_.find(vlan, destination)) return known->port;
        return std::nullopt;
    }

    void forward(const Vlan& vlan, PortNumber number) {
        if (number == ingress_->number) return drop(DropReason::destination_on_ingress);
        verdict_.reads.port = number;
        const PortEntry* const port = tables_.find_port(number);
        const VlanMember* const member = tables_.vlans_.find(vlan.members, number);
        if (!port || !member) return drop(DropReason::no_destination);
        if (!port->flags.up) return drop(DropReason::port_down);
        if (member->state != VlanPortState::forwarding) return drop(DropReason::discarding_state);
        if (tables_.separated(*ingress_, *port)) return drop(DropReason::no_destination);
        output(vlan, std::span(member, 1));
    }

    void flood(const Vlan& vlan) {
        verdict_.reads.all_ports = true;
        std::vector<VlanMember> members;
        for (const VlanMember& member : tables_.vlans_.members(vlan.members)) {
            const PortEntry* const port = tables_.find_port(member.port);
            if (port && takes_floods(*port) && member.state == VlanPortState::forwarding)
                members.push_back(member);
        }
        output(vlan, members);
    }

    bool takes_floods(const PortEntry& port) const {
        return &port != ingress_ && port.flags.up && port.flags.flood &&
               !tables_.separated(*ingress_, port);
    }

    // First to those who get the frame as it came, then, edited once, to the others.
    void output(const Vlan& vlan, std::span<const VlanMember> members) {
        Output as_it_is, edited;
        for (const VlanMember& member : members) {
            const bool same = vlan.untouched || member.tagged == vlan.tagged;
            (same ? as_it_is : edited).ports.push_back(member.port);
        }
        auto& steps = verdict_.program.steps;
        if (!as_it_is.ports.empty()) steps.emplace_back(std::move(as_it_is));
        if (!edited.ports.empty()) {
            if (vlan.tagged)
                steps.emplace_back(PopVlan{});
            else
                steps.emplace_back(PushVlan{vlan.members});
            steps.emplace_back(std::move(edited));
        }
        if (steps.empty()) drop(DropReason::no_destination);
    }

    const Pipeline& tables_;
    FlowKey key_;
    TimePoint now_;
    const PortEntry* ingress_ = nullptr;
    Verdict verdict_;
};

Pipeline::Pipeline(const Settings& settings, HashKey key)
    : rules_(key), vlans_(settings.vlan_policy), macs_(settings.macs, key, this) {
    set_mode(ForwardingMode::normal);
}

Verdict Pipeline::lookup(const FlowKey& key, TimePoint now) const {
    return Decision{*this, key, now}.make();
}

MacTable::Handle Pipeline::perform(const Verdict& verdict, TimePoint now) {
    if (!verdict.learn) return {};
    const Learn& learn = *verdict.learn;
    return macs_.learn(learn.vlan, learn.mac, learn.port, now).value_or(MacTable::Handle{});
}

void Pipeline::set_mode(ForwardingMode mode) {
    add_rule(Match{}, 0, mode == ForwardingMode::hub ? TableAction::hub : TableAction::normal);
}

void Pipeline::add_rule(const Match& match, std::uint16_t priority, TableAction action) {
    rules_.add(match, priority, action);
    log_everything();
}

bool Pipeline::remove_rule(const Match& match, std::uint16_t priority) {
    const bool removed = rules_.remove(match, priority);
    if (removed) log_everything();
    return removed;
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
    macs_.forget_port(port);
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

std::optional<PortFlags> Pipeline::port_flags(PortNumber port) const {
    const PortEntry* entry = find_port(port);
    if (!entry) return std::nullopt;
    return entry->flags;
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
    if (removed) macs_.forget_vlan(vlan);
    return removed;
}

VlanTable::Result Pipeline::set_untagged_vlan(PortNumber port, VlanId vlan) {
    const bool transparent = vlans_.transparent();
    const VlanId before = vlans_.untagged_of(port);
    if (const auto set = vlans_.set_untagged(port, vlan); !set) return set;
    if (before == vlan) return {};
    macs_.forget_port(port);
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
    macs_.forget_port(port);
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
