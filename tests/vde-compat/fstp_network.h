// A network of spanning tree engines in one thread: switches, cables that deliver in order, a clock
// turned by hand, and the questions that tests ask about what forwards.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "switchd/core/clock.h"
#include "vde-compat/fstp.h"

namespace switchd::vde {

class Dice {
public:
    explicit Dice(unsigned seed) : engine_(seed) {}
    unsigned below(std::size_t n) { return static_cast<unsigned>(engine_() % n); }

private:
    std::mt19937 engine_;
};

// One host callback surface that writes down everything.
struct RecordingHost final : FstpHost {
    struct Sent {
        unsigned port;
        std::vector<std::byte> frame;
        FstpBpdu message;
    };

    void send_bpdu(unsigned port, std::span<const std::byte> frame) override {
        if (on_send) return on_send(port, {frame.begin(), frame.end()});
        const auto message = fstp_decode(frame);
        sent.push_back({port, {frame.begin(), frame.end()}, message.value_or(FstpBpdu{})});
    }
    void set_port_state(unsigned port, unsigned vlan, PortState state) override {
        states[{vlan, port}] = state;
    }
    void flush_macs(unsigned vlan) override { ++flushes[vlan]; }
    void fstp_heard(unsigned port, unsigned vlan) override { note("+", port, vlan); }
    void fstp_lost(unsigned port, unsigned vlan) override { note("-", port, vlan); }
    void fstp_status(unsigned port, unsigned vlan, PortState state) override {
        note(state == PortState::forwarding ? "forwarding" : "discarding", port, vlan);
    }
    void fstp_root(unsigned port, unsigned vlan, const FstpBridgeId& root) override {
        note("root " + std::to_string(root.back()), port, vlan);
    }
    void note(const std::string& what, unsigned port, unsigned vlan) {
        events.push_back(what + " " + std::to_string(port) + "@" + std::to_string(vlan));
    }

    std::vector<Sent> take_sent() { return std::exchange(sent, {}); }
    std::vector<std::string> take_events() { return std::exchange(events, {}); }

    std::vector<Sent> sent;
    std::map<std::pair<unsigned, unsigned>, PortState> states;
    std::map<unsigned, unsigned> flushes;
    std::vector<std::string> events;
    std::function<void(unsigned, const std::vector<std::byte>&)> on_send;
};

// The MAC address of switch n ends in n, so the root is the switch with the lowest number.
inline MacAddress switch_mac(unsigned n) {
    return MacAddress::from_u64(0x00ff'0000'0000 + n);
}

class FstpNetwork {
public:
    struct Membership {
        unsigned vlan;
        bool tagged;
    };

    explicit FstpNetwork(unsigned switches, std::vector<Membership> vlans = {{0, false}})
        : vlans_(std::move(vlans)) {
        for (unsigned i = 0; i < switches; ++i) nodes_.push_back(make_node(i));
    }

    // Wires two new ports; a switch may be wired to itself. Returns the cable's number.
    std::size_t connect(unsigned a, unsigned b) {
        const End from{a, ++nodes_[a]->last_port};
        const End to{b, ++nodes_[b]->last_port};
        cables_.push_back(Cable{{from, to}, true, {}});
        for (const auto end : cables_.back().ends) attach(end, cables_.size() - 1);
        return cables_.size() - 1;
    }
    // As when a plug dies: both ports go away.
    void cut(std::size_t cable) {
        cables_[cable].whole = false;
        for (auto& queue : cables_[cable].queues) queue.clear();
        for (const auto [node, port] : cables_[cable].ends) {
            for (const auto& v : vlans_) nodes_[node]->fstp.remove_port(v.vlan, port, now());
            nodes_[node]->cable_of.erase(port);
        }
    }
    // As when what is in between loses everything: the ports stay.
    void silence(std::size_t cable) {
        cables_[cable].whole = false;
        for (auto& queue : cables_[cable].queues) queue.clear();
    }
    void unsilence(std::size_t cable) { cables_[cable].whole = true; }

    // Delivers everything under way, cables in random order. False if it never ends.
    bool deliver(Dice& dice, std::size_t messages_max = 200'000) {
        std::vector<std::pair<std::size_t, std::size_t>> busy;
        for (std::size_t delivered = 0; delivered < messages_max; ++delivered) {
            busy.clear();
            for (std::size_t c = 0; c < cables_.size(); ++c)
                for (const std::size_t side : {0, 1})
                    if (!cables_[c].queues[side].empty()) busy.emplace_back(c, side);
            if (busy.empty()) return true;
            const auto [c, side] = busy[dice.below(busy.size())];
            auto frame = std::move(cables_[c].queues[side].front());
            cables_[c].queues[side].pop_front();
            const auto to = cables_[c].ends[1 - side];
            nodes_[to.node]->fstp.receive(vlan_of(frame), to.port, frame, now());
            ++delivered_;
            if (after_each) after_each();
        }
        return false;
    }
    // Turns the clock, delivering what is sent at each deadline. False if something never ends.
    bool run(std::chrono::seconds duration, Dice& dice) {
        const auto end = now() + duration;
        for (;;) {
            if (!deliver(dice)) return false;
            auto next = end;
            for (const auto& node : nodes_)
                next = std::min(next, node->fstp.next_deadline().value_or(end));
            clock_.advance(next - now());
            if (now() >= end) return deliver(dice);
            for (const auto& node : nodes_) node->fstp.tick(now());
        }
    }

    // Whether frames pass a cable in the VLAN, in both directions.
    bool is_open(std::size_t cable, unsigned vlan) const {
        return cables_[cable].whole && blocked_ends(cable, vlan) == 0;
    }
    unsigned blocked_ends(std::size_t cable, unsigned vlan) const {
        unsigned blocked = 0;
        for (const auto [node, port] : cables_[cable].ends)
            blocked += nodes_[node]->fstp.state(vlan, port) == PortState::discarding;
        return blocked;
    }
    // Number of cycles that frames could run in, whichever way: 0 in a forest.
    unsigned loops(unsigned vlan) const {
        unsigned open = 0;
        for (std::size_t c = 0; c < cables_.size(); ++c) open += is_open(c, vlan);
        return open + pieces(vlan, true) - static_cast<unsigned>(nodes_.size());
    }
    // Number of parts that cannot reach each other over open (or over whole) cables.
    unsigned pieces(unsigned vlan, bool only_open) const {
        std::vector<unsigned> part(nodes_.size());
        for (unsigned i = 0; i < part.size(); ++i) part[i] = i;
        const std::function<unsigned(unsigned)> find = [&](unsigned i) {
            return part[i] == i ? i : part[i] = find(part[i]);
        };
        for (std::size_t c = 0; c < cables_.size(); ++c)
            if (cables_[c].whole && (!only_open || is_open(c, vlan)))
                part[find(cables_[c].ends[0].node)] = find(cables_[c].ends[1].node);
        std::set<unsigned> roots;
        for (unsigned i = 0; i < part.size(); ++i) roots.insert(find(i));
        return static_cast<unsigned>(roots.size());
    }
    bool is_spanning_tree(unsigned vlan) const {
        return loops(vlan) == 0 && pieces(vlan, true) == pieces(vlan, false);
    }

    Fstp& fstp(unsigned node) { return nodes_[node]->fstp; }
    RecordingHost& host(unsigned node) { return nodes_[node]->host; }
    TimePoint now() const { return clock_.now(); }
    std::size_t cable_count() const { return cables_.size(); }
    bool is_whole(std::size_t cable) const { return cables_[cable].whole; }
    bool touches(std::size_t cable, unsigned node) const {
        return cables_[cable].ends[0].node == node || cables_[cable].ends[1].node == node;
    }
    std::size_t delivered() const { return delivered_; }

    std::function<void()> after_each;  // message delivered

private:
    struct End {
        unsigned node;
        unsigned port;
    };
    struct Cable {
        std::array<End, 2> ends;
        bool whole;
        std::array<std::deque<std::vector<std::byte>>, 2> queues;  // from ends[i]
    };
    struct Node {
        Node(MacAddress mac) : fstp(host, mac, 0x8000) {}
        RecordingHost host;
        Fstp fstp;
        unsigned last_port = 0;
        std::map<unsigned, std::pair<std::size_t, std::size_t>> cable_of;  // cable, side
    };

    std::unique_ptr<Node> make_node(unsigned n) {
        auto node = std::make_unique<Node>(switch_mac(n + 1));
        for (const auto& v : vlans_) node->fstp.add_vlan(v.vlan, now());
        node->fstp.enable(true, now());
        node->host.on_send = [this, raw = node.get()](unsigned port, const auto& frame) {
            const auto at = raw->cable_of.find(port);
            if (at == raw->cable_of.end() || !cables_[at->second.first].whole) return;
            cables_[at->second.first].queues[at->second.second].push_back(frame);
        };
        return node;
    }
    void attach(End end, std::size_t cable) {
        auto& node = *nodes_[end.node];
        const auto& ends = cables_[cable].ends;
        const bool first = ends[0].node == end.node && ends[0].port == end.port;
        node.cable_of[end.port] = {cable, first ? 0 : 1};
        for (const auto& v : vlans_) node.fstp.add_port(v.vlan, end.port, v.tagged, now());
    }
    unsigned vlan_of(const std::vector<std::byte>& frame) const {
        if (frame[12] == std::byte{0x81})
            return std::to_integer<unsigned>(frame[14]) << 8 | std::to_integer<unsigned>(frame[15]);
        for (const auto& v : vlans_)
            if (!v.tagged) return v.vlan;
        return 0;
    }

    std::vector<Membership> vlans_;
    ManualClock clock_;
    std::vector<std::unique_ptr<Node>> nodes_;
    std::vector<Cable> cables_;
    std::size_t delivered_ = 0;
};

// SEED from the environment, or `fallback`.
inline unsigned fstp_seed(unsigned fallback) {
    const char* given = std::getenv("SEED");
    return given ? static_cast<unsigned>(std::strtoul(given, nullptr, 0)) : fallback;
}

}  // namespace switchd::vde
