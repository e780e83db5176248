// One packet's way through the tables, told as a verdict: each bit of the key is folded into the
// mask where it is read, each part of the tables noted in the verdict's reads.
//
// The packet is followed as a working key that actions change. Headers are really edited only in
// front of a step that lets the packet out: what differs then between the working key and the
// packet as it was left by the steps before becomes a SetFields, PushVlan or PopVlan. A bit that an
// action writes is folded, too, because whether an edit is needed depends on it.
//
// What the tables can ask for is bounded: table visits, nesting, steps. A packet for which they go
// beyond is dropped, whatever came before (OpenFlow has no rule for it; Open vSwitch does the
// same). One that is to get a third tag only goes no further.
#pragma once

#include "flows/pipeline.h"

namespace switchd {

// Hears how a verdict comes about, in the order in which it does.
class TranslationObserver {
public:
    virtual ~TranslationObserver() = default;
    // `rule` null: none matches. `depth` counts resubmits; goto_table does not count. `looked_at`:
    // the bits of the key that no step before has looked at.
    virtual void looked_up(unsigned depth, std::uint8_t table, const Rule* rule,
                           const FlowMask& looked_at) = 0;
    virtual void action(unsigned depth, const RuleAction& action) = 0;
    // What an action came to, in words: "forwards to port 2", "NXM_NX_REG0[] is now 0x2".
    virtual void note(unsigned depth, std::string_view words) = 0;
    // The same of what somebody may not have meant.
    virtual void warning(unsigned depth, std::string_view words) = 0;
    // The tables are through; the actions that follow are those of the action set.
    virtual void action_set() = 0;
};

class Translation {
public:
    // The arguments must outlive this. A key that stands for all frames like it has nothing beyond
    // packet_words; a controller's packet may begin with metadata and registers.
    Translation(const Pipeline& tables, const FlowKey& key, TimePoint now,
                TranslationObserver* observer = nullptr);

    // What the tables say, from table 0 on.
    Verdict through_tables();
    // The same of a packet that comes from no port: nothing keeps it out.
    Verdict through_tables_from_nowhere();
    // What `actions` say that came with the packet (a packet-out).
    Verdict through_actions(const RuleActions& actions);

    // The working key at the end: the packet as the last action left it.
    const FlowKey& key() const { return key_; }

private:
    using PortEntry = Pipeline::PortEntry;

    // Of actions that are carried out at the end of the tables (OpenFlow 1.5.1, 5.6).
    struct ActionSet {
        bool pop_vlan = false;
        std::optional<rule_action::DecTtl> dec_ttl;
        std::optional<rule_action::PushVlan> push_vlan;
        RuleActions sets;
        std::optional<RuleAction> output, resubmit;

        RuleActions list() const;  // in the order in which they are carried out
    };
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

    bool admit();
    Verdict finish();

    void walk(std::uint8_t table, PortNumber in_port);
    const Rule* look_up(std::uint8_t table, PortNumber in_port);
    void miss(std::uint8_t table);
    // False: the list ends here, and with it everything that would follow.
    bool carry_out(std::span<const RuleAction> actions);
    bool carry_out(const RuleAction& action);
    void carry_out_set();
    void note_set(std::string_view what);
    void resubmit(const rule_action::Resubmit& resubmit);
    void stop(std::string_view why);
    void write_actions(const RuleActions& actions);

    void output(PortNumber port, std::uint16_t max_len);
    void output_to_port(PortNumber port, bool back);
    void output_to_all(bool flood);
    void send_to(std::vector<PortNumber> ports);
    static constexpr std::uint16_t whole_packet = 0xffff;
    PacketInRequest request(PacketInReason reason, std::uint16_t max_len = whole_packet,
                            std::uint16_t controller_id = 0) const;
    void to_controller(PacketInRequest request);
    PacketInReason action_reason() const;
    bool has(const MatchField& field);
    void set_field(const MatchField& field, FieldValue value, FieldValue mask);
    void move(const rule_action::Move& move);
    void set_vlan_bits(const FlowField& place, std::uint64_t value, bool push);
    void pop_vlan();
    void push_vlan(std::uint16_t tpid);
    bool dec_ttl(const std::vector<std::uint16_t>& controller_ids);
    void commit();
    void commit_vlan();
    void note(std::string_view words) {
        if (observer_) observer_->note(depth_, words);
    }
    void warn(std::string_view words) {
        if (observer_) observer_->warning(depth_, words);
    }

    // NORMAL: a learning VLAN switch.
    void normal();
    Tag read_tag();
    Vlan vlan_of(const Tag& tag) const;
    void learn_source(VlanId vlan);
    std::optional<PortNumber> port_of_destination(VlanId vlan);
    void forward(const Vlan& vlan, PortNumber number);
    void flood(const Vlan& vlan);
    bool takes_floods(const PortEntry& port) const;
    void output_in_vlan(const Vlan& vlan, std::span<const VlanMember> members);

    PortNumber in_port() const { return key_.in_port(); }
    std::uint64_t read(const FlowField& place) {
        verdict_.mask.fold(place);
        return key_.get(place);
    }
    // Why the packet goes nowhere, should nothing let it out; the last reason counts.
    void drop(DropReason reason) {
        reason_ = reason;
        verdict_.counting.blamed = lookup_;
    }
    bool step(Action action);
    bool may_step();

    const Pipeline& tables_;
    TimePoint now_;
    TranslationObserver* observer_;
    FlowKey key_;                 // as actions left it
    FlowKey packet_;              // as the steps so far left the frame
    std::optional<Action> undo_;  // gives back the frame that NORMAL edited; packet_ counts on it
    const PortEntry* ingress_ = nullptr;  // that in_port names by now; null: there is none
    Verdict verdict_;
    DropReason reason_ = DropReason::no_rule;
    std::uint32_t lookup_ = 0;  // the one whose rule is carried out
    ActionSet set_;
    const Rule* rule_ = nullptr;  // whose actions are carried out; null: a packet-out's
    std::uint8_t table_ = 0;
    unsigned depth_ = 0;           // of resubmits within each other
    unsigned back_ = 0;            // those of them that did not go up
    bool sent_to_tables_ = false;  // by a packet-out: the first resubmit is none
    unsigned visits_ = 0;          // of tables, by what they cost
    unsigned actions_ = 0;         // carried out
    std::size_t steps_ = 0;        // of the program, and one for each port that they may be for
    bool in_set_ = false;          // the action set is carried out
    bool ports_hidden_ = false;    // from rules: those of a fragment may be zero to them
    bool stopped_ = false;         // goes no further
    bool too_complex_ = false;     // and is dropped
};

}  // namespace switchd
