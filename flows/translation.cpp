#include "flows/translation.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "flows/action_text.h"
#include "flows/packet_headers.h"

namespace switchd {
namespace {

// Open vSwitch's limits, so that tables written for it work here.
constexpr unsigned back_max = 64;  // resubmits within each other that do not go up
// Of tables; one whose rules have many masks counts as several. About a millisecond of work.
constexpr unsigned visits_max = 4096;
// Of any kind within each other: each takes some of the stack.
constexpr unsigned depth_max = 512;
// More than a packet could need to reach every port of a large switch one by one, edited for each.
// About a millisecond of work.
constexpr std::size_t steps_max = 4096;
constexpr unsigned actions_max = 65536;  // about a millisecond, too

constexpr std::size_t vlan_word = field::vlan_tci.word;
constexpr std::uint64_t tag_bits = 0xffffffff;

// The tags of a key, outer first, as the 32 bits that a TPID and a TCI take.
struct Tags {
    explicit Tags(std::uint64_t word) {
        for (const int shift : {32, 0}) {
            const std::uint64_t tag = word >> shift & tag_bits;
            if ((tag & tci_present) == 0) break;
            tags[count++] = tag;
        }
    }
    std::array<std::uint64_t, 2> tags{};
    std::size_t count = 0;
};

template <class... Kinds>
struct Overloaded : Kinds... {
    using Kinds::operator()...;
};
template <class... Kinds>
Overloaded(Kinds...) -> Overloaded<Kinds...>;

constexpr std::string_view ipv4_has_expired = "IPv4 decrement TTL exception",
                           ipv6_has_expired = "IPv6 decrement TTL exception";

std::uint16_t tci_of(std::uint64_t tag) {
    return static_cast<std::uint16_t>(tag & 0xffff & ~std::uint64_t{tci_present});
}

}  // namespace

Translation::Translation(const Pipeline& tables, const FlowKey& key, TimePoint now,
                         TranslationObserver* observer)
    : tables_(tables), now_(now), observer_(observer), key_(key), packet_(key) {}

Verdict Translation::through_tables() {
    if (admit()) {
        walk(0, in_port());
        if (!stopped_) carry_out_set();
    }
    return finish();
}

Verdict Translation::through_tables_from_nowhere() {
    std::ignore = read(field::in_port);
    walk(0, in_port());
    if (!stopped_) carry_out_set();
    return finish();
}

Verdict Translation::through_actions(const RuleActions& actions) {
    ingress_ = tables_.find_port(key_.in_port());
    carry_out(actions);
    if (!stopped_) carry_out_set();
    return finish();
}

// Whether the frame may come in at all, and how much of a fragment is seen.
bool Translation::admit() {
    ingress_ = tables_.find_port(static_cast<PortNumber>(read(field::in_port)));
    if (!ingress_) return drop(DropReason::port_gone), false;
    if (!ingress_->flags.up || !ingress_->flags.receives) return drop(DropReason::port_down), false;
    if (tables_.parse_depth() == ParseDepth::layer_2) return true;

    FlowMask& mask = verdict_.mask;
    if (!present(Prerequisite::ip, key_, mask) || read(field::ip_frag) == 0) return true;
    switch (tables_.fragment_mode()) {
        case FragmentMode::drop: return drop(DropReason::fragment), false;
        case FragmentMode::nx_match: return true;
        case FragmentMode::normal:
        case FragmentMode::reassemble:
            ports_hidden_ = true;
            verdict_.reads.rewritten = true;
            return true;
    }
    return true;
}

Verdict Translation::finish() {
    auto& steps = verdict_.program.steps;
    const bool let_out = std::ranges::any_of(steps, [](const Action& action) {
        return std::holds_alternative<Output>(action) || std::holds_alternative<Punt>(action) ||
               std::holds_alternative<ToController>(action);
    });
    if (too_complex_ || !let_out)
        steps.assign(1, Drop{stopped_ ? DropReason::too_complex : reason_});
    verdict_.program.work = work_of(steps);
    verdict_.work = visits_ + actions_ + static_cast<std::uint32_t>(steps_);
    verdict_.mask = verdict_.mask.packet();
    return std::move(verdict_);
}

bool Translation::step(Action action) {
    if (!may_step()) return false;
    verdict_.program.steps.push_back(std::move(action));
    ++steps_;
    return true;
}

bool Translation::may_step() {
    if (steps_ < steps_max) return true;
    stop("too many steps: the packet is dropped");
    return false;
}

// ---- tables

// `in_port` is what the first table sees as the ingress port; the packet keeps its own.
void Translation::walk(std::uint8_t table, PortNumber in_port) {
    // What a table has no rule for goes on where an action asked it; not so behind a goto_table.
    bool called = depth_ > (sent_to_tables_ ? 1u : 0u);
    // goto_table only goes up, so this ends; a resubmit comes in anew.
    for (std::optional<std::uint8_t> next = table; next && !stopped_;) {
        table_ = *next;
        next.reset();
        verdict_.reads.tables.add(table_);
        // The first table is asked, whatever it costs.
        const unsigned cost = tables_.flow_tables().lookup_cost(table_);
        if (visits_ != 0 && visits_ + cost > visits_max)
            return stop("too many tables: the packet is dropped");
        visits_ += cost;
        rule_ = look_up(table_, in_port);
        in_port = this->in_port();
        if (!rule_) {
            if (called) return drop(DropReason::no_rule);
            if (tables_.flow_tables().state(table_).miss == TableMiss::go_on &&
                table_ + 1u < table_count) {
                next = static_cast<std::uint8_t>(table_ + 1);
                continue;
            }
            return miss(table_);
        }
        if (rule_->actions.empty()) drop(DropReason::rule_drop);
        if (!carry_out(rule_->actions)) return;
        called = false;
        for (const RuleAction& action : rule_->actions)
            if (const auto* jump = std::get_if<rule_action::GotoTable>(&action.what))
                next = jump->table;
    }
}

const Rule* Translation::look_up(std::uint8_t table, PortNumber in_port) {
    const PortNumber own = this->in_port();
    // Whether the packet may come in was asked for the first table's sake.
    const bool first = verdict_.counting.lookups.empty();
    const FlowMask before = observer_ && !first ? verdict_.mask : FlowMask{};
    const std::uint64_t transport = key_.words[field::tp_src.word];
    if (in_port != own) verdict_.reads.rewritten = true;
    key_.set(field::in_port, in_port);
    if (ports_hidden_) {
        key_.set(field::tp_src, 0);
        key_.set(field::tp_dst, 0);
    }
    const Rule* const rule = tables_.flow_tables().lookup(table, key_, verdict_.mask);
    key_.set(field::in_port, own);
    key_.words[field::tp_src.word] = transport;
    lookup_ = static_cast<std::uint32_t>(verdict_.counting.lookups.size());
    verdict_.counting.lookups.push_back({table, rule != nullptr});
    if (rule) verdict_.counting.rules.push_back(rule->id);
    if (observer_) observer_->looked_up(depth_, table, rule, verdict_.mask.without(before));
    return rule;
}

void Translation::miss(std::uint8_t table) {
    drop(DropReason::no_rule);
    const TableMiss configured = tables_.flow_tables().state(table).miss;
    const bool tell = configured == TableMiss::controller ||
                      (configured == TableMiss::standard && tables_.misses_to_controller());
    if (tell && ingress_ && ingress_->flags.packet_in)
        to_controller(request(PacketInReason::implicit_miss));
}

bool Translation::carry_out(std::span<const RuleAction> actions) {
    for (const RuleAction& action : actions) {
        if (++actions_ > actions_max) {
            stop("too many actions: the packet is dropped");
            return false;
        }
        if (observer_) observer_->action(depth_, action);
        if (!carry_out(action) || stopped_) return false;
    }
    return true;
}

bool Translation::carry_out(const RuleAction& action) {
    using namespace rule_action;
    return std::visit(
        Overloaded{
            [&](const rule_action::Output& a) { return output(a.port, a.max_len), true; },
            [&](const Controller& a) {
                PacketInRequest told =
                    request(static_cast<PacketInReason>(a.reason), a.max_len, a.controller_id);
                told.userdata = a.userdata;
                return to_controller(std::move(told)), true;
            },
            [&](const Enqueue& a) { return output(a.port, 0), true; },
            [&](const SetField& a) {
                return set_field(match_field(a.field), a.value, a.mask), true;
            },
            [&](const Move& a) { return move(a), true; },
            [&](const SetVlanVid& a) {
                return set_vlan_bits(field::vlan_vid, a.vid | tci_present, a.push), true;
            },
            [&](const SetVlanPcp& a) {
                return set_vlan_bits(field::vlan_pcp, a.pcp, a.push), true;
            },
            [&](const rule_action::PopVlan&) { return pop_vlan(), true; },
            [&](const rule_action::PushVlan& a) { return push_vlan(a.tpid), true; },
            [&](const DecTtl& a) { return dec_ttl(a.controller_ids); },
            [&](const Resubmit& a) { return resubmit(a), true; },
            [&](const ClearActions&) {
                note_set("the action set was");
                return set_ = {}, true;
            },
            [&](const WriteActions& a) {
                write_actions(a.actions);
                return note_set("the action set is"), true;
            },
            [&](const WriteMetadata& a) {
                const std::uint64_t metadata = key_.get(field::metadata);
                key_.set(field::metadata, (metadata & ~a.mask) | (a.value & a.mask));
                return true;
            },
            // What the switch has no queues for, what means nothing, and what walk() does.
            [](const SetQueue&) { return true; },
            [](const PopQueue&) { return true; },
            [](const Note&) { return true; },
            [](const GotoTable&) { return true; },
        },
        action.what);
}

void Translation::stop(std::string_view why) {
    stopped_ = too_complex_ = true;
    note(why);
}

// Like a call: the packet and its registers stay as the other table left them.
void Translation::resubmit(const rule_action::Resubmit& resubmit) {
    const std::uint8_t here = table_;
    const std::uint8_t table = resubmit.table == table_current ? here : resubmit.table;
    const unsigned back = table <= here ? 1 : 0;
    if (depth_ >= depth_max || back_ + back > back_max)
        return stop("too many tables call each other: the packet is dropped");
    const Rule* const rule = rule_;
    const std::uint32_t lookup = lookup_;
    ++depth_;
    back_ += back;
    walk(table, resubmit.in_port == reserved_port::in_port ? in_port() : resubmit.in_port);
    --depth_;
    back_ -= back;
    table_ = here;
    rule_ = rule;
    lookup_ = lookup;
}

void Translation::write_actions(const RuleActions& actions) {
    using namespace rule_action;
    for (const RuleAction& action : actions) {
        if (++actions_ > actions_max) return stop("too many actions: the packet is dropped");
        const auto& what = action.what;
        if (std::holds_alternative<rule_action::PopVlan>(what))
            set_.pop_vlan = true;
        else if (const auto* push = std::get_if<rule_action::PushVlan>(&what))
            set_.push_vlan = *push;
        else if (std::holds_alternative<DecTtl>(what))
            set_.dec_ttl = std::get<DecTtl>(what);
        else if (std::holds_alternative<rule_action::Output>(what) ||
                 std::holds_alternative<Enqueue>(what) || std::holds_alternative<Controller>(what))
            set_.output = action;
        else if (std::holds_alternative<Resubmit>(what))
            set_.resubmit = action;
        else if (std::holds_alternative<SetField>(what) || std::holds_alternative<Move>(what) ||
                 std::holds_alternative<SetVlanVid>(what) ||
                 std::holds_alternative<SetVlanPcp>(what))
            set_.sets.push_back(action);
    }
}

RuleActions Translation::ActionSet::list() const {
    RuleActions list;
    if (pop_vlan) list.emplace_back(rule_action::PopVlan{});
    if (push_vlan) list.emplace_back(*push_vlan);
    if (dec_ttl) list.emplace_back(*dec_ttl);
    list.insert(list.end(), sets.begin(), sets.end());
    if (output)
        list.push_back(*output);
    else if (resubmit)
        list.push_back(*resubmit);
    return list;
}

// Without a final action the set has no effect.
void Translation::carry_out_set() {
    const ActionSet set = std::exchange(set_, {});
    if (!set.output && !set.resubmit) return;
    if (observer_) observer_->action_set();
    in_set_ = true;
    carry_out(set.list());
    in_set_ = false;
}

void Translation::note_set(std::string_view what) {
    if (!observer_) return;
    const RuleActions list = set_.list();
    note(std::string(what) + (list.empty() ? " empty" : ": " + actions_text(list)));
}

// ---- outputs

void Translation::output(PortNumber port, std::uint16_t max_len) {
    switch (port) {
        case reserved_port::in_port: return output_to_port(in_port(), true);
        case reserved_port::normal: return normal();
        case reserved_port::flood: return output_to_all(true);
        case reserved_port::all: return output_to_all(false);
        case reserved_port::controller: return to_controller(request(action_reason(), max_len));
        case reserved_port::table:
            if (!rule_) {
                sent_to_tables_ = true;
                resubmit({.in_port = reserved_port::in_port, .table = 0});
                sent_to_tables_ = false;
            }
            return;
        default: return output_to_port(port, false);
    }
}

void Translation::output_to_port(PortNumber number, bool back) {
    verdict_.reads.ports.push_back(number);
    if (!back && number == in_port()) {
        warn("skipping output to input port");
        return drop(DropReason::destination_on_ingress);
    }
    const PortEntry* const port = tables_.find_port(number);
    if (!port) {
        warn("Nonexistent output port");
        return drop(DropReason::no_destination);
    }
    if (!port->flags.up || !port->flags.forwards) {
        note("the port is down");
        return drop(DropReason::port_down);
    }
    send_to({number});
}

// OpenFlow has no port 0, so its reserved ports leave out the one that VDE has.
void Translation::output_to_all(bool flood) {
    verdict_.reads.all_ports = true;
    if (!may_step()) return;
    std::vector<PortNumber> ports;
    for (const PortEntry& port : tables_.ports_) {
        if (port.number == 0 || port.number == in_port() || !port.flags.up || !port.flags.forwards)
            continue;
        if (flood && !port.flags.flood) continue;
        if (ingress_ && tables_.separated(*ingress_, port)) continue;
        ports.push_back(port.number);
    }
    if (ports.empty())
        drop(DropReason::no_destination);
    else
        send_to(std::move(ports));
    steps_ += tables_.ports_.size();
}

void Translation::send_to(std::vector<PortNumber> ports) {
    commit();
    step(switchd::Output{std::move(ports)});
}

// A miss that a rule of priority 0 catches is told as one (OpenFlow 1.3, 5.4).
PacketInReason Translation::action_reason() const {
    if (!rule_) return PacketInReason::packet_out;
    if (in_set_) return PacketInReason::action_set;
    const bool catches_misses = rule_->priority() == 0 && rule_->match() == Match{};
    return catches_misses ? PacketInReason::explicit_miss : PacketInReason::action;
}

PacketInRequest Translation::request(PacketInReason reason, std::uint16_t max_len,
                                     std::uint16_t controller_id) const {
    PacketInRequest request;
    request.reason = reason;
    request.max_len = max_len;
    request.controller_id = controller_id;
    return request;
}

void Translation::to_controller(PacketInRequest request) {
    commit();
    request.table = table_;
    if (rule_) request.cookie = rule_->cookie;
    for (std::size_t i = packet_words; i < flow_words; ++i)
        request.pipeline.words[i] = key_.words[i];
    request.pipeline.set(field::in_port, key_.get(field::in_port));
    step(ToController{std::make_shared<const PacketInRequest>(std::move(request))});
}

// ---- edits

// Behind the first fragment there are no ports, nor what else the transport protocol has.
bool Translation::has(const MatchField& field) {
    if (!present(field.prerequisite, key_, verdict_.mask)) return false;
    const bool transport =
        field.place.word >= field::tp_src.word && field.place.word < packet_words;
    return !transport || !present(Prerequisite::ip, key_, verdict_.mask) ||
           (read(field::ip_frag) & 2) == 0;
}

void Translation::set_field(const MatchField& field, FieldValue value, FieldValue mask) {
    if (field.id == FieldId::vlan_tci || field.id == FieldId::vlan_vid) {
        // Writing the bit for "there is a tag" makes or takes one away (Nicira's load).
        const std::uint64_t before = key_.get(field.place);
        verdict_.mask.words[vlan_word] = ~std::uint64_t{0};
        const std::uint64_t after = (before & ~mask.low) | (value.low & mask.low);
        if ((after & tci_present) == 0) {
            if ((before & tci_present) != 0 && (mask.low & tci_present) != 0) pop_vlan();
            return;
        }
        if ((before & tci_present) == 0) push_vlan(tpid_vlan);
        key_.set(field.place, after);
        verdict_.reads.rewritten = true;
        return;
    }
    if (!has(field)) return note("the packet has no such field");
    FlowMask written;
    field.fold(written, mask);
    verdict_.mask.unite(written);
    // A tag is replaced as a whole, so all of it has to be known.
    if (field.place.word == vlan_word) verdict_.mask.words[vlan_word] = ~std::uint64_t{0};
    field.set(key_, (field.get(key_) & ~mask) | (value & mask));
    if (field.place.word < packet_words) verdict_.reads.rewritten = true;
    if (field.id == FieldId::in_port) {
        ingress_ = tables_.find_port(in_port());
        verdict_.reads.ports.push_back(in_port());
    }
}

void Translation::move(const rule_action::Move& move) {
    const MatchField& from = match_field(move.source.field);
    const MatchField& to = match_field(move.destination.field);
    if (!has(from) || !has(to)) return note("the packet has no such field");
    from.fold(verdict_.mask, bits_read(move.source));
    const auto [value, mask] =
        change_subfield(move.destination, key_, read_subfield(move.source, key_));
    set_field(to, value, mask);
    if (!observer_) return;
    const std::uint64_t now = read_subfield(move.destination, key_).low;
    note(fmt::format("{} is now {}{:x}", subfield_text(move.destination), now == 0 ? "" : "0x",
                     now));
}

void Translation::set_vlan_bits(const FlowField& place, std::uint64_t value, bool push) {
    verdict_.mask.words[vlan_word] = ~std::uint64_t{0};
    if ((key_.get(field::vlan_tci) & tci_present) == 0) {
        if (!push) return note("the packet has no tag");
        push_vlan(tpid_vlan);
        if (stopped_) return;
    }
    key_.set(place, value);
    verdict_.reads.rewritten = true;
}

void Translation::pop_vlan() {
    verdict_.mask.words[vlan_word] = ~std::uint64_t{0};
    if ((key_.get(field::vlan_tci) & tci_present) == 0) return;
    key_.words[vlan_word] <<= 32;
    verdict_.reads.rewritten = true;
}

// The new tag has the VLAN and priority of the one that was outermost, else zero.
void Translation::push_vlan(std::uint16_t tpid) {
    verdict_.mask.words[vlan_word] = ~std::uint64_t{0};
    const std::uint64_t tags = key_.words[vlan_word];
    if ((tags & tci_present) != 0) {
        stopped_ = true;
        return note("no room for a third tag: the translation stops here");
    }
    const bool tagged = (tags >> 32 & tci_present) != 0;
    const std::uint64_t tci = tagged ? tags >> 32 & 0xffff : tci_present;
    key_.words[vlan_word] = std::uint64_t{tpid} << 48 | tci << 32 | (tagged ? tags >> 32 : 0);
    verdict_.reads.rewritten = true;
}

bool Translation::dec_ttl(const std::vector<std::uint16_t>& controller_ids) {
    if (!present(Prerequisite::ip, key_, verdict_.mask)) return true;
    const std::uint64_t ttl = read(field::ip_ttl);
    if (ttl > 1) {
        key_.set(field::ip_ttl, ttl - 1);
        verdict_.reads.rewritten = true;
        return true;
    }
    warn(key_.get(field::eth_type) == ether::ipv4 ? ipv4_has_expired : ipv6_has_expired);
    drop(DropReason::ttl_expired);
    if (!tables_.expired_to_controller()) return false;
    const std::vector<std::uint16_t> everybody{0};
    for (const std::uint16_t id : controller_ids.empty() ? everybody : controller_ids)
        to_controller(request(PacketInReason::invalid_ttl, whole_packet, id));
    return false;
}

// Makes the frame what the working key says.
void Translation::commit() {
    if (undo_) {
        // All of a tag that comes back has to be known.
        if (std::holds_alternative<switchd::PushVlan>(*undo_)) verdict_.mask.fold(field::vlan_tci);
        step(*std::exchange(undo_, std::nullopt));
    }
    commit_vlan();
    auto edit = std::make_shared<Match>();
    bool any = false;
    for (std::size_t word = 1; word < packet_words; ++word) {
        if (word == vlan_word || key_.words[word] == packet_.words[word]) continue;
        any = true;
        edit->mask.words[word] = key_.words[word] ^ packet_.words[word];
        packet_.words[word] = key_.words[word];
    }
    if (!any) return;
    // Whole fields, so that equal edits look alike whatever was in the packet before.
    for (const FlowField& field : field::all)
        if (edit->mask.get(field) != 0) edit->mask.fold(field);
    verdict_.mask.unite(edit->mask);
    edit->key = edit->mask.apply(key_);
    step(SetFields{std::move(edit)});
}

// Off with the tags that are not the same from the innermost on, then on with the new ones.
void Translation::commit_vlan() {
    if (key_.words[vlan_word] == packet_.words[vlan_word]) return;
    const Tags wanted{key_.words[vlan_word]}, present_tags{packet_.words[vlan_word]};
    std::size_t same = 0;
    while (same < wanted.count && same < present_tags.count &&
           wanted.tags[wanted.count - 1 - same] == present_tags.tags[present_tags.count - 1 - same])
        ++same;
    for (std::size_t i = present_tags.count; i > same; --i) step(switchd::PopVlan{});
    for (std::size_t i = wanted.count - same; i > 0; --i)
        step(switchd::PushVlan{static_cast<std::uint16_t>(wanted.tags[i - 1] >> 16),
                               tci_of(wanted.tags[i - 1])});
    packet_.words[vlan_word] = key_.words[vlan_word];
}

}  // namespace switchd
