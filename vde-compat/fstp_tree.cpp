#include "vde-compat/fstp_tree.h"

#include <algorithm>
#include <limits>

namespace switchd::vde {

namespace {

constexpr FstpBridgeId no_bridge{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
constexpr std::chrono::seconds send_window{1};

}  // namespace

FstpTree::FstpTree(FstpHost& host, unsigned vlan, FstpBridgeId self, bool speaks, TimePoint now)
    : host_(host),
      vlan_(vlan),
      self_(self),
      speaks_(speaks),
      created_(now),
      root_(self),
      designated_(no_bridge) {
    if (speaks_) host_.fstp_root(0, vlan_, root_);
}

void FstpTree::add_port(unsigned number, bool tagged) {
    const auto [at, is_new] = ports_.try_emplace(number);
    at->second.tagged = tagged;
    if (!speaks_) return;
    at->second.wants_send = true;
    if (is_new) change_topology(number);
}

void FstpTree::remove_port(unsigned number, TimePoint now) {
    const auto at = ports_.find(number);
    if (at == ports_.end()) return;
    const bool heard = at->second.heard.has_value();
    ports_.erase(at);
    if (!speaks_) return;
    if (heard) host_.fstp_lost(number, vlan_);
    settle(now);
    change_topology(std::nullopt);
}

void FstpTree::set_edge(unsigned number, bool edge, TimePoint now) {
    if (edge)
        edges_.insert(number);
    else
        edges_.erase(number);
    const auto at = ports_.find(number);
    if (!speaks_ || at == ports_.end()) return;
    auto& port = at->second;
    port.offer.reset();
    port.child.reset();
    port.spoken.reset();
    port.looped.reset();
    port.wants_send = true;
    settle(now);
}

void FstpTree::set_bonus(unsigned port, std::uint32_t cost, TimePoint now) {
    bonus_port_ = port;
    bonus_cost_ = cost;
    if (!speaks_) return;
    settle(now);
}

void FstpTree::start() {
    if (speaks_) return;
    speaks_ = true;
    for (auto& [number, port] : ports_) port.wants_send = true;
}

void FstpTree::stop(TimePoint now) {
    if (!speaks_) return;
    for (auto& [number, port] : ports_) {
        Port fresh;
        fresh.tagged = port.tagged;
        fresh.state = port.state;
        port = fresh;
    }
    become(std::nullopt, {self_, 0, no_bridge}, now);
    set_states();
    speaks_ = false;
    hold_.reset();
    for (auto& [number, port] : ports_) port.wants_send = port.wants_topology_change = false;
}

std::uint32_t FstpTree::port_cost(unsigned port) const {
    if (port != bonus_port_) return fstp_port_cost;
    return fstp_port_cost - std::min(bonus_cost_, fstp_port_cost - 1);
}

std::optional<FstpTree::Vector> FstpTree::path(unsigned number, const Port& port) const {
    if (!port.offer || port.looped || is_edge(number)) return std::nullopt;
    const auto& offered = port.offer->vector;
    const auto cost = port_cost(number);
    if (offered.root >= self_ || offered.cost > std::numeric_limits<std::uint32_t>::max() - cost)
        return std::nullopt;
    return Vector{offered.root, offered.cost + cost, offered.bridge};
}

void FstpTree::receive(unsigned number, const FstpBpdu& message, TimePoint now) {
    const auto at = ports_.find(number);
    if (!speaks_ || at == ports_.end() || is_edge(number)) return;
    auto& port = at->second;
    hear(number, port, now);

    if (message.bridge == self_) {
        // Two of our ports are wired together, perhaps through a switch that speaks no FSTP. The
        // lowest of them stays open.
        if (message.port <= fstp_port_id(number)) port.looped = now;
    } else {
        port.spoken = now;
        if (message.role == FstpRole::root)
            hear_child(number, port, message, now);
        else
            hear_offer(number, port, message, now);
    }
    settle(now);
    if (message.topology_change && message.bridge != self_ && port.state == PortState::forwarding)
        change_topology(number);
}

void FstpTree::hear(unsigned number, Port& port, TimePoint now) {
    if (!port.heard) host_.fstp_heard(number, vlan_);
    port.heard = now;
}

void FstpTree::hear_child(unsigned number, Port& port, const FstpBpdu& message, TimePoint now) {
    if (port.offer && port.offer->vector.bridge == message.bridge) port.offer.reset();
    if (message.root == root_ && !is_root_port(number)) port.child = Child{message.bridge, now};
    if (message.root > root_) port.wants_send = true;
}

void FstpTree::hear_offer(unsigned number, Port& port, const FstpBpdu& message, TimePoint now) {
    if (port.child && port.child->bridge == message.bridge) port.child.reset();
    const Vector offered{message.root, message.cost, message.bridge};
    if (!port.offer || port.offer->vector.bridge == message.bridge ||
        offered < port.offer->vector || now - port.offer->heard > fstp_offer_life)
        port.offer = Offer{offered, now};

    // A neighbour that we serve better than it knows, and one that waits for our agreement.
    const bool ours_is_better =
        root_ < message.root ||
        (root_ == message.root && cost_ < message.cost && message.cost - cost_ > fstp_port_cost);
    if (ours_is_better || (message.proposal && is_root_port(number))) port.wants_send = true;
}

void FstpTree::hello(TimePoint now) {
    if (!speaks_) return;
    for (auto& [number, port] : ports_) forget_silent(number, port, now);
    settle(now);
    for (auto& [number, port] : ports_) send(number, port, true, now);
}

void FstpTree::forget_silent(unsigned number, Port& port, TimePoint now) {
    if (port.offer && now - port.offer->heard > fstp_offer_life) port.offer.reset();
    // A child that fell silent with its port is left in peace: nobody is there who could loop.
    if (port.child && port.spoken && *port.spoken - port.child->heard > fstp_offer_life)
        port.child.reset();
    if (port.looped && now - *port.looped > fstp_lost_after) port.looped.reset();
    if (port.spoken && now - *port.spoken > fstp_max_age) port.spoken.reset();
    if (port.heard && now - *port.heard > fstp_lost_after) {
        port.heard.reset();
        host_.fstp_lost(number, vlan_);
    }
}

void FstpTree::settle(TimePoint now) {
    const bool root_changed = choose_root(now);
    const bool was_forwarding = root_port_ && state(*root_port_) == PortState::forwarding;
    set_states();
    // vde_switch tells the state of a new root port even if it is the old one.
    if (root_changed && was_forwarding)
        host_.fstp_status(*root_port_, vlan_, PortState::forwarding);
}

bool FstpTree::choose_root(TimePoint now) {
    const auto before = own_vector();
    if (hold_ && now >= hold_->until) hold_.reset();
    const auto limit = hold_ ? hold_->limit : before;
    Vector best{self_, 0, no_bridge};
    std::optional<unsigned> best_port;
    for (auto& [number, port] : ports_) {
        const auto candidate = path(number, port);
        if (!candidate) continue;
        if (!is_root_port(number) && port.offer->vector >= limit) continue;
        if (is_better(*candidate, number, best, best_port)) {
            best = *candidate;
            best_port = number;
        }
    }
    if (best_port) root_heard_ = ports_.at(*best_port).offer->heard;
    if (best_port == root_port_ && best.root == root_ && best.cost == cost_ &&
        best.bridge == designated_)
        return false;

    const bool is_worse = best.root > root_ || (best.root == root_ && best.cost > cost_);
    if (is_worse) {
        hold_ = Hold{std::min(limit, before), now + fstp_hold};
        for (auto& [number, port] : ports_) port.child.reset();
    }
    become(best_port, best, now);
    return true;
}

bool FstpTree::is_better(const Vector& path, unsigned number, const Vector& best,
                         std::optional<unsigned> best_port) const {
    if (path.root != best.root) return path.root < best.root;
    if (path.cost != best.cost) return path.cost < best.cost;
    // Of equals the present root port, so that nothing changes without need.
    if (is_root_port(number) || best_port == root_port_) return is_root_port(number);
    return path.bridge < best.bridge;
}

void FstpTree::become(std::optional<unsigned> root_port, const Vector& path, TimePoint now) {
    root_ = path.root;
    cost_ = path.cost;
    designated_ = path.bridge;
    root_port_ = root_port;
    if (root_port)
        ports_.at(*root_port).child.reset();
    else
        root_heard_ = now;
    host_.fstp_root(root_port_.value_or(0), vlan_, root_);
    for (auto& [number, port] : ports_)
        if (port.spoken) port.wants_send = true;
}

bool FstpTree::may_forward(unsigned number, const Port& port) const {
    if (is_edge(number)) return true;
    if (port.looped) return false;
    if (is_root_port(number) || !port.spoken) return true;
    // Where several neighbours share a link, one that offers a better path serves the others.
    return port.child && !(port.offer && port.offer->vector < own_vector());
}

void FstpTree::set_states() {
    for (const auto state : {PortState::discarding, PortState::forwarding})
        for (auto& [number, port] : ports_) {
            const auto wanted =
                may_forward(number, port) ? PortState::forwarding : PortState::discarding;
            if (wanted == state && port.state != state) set_state(number, port, state);
        }
}

void FstpTree::set_state(unsigned number, Port& port, PortState state) {
    port.state = state;
    port.wants_send = true;
    host_.set_port_state(number, vlan_, state);
    host_.fstp_status(number, vlan_, state);
    change_topology(number);
}

void FstpTree::change_topology(std::optional<unsigned> except) {
    host_.flush_macs(vlan_);
    for (auto& [number, port] : ports_) {
        if (number == except || !port.spoken) continue;
        // A blocked port only reminds its neighbour of us, who may need us just now: a vde_switch
        // that lost its root does not ask on ports that were blocked before.
        port.wants_send = true;
        if (port.state == PortState::forwarding) port.wants_topology_change = true;
    }
}

std::optional<TimePoint> FstpTree::finish(TimePoint now) {
    if (!speaks_) return std::nullopt;
    if (hold_ && now >= hold_->until) settle(now);
    auto again = send_waiting(now);
    if (hold_) again = std::min(again.value_or(hold_->until), hold_->until);
    return again;
}

std::optional<TimePoint> FstpTree::send_waiting(TimePoint now) {
    std::optional<TimePoint> again;
    for (auto& [number, port] : ports_) {
        if (!port.wants_send) continue;
        if (now - port.window_start >= send_window) {
            port.window_start = now;
            port.sends = 0;
        }
        const auto next_window = port.window_start + send_window;
        if (port.sends < fstp_sends_max) {
            ++port.sends;
            send(number, port, false, now);
        } else {
            again = std::min(again.value_or(next_window), next_window);
        }
    }
    return again;
}

FstpBpdu FstpTree::message(unsigned number, const Port& port, bool is_hello, TimePoint now) const {
    const bool forwards = port.state == PortState::forwarding;
    FstpBpdu message;
    message.role = !forwards              ? FstpRole::backup
                   : is_root_port(number) ? FstpRole::root
                                          : FstpRole::designated;
    message.topology_change = port.wants_topology_change;
    message.proposal = !forwards;
    message.learning = message.forwarding = forwards;
    message.agreement = is_hello || (message.role == FstpRole::root && !message.topology_change);
    message.root = root_;
    message.cost = cost_;
    message.bridge = self_;
    message.port = fstp_port_id(number);
    message.age_s = root_port_ ? static_cast<std::uint16_t>(age(now).count()) : std::uint16_t{0};
    message.max_age_s = fstp_max_age.count();
    message.hello_s = fstp_hello.count();
    return message;
}

void FstpTree::send(unsigned number, Port& port, bool is_hello, TimePoint now) {
    if (!is_edge(number)) {
        const FstpFrame frame(
            message(number, port, is_hello, now),
            port.tagged ? std::optional(static_cast<std::uint16_t>(vlan_)) : std::nullopt);
        host_.send_bpdu(number, frame.bytes());
    }
    port.wants_send = port.wants_topology_change = false;
}

std::chrono::seconds FstpTree::age(TimePoint now) const {
    const auto since = root_port_ ? root_heard_ : created_;
    return std::chrono::duration_cast<std::chrono::seconds>(now - since);
}

FstpTreeView FstpTree::view(TimePoint now) const {
    FstpTreeView view;
    view.vlan = vlan_;
    view.is_root = !root_port_;
    view.root = root_;
    view.designated = designated_;
    view.root_port = root_port_.value_or(0);
    view.cost = cost_;
    view.age = age(now);
    view.bonus_port = bonus_port_;
    view.bonus_cost = bonus_cost_;
    for (const auto& [number, port] : ports_) {
        const auto role = is_edge(number)                       ? "Edge"
                          : port.state == PortState::discarding ? "Alternate/Backup"
                          : is_root_port(number)                ? "Root"
                                                                : "Designated";
        view.ports.push_back({number, port.tagged, fstp_port_cost, role});
    }
    return view;
}

PortState FstpTree::state(unsigned port) const {
    const auto at = ports_.find(port);
    return at == ports_.end() ? PortState::forwarding : at->second.state;
}

}  // namespace switchd::vde
