// The spanning tree of one VLAN, as one switch sees it.
//
// What is known about a port is what its neighbour last said: an offer ("through me you reach root
// R at cost C"), or that the neighbour is our child (its own root port leads to us). From that
// follow the root port, and which ports forward:
//
//   - a port on which no spanning tree is spoken, and an edge port: always;
//   - the root port;
//   - a port whose neighbour is our child;
//   - no other. A link that is not in the tree is blocked at both its ends, as vde_switch does it.
//
// What keeps it from looping while it changes:
//
//   1. Ports are blocked before others are opened, and a blocked port opens only on hearing, later,
//      that the neighbour became our child and has the same root.
//   2. When our own path gets worse, all children have to say so again: each does after it blocked
//      its own children, so the blocking runs ahead of the news.
//   3. When our own path gets worse, we follow a neighbour only if it was closer to the root than
//      we were, so that its path cannot lead through us. All others may still believe what we told
//      them: for fstp_hold, while the news runs, what they offer is written down but not taken.
//      (The way to count to infinity is to lose the root and to hear of it from a grandchild.)
//   4. Every step adds to the cost, and a cost above 2^32-1 is no path: what still goes round dies
//      out.
//   5. A port sends at most fstp_sends_max messages a second besides hellos; what had to wait is
//      then sent as it stands by then.
//
// vde_switch keeps 1 for roots that it changes to, and none of the others; its messages and its
// answers are the same, so both mix.
//
// Most calls only note what is to be sent: the caller ends each with finish().
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include "switchd/core/clock.h"
#include "vde-compat/console_fstp.h"
#include "vde-compat/fstp_host.h"

namespace switchd::vde {

inline constexpr std::uint32_t fstp_port_cost = 20'000'000;
inline constexpr std::chrono::seconds fstp_hello{4};
// An offer or a child not repeated for this long is no more (looked at with every hello).
inline constexpr std::chrono::seconds fstp_offer_life{12};
// A port silent for this long is told as lost (fstp/-), though what was heard stays in force.
inline constexpr std::chrono::seconds fstp_lost_after{20};
// A port silent for this long is taken to lead to no spanning tree, and opened. vde_switch leaves
// it blocked for ever.
inline constexpr std::chrono::seconds fstp_max_age{40};
inline constexpr unsigned fstp_sends_max = 32;
// Longer than news take through any network of processes, shorter than anybody waits.
inline constexpr std::chrono::milliseconds fstp_hold{200};

class FstpTree {
public:
    // `host` outlives the tree. `speaks`: whether the protocol is on; if not, the tree only keeps
    // the ports, all forwarding.
    FstpTree(FstpHost& host, unsigned vlan, FstpBridgeId self, bool speaks, TimePoint now);

    // A member with an endpoint comes or goes. Adding one that is there changes its tag.
    void add_port(unsigned port, bool tagged);
    void remove_port(unsigned port, TimePoint now);

    // Kept for ports that are not there, too.
    void set_edge(unsigned port, bool edge, TimePoint now);
    // The VLAN has one bonus: what is taken off the cost of one port, never below 1.
    void set_bonus(unsigned port, std::uint32_t cost, TimePoint now);

    void start();
    void stop(TimePoint now);

    void receive(unsigned port, const FstpBpdu& message, TimePoint now);
    // Forgets what was not repeated, and says hello on all ports.
    void hello(TimePoint now);
    // Ends a call: sends what was noted. When to call again, if anything had to wait.
    std::optional<TimePoint> finish(TimePoint now);

    FstpTreeView view(TimePoint now) const;
    PortState state(unsigned port) const;

private:
    // A path to a root.
    struct Vector {
        FstpBridgeId root{};
        std::uint32_t cost = 0;
        FstpBridgeId bridge{};  // that offers it
        auto operator<=>(const Vector&) const = default;
    };
    struct Offer {
        Vector vector;
        TimePoint heard;
    };
    struct Child {
        FstpBridgeId bridge{};
        TimePoint heard;
    };
    struct Port {
        bool tagged = false;
        PortState state = PortState::forwarding;
        std::optional<Offer> offer;
        std::optional<Child> child;
        std::optional<TimePoint> heard;   // any message; none once it was told as lost
        std::optional<TimePoint> spoken;  // a message of another bridge; none after fstp_max_age
        std::optional<TimePoint> looped;  // a message of ours, from a port with a lower number

        bool wants_send = false;
        bool wants_topology_change = false;
        TimePoint window_start;  // of the second in which sends are counted
        unsigned sends = 0;
    };
    struct Hold {
        Vector limit;  // only better offers are taken
        TimePoint until;
    };

    Vector own_vector() const { return {root_, cost_, self_}; }
    bool is_edge(unsigned port) const { return edges_.contains(port); }
    bool is_root_port(unsigned port) const { return root_port_ == port; }
    std::uint32_t port_cost(unsigned port) const;
    // The path through a port, if its offer is one.
    std::optional<Vector> path(unsigned number, const Port& port) const;

    void hear(unsigned number, Port& port, TimePoint now);
    void hear_child(unsigned number, Port& port, const FstpBpdu& message, TimePoint now);
    void hear_offer(unsigned number, Port& port, const FstpBpdu& message, TimePoint now);
    void forget_silent(unsigned number, Port& port, TimePoint now);

    // Draws the conclusions: root, states, what to send.
    void settle(TimePoint now);
    bool choose_root(TimePoint now);  // whether anything changed
    bool is_better(const Vector& path, unsigned number, const Vector& best,
                   std::optional<unsigned> best_port) const;
    void become(std::optional<unsigned> root_port, const Vector& path, TimePoint now);
    bool may_forward(unsigned number, const Port& port) const;
    void set_states();
    void set_state(unsigned number, Port& port, PortState state);
    void change_topology(std::optional<unsigned> except);

    FstpBpdu message(unsigned number, const Port& port, bool is_hello, TimePoint now) const;
    std::optional<TimePoint> send_waiting(TimePoint now);
    void send(unsigned number, Port& port, bool is_hello, TimePoint now);
    std::chrono::seconds age(TimePoint now) const;

    FstpHost& host_;
    unsigned vlan_;
    FstpBridgeId self_;
    bool speaks_;
    TimePoint created_;

    std::map<unsigned, Port> ports_;
    std::set<unsigned> edges_;
    unsigned bonus_port_ = 0;
    std::uint32_t bonus_cost_ = 0;

    FstpBridgeId root_;  // self_ unless there is a root port
    std::uint32_t cost_ = 0;
    FstpBridgeId designated_;  // who offers it; all ones if we are the root
    std::optional<unsigned> root_port_;
    TimePoint root_heard_;
    std::optional<Hold> hold_;
};

}  // namespace switchd::vde
