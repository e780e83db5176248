#include "flows/action_parser.h"

#include <fmt/format.h>

#include <algorithm>

#include "flows/action_names.h"
#include "flows/match_text.h"

namespace switchd {
namespace {

// Open vSwitch's, for who would look for a slip of the finger.
bool is_to_come(std::string_view action) {
    constexpr std::string_view names[] = {"bundle",       "bundle_load",    "check_pkt_larger",
                                          "clone",        "conjunction",    "ct",
                                          "ct_clear",     "dec_mpls_ttl",   "decap",
                                          "delete_field", "encap",          "exit",
                                          "fin_timeout",  "group",          "learn",
                                          "meter",        "multipath",      "pop",
                                          "pop_mpls",     "push",           "push_mpls",
                                          "sample",       "set_mpls_label", "set_mpls_tc",
                                          "set_mpls_ttl"};
    return std::ranges::find(names, action) != std::end(names);
}

using namespace rule_action;

// What a list can hold, in the order in which it must.
enum class Stage : std::uint8_t { apply, clear, write, metadata, go };

class ActionReader {
public:
    ActionReader(TextReader& reader, const Match& match, const PortResolver& ports)
        : reader_(reader), match_(match), ports_(ports) {
        tagged_ = satisfied(Prerequisite::vlan, match.key, match.mask);
    }

    std::optional<RuleActions> read(std::string_view text) {
        RuleActions actions;
        if (!list(text, actions, false)) return std::nullopt;
        return actions;
    }

private:
    using Handler = bool (ActionReader::*)(const TextPart&, RuleActions&);
    struct Known {
        std::string_view name;
        Handler handler;
        Stage stage = Stage::apply;
    };
    static const Known known_[];

    bool list(std::string_view text, RuleActions& actions, bool written) {
        Stage stage = Stage::apply;
        std::optional<std::string_view> drop;
        std::size_t parts = 0;
        while (const auto part = reader_.next(text)) {
            const Known* known = known_action(part->name);
            if (known && known->handler == &ActionReader::drop) drop = part->name;
            if (drop && parts != 0) return wrong(*drop, "drop does nothing more", "it alone");
            ++parts;

            const Stage its_stage = known ? known->stage : Stage::apply;
            if (written && its_stage != Stage::apply)
                return wrong(part->name, fmt::format("{} is no action", known->name),
                             "it outside of the parentheses");
            if (its_stage < stage || (its_stage == stage && stage != Stage::apply))
                return wrong(part->name, fmt::format("{} cannot stand here", quoted(part->name)),
                             "actions, then at most one each of clear_actions, write_actions, "
                             "write_metadata and goto_table");
            stage = its_stage;
            if (known ? !(this->*known->handler)(*part, actions) : !other(*part, actions))
                return false;
        }
        return !reader_.error();
    }

    static const Known* known_action(std::string_view name);

    bool wrong(std::string_view at, std::string what, std::string expected) {
        reader_.fail(at, std::move(what), std::move(expected));
        return false;
    }
    template <class Number>
    std::optional<Number> number(std::string_view text, std::string_view what,
                                 std::uint64_t max = std::numeric_limits<Number>::max()) {
        const auto value = reader_.number(text, what, max);
        if (!value) return std::nullopt;
        return static_cast<Number>(*value);
    }
    template <class Number>
    std::optional<Number> only_number(const TextPart& part,
                                      std::uint64_t max = std::numeric_limits<Number>::max()) {
        const auto text = reader_.value_of(part, "\":\" and a number");
        if (!text) return std::nullopt;
        return number<Number>(*text, part.name, max);
    }
    // A port that something can be sent to.
    std::optional<PortNumber> output_port(std::string_view text) {
        const auto to = read_port(reader_, text, ports_);
        const bool means_nothing = to && *to > port_number_max && *to < reserved_port::in_port;
        if (to && (*to == reserved_port::any || means_nothing))
            return reader_.fail(text, fmt::format("nothing can be sent to {}", quoted(text)),
                                "a port");
        return to;
    }

    bool to_port(std::string_view text, RuleActions& actions) {
        const auto to = output_port(text);
        if (!to) return false;
        actions.push_back(
            Output{*to, *to == reserved_port::controller ? everything : std::uint16_t{0}});
        return true;
    }
    bool output(const TextPart& part, RuleActions& actions) {
        const auto text = reader_.value_of(part, "\":\" and a port");
        return text && to_port(*text, actions);
    }
    // An action that is only a port.
    bool port(const TextPart& part, RuleActions& actions) {
        const bool number = part.name[0] >= '0' && part.name[0] <= '9';
        TextReader trial(part.name);
        if (!number && !read_port(trial, part.name, ports_))
            return wrong(part.name,
                         is_to_come(part.name)
                             ? fmt::format("{} is not supported yet", part.name)
                             : fmt::format("there is no action {}", quoted(part.name)),
                         "an action such as output:1, NORMAL, set_field:1->reg0 or drop");
        return reader_.bare(part) && to_port(part.name, actions);
    }

    bool controller(const TextPart& part, RuleActions& actions) {
        if (part.delimiter != '(') {
            std::optional<std::uint16_t> max_len = everything;
            if (part.has_value()) max_len = only_number<std::uint16_t>(part);
            if (max_len) actions.push_back(Output{reserved_port::controller, *max_len});
            return max_len.has_value();
        }
        Controller action;
        std::string_view rest = part.value;
        while (const auto argument = reader_.next(rest))
            if (!controller_argument(*argument, action)) return false;
        if (reader_.error()) return false;
        // What an output can say is one.
        if (only_max_len(action))
            actions.push_back(Output{reserved_port::controller, action.max_len});
        else
            actions.push_back(std::move(action));
        return true;
    }
    bool controller_argument(const TextPart& argument, Controller& action) {
        if (argument.name != "max_len" && argument.name != "id" && argument.name != "userdata" &&
            argument.name != "reason")
            return wrong(argument.name,
                         fmt::format("controller(...) has no {}", quoted(argument.name)),
                         "max_len, id, reason or userdata");
        const auto text = reader_.value_of(argument, "\"=\" and a value");
        if (!text) return false;
        if (argument.name == "max_len" || argument.name == "id") {
            const auto value = number<std::uint16_t>(*text, argument.name);
            if (value) (argument.name == "id" ? action.controller_id : action.max_len) = *value;
            return value.has_value();
        }
        if (argument.name == "userdata") return bytes(*text, argument.name, action.userdata);
        const auto it = std::ranges::find(reason_names, *text, &ReasonName::name);
        if (it == std::end(reason_names))
            return wrong(*text, fmt::format("{} is no reason", quoted(*text)),
                         "no_match, action, invalid_ttl, action_set, group or packet_out");
        action.reason = static_cast<std::uint8_t>(it->reason);
        return true;
    }

    // Two digits a byte, with or without dots between.
    bool bytes(std::string_view text, std::string_view what, std::vector<std::uint8_t>& result) {
        const auto digit = [](char c) {
            return std::string_view("0123456789abcdef")
                .find(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
        };
        while (!text.empty()) {
            if (!result.empty() && text[0] == '.') text.remove_prefix(1);
            const auto high = digit(text.empty() ? ' ' : text[0]),
                       low = digit(text.size() < 2 ? ' ' : text[1]);
            if (high > 15 || low > 15)
                return wrong(text, fmt::format("{} has no byte here", what), "bytes like 01.0a.ff");
            result.push_back(static_cast<std::uint8_t>(high << 4 | low));
            text.remove_prefix(2);
        }
        return true;
    }

    bool enqueue(const TextPart& part, RuleActions& actions) {
        const auto text = reader_.value_of(part, "\":\", a port, \":\" and a queue");
        if (!text) return false;
        const Divided parts = divided(*text, text->find(',') != text->npos ? "," : ":");
        if (!parts.back) return wrong(*text, "enqueue names no queue", "port:queue");
        const auto to = output_port(parts.front);
        if (!to) return false;
        const bool single = *to < reserved_port::unset || *to == reserved_port::in_port ||
                            *to == reserved_port::local;
        if (!single)
            return wrong(parts.front, fmt::format("{} has no queues", quoted(parts.front)),
                         "one port");
        const auto queue = number<std::uint32_t>(*parts.back, "queue");
        if (queue) actions.push_back(Enqueue{*to, *queue});
        return queue.has_value();
    }
    bool set_queue(const TextPart& part, RuleActions& actions) {
        const auto queue = only_number<std::uint32_t>(part);
        if (queue) actions.push_back(SetQueue{*queue});
        return queue.has_value();
    }
    bool pop_queue(const TextPart& part, RuleActions& actions) {
        actions.push_back(PopQueue{});
        return reader_.bare(part);
    }

    bool mod_vlan_vid(const TextPart& part, RuleActions& actions) {
        tagged_ = true;
        return set_vlan_vid(part, actions, true);
    }
    bool set_vlan_vid(const TextPart& part, RuleActions& actions) {
        return set_vlan_vid(part, actions, false);
    }
    bool set_vlan_vid(const TextPart& part, RuleActions& actions, bool push) {
        const auto id = only_number<std::uint16_t>(part, 0xfff);
        if (id) actions.push_back(SetVlanVid{*id, push});
        return id.has_value();
    }
    bool mod_vlan_pcp(const TextPart& part, RuleActions& actions) {
        tagged_ = true;
        return set_vlan_pcp(part, actions, true);
    }
    bool set_vlan_pcp(const TextPart& part, RuleActions& actions) {
        return set_vlan_pcp(part, actions, false);
    }
    bool set_vlan_pcp(const TextPart& part, RuleActions& actions, bool push) {
        const auto priority = only_number<std::uint8_t>(part, 7);
        if (priority) actions.push_back(SetVlanPcp{*priority, push});
        return priority.has_value();
    }
    bool pop_vlan(const TextPart& part, RuleActions& actions) {
        tagged_ = false;
        actions.push_back(PopVlan{});
        return reader_.bare(part);
    }
    bool push_vlan(const TextPart& part, RuleActions& actions) {
        const auto tpid = only_number<std::uint16_t>(part);
        if (!tpid) return false;
        if (*tpid != tpid_vlan && *tpid != tpid_provider)
            return wrong(part.value, fmt::format("{} is no tag's type", quoted(part.value)),
                         "0x8100 or 0x88a8");
        tagged_ = true;
        actions.push_back(PushVlan{*tpid});
        return true;
    }

    // One of the old actions, or a port.
    bool other(const TextPart& part, RuleActions& actions) {
        if (part.name == set_tunnel_wide) return set_old(part, FieldId::tun_id, actions);
        const auto same = std::ranges::count(old_actions, part.name, &OldAction::name);
        for (const OldAction& action : old_actions)
            if (action.name == part.name && (same == 1 || exists(match_field(action.field))))
                return set_old(part, action.field, actions);
        if (same == 0) return port(part, actions);
        return wrong(part.name,
                     fmt::format("{} does not know which protocol's port it sets", part.name),
                     "tcp, udp or sctp in the match");
    }
    bool set_old(const TextPart& part, FieldId id, RuleActions& actions) {
        const MatchField& field = match_field(id);
        const auto text = reader_.value_of(part, "\":\" and a value");
        if (!text) return false;
        const auto value = read_field_value(reader_, field, field.name, *text, ports_);
        if (!value) return false;
        if (value->mask != field.ones())
            return wrong(*text, fmt::format("{} takes no mask", part.name), "the whole value");
        if (id == FieldId::ip_dscp && *reader_.number(*text, part.name, 0xff) % 4 != 0)
            return wrong(*text, "the lowest two bits of a TOS are not set with it",
                         "a multiple of 4");
        actions.push_back(SetField{id, value->value, value->mask, SetField::Spelling::old_action});
        return true;
    }

    enum class Use : std::uint8_t { set, moved_from, moved_to };
    // The match, or an action before, makes sure that packets have the field.
    bool exists(const MatchField& field, Use use = Use::set) const {
        if (field.prerequisite == Prerequisite::vlan) return tagged_;
        if (field.id == FieldId::vlan_vid && use == Use::set) return tagged_;
        return satisfied(field.prerequisite, match_.key, match_.mask);
    }
    // The field that an action reads or writes: of those that share the name one that exists.
    const MatchField* field_of_packet(std::string_view name, Use use) {
        const MatchField* found = field_of_name(name);
        if (!found) {
            wrong(name, fmt::format("there is no field {}", quoted(name)),
                  "a field such as reg0, eth_dst, ip_src or metadata");
            return nullptr;
        }
        for (const MatchField& field : match_fields())
            if (field.has_name(name) && exists(field, use)) {
                found = &field;
                break;
            }
        if (use != Use::moved_from && !found->writable) {
            wrong(name, fmt::format("{} cannot be changed", name), "another field");
            return nullptr;
        }
        if (!exists(*found, use)) {
            const auto packets = packets_of(found->id == FieldId::vlan_vid ? Prerequisite::vlan
                                                                           : found->prerequisite);
            wrong(name, fmt::format("the match does not name packets that have {}", name),
                  fmt::format("{} in the match", packets));
            return nullptr;
        }
        return found;
    }
    struct Assignment {
        std::string_view value;
        std::string_view destination;
    };
    std::optional<Assignment> assignment(const TextPart& part) {
        const auto text = reader_.value_of(part, "\":\" and value->field");
        if (!text) return std::nullopt;
        const Divided parts = divided(*text, "->");
        if (!parts.back)
            return reader_.fail(text->substr(text->size()),
                                fmt::format("{} has no \"->\"", part.name), "value->field");
        return Assignment{parts.front, *parts.back};
    }

    bool set_field(const TextPart& part, RuleActions& actions) {
        const auto parts = assignment(part);
        if (!parts) return false;
        const MatchField* field = field_of_packet(parts->destination, Use::set);
        if (!field) return false;
        const auto value =
            read_field_value(reader_, *field, parts->destination, parts->value, ports_);
        if (!value) return false;
        if (field->id == FieldId::vlan_vid && (value->mask.low & tci_present) != 0 &&
            (value->value.low & tci_present) == 0)
            return wrong(parts->value, "a VLAN ID is set with the bit that there is a tag",
                         fmt::format("{}, or mod_vlan_vid", value->value.low | tci_present));
        actions.push_back(
            SetField{field->id, value->value, value->mask, SetField::Spelling::set_field});
        return true;
    }

    // value->field, value->field[], value->field[bit], value->field[first..last]
    bool load(const TextPart& part, RuleActions& actions) {
        const auto parts = assignment(part);
        if (!parts) return false;
        const std::string_view name = parts->destination.substr(0, parts->destination.find('['));
        const MatchField* field = field_of_packet(name, Use::set);
        if (!field) return false;
        const unsigned shift = text_shift(*field, name);
        const bool nicira_port = field->id == FieldId::in_port && name == field->nxm_name;
        unsigned first = 0, last = nicira_port ? 15 : load_bits(*field) + shift - 1;
        if (!range(parts->destination.substr(name.size()), name, first, last)) return false;

        const auto value =
            reader_.wide_number(parts->value, part.name, lowest_bits(last - first + 1));
        if (!value) return false;
        const FieldValue placed = shifted_left(*value, first);
        if ((placed.low & ((1u << shift) - 1)) != 0)
            return wrong(parts->value,
                         fmt::format("the lowest {} bits of {} cannot be set", shift, name),
                         fmt::format("a multiple of {}", 1u << shift));
        if (nicira_port && first == 0 && last == 15) {
            const PortNumber port = port_from_16(static_cast<std::uint16_t>(placed.low));
            actions.push_back(
                SetField{field->id, {0, port}, field->ones(), SetField::Spelling::load});
            return true;
        }
        // A load takes 64 bits at most, on the wire and in print.
        for (unsigned begin = first; begin <= last; begin += 64) {
            const unsigned bits = std::min(64u, last - begin + 1);
            const FieldValue mask = shifted_left(lowest_bits(bits), begin);
            actions.push_back(SetField{field->id, shifted_right(placed & mask, shift),
                                       shifted_right(mask, shift), SetField::Spelling::load});
        }
        return true;
    }
    // field->field, with ranges of bits as in a load
    bool move(const TextPart& part, RuleActions& actions) {
        const auto parts = assignment(part);
        if (!parts) return false;
        const auto source = subfield(parts->value, Use::moved_from);
        if (!source) return false;
        const auto destination = subfield(parts->destination, Use::moved_to);
        if (!destination) return false;
        if (source->bits != destination->bits)
            return wrong(
                parts->destination,
                fmt::format("{} bits cannot be moved into {}", source->bits, destination->bits),
                "as many bits on both sides");
        actions.push_back(Move{*source, *destination});
        return true;
    }
    std::optional<Subfield> subfield(std::string_view text, Use use) {
        const std::string_view name = text.substr(0, text.find('['));
        const MatchField* field = field_of_packet(name, use);
        if (!field) return std::nullopt;
        const bool nicira = name == field->name || name == field->nxm_name;
        const Subfield whole = whole_field(*field, nicira);
        unsigned first = 0, last = whole.bits - 1u;
        if (!range(text.substr(name.size()), name, first, last)) return std::nullopt;
        return part_of(whole, first, last - first + 1);
    }
    bool range(std::string_view text, std::string_view name, unsigned& first, unsigned& last) {
        if (text.empty() || text == "[]") return true;
        if (text.back() != ']')
            return wrong(text.substr(text.size()), "the range of bits is not closed", "\"]\"");
        const Divided ends = divided(text.substr(1, text.size() - 2), "..");
        const auto begin = number<unsigned>(ends.front, "bit", last);
        if (!begin) return false;
        const auto end = number<unsigned>(ends.back.value_or(ends.front), "bit", last);
        if (!end) return false;
        if (*begin > *end)
            return wrong(ends.front, fmt::format("the bits of {} are in the wrong order", name),
                         "the lower bit first");
        first = *begin;
        last = *end;
        return true;
    }

    bool dec_ttl(const TextPart& part, RuleActions& actions) {
        DecTtl action;
        std::string_view rest = part.value;
        while (const auto id = reader_.next(rest)) {
            const auto value = number<std::uint16_t>(id->whole(), "controller id");
            if (!value) return false;
            action.controller_ids.push_back(*value);
        }
        actions.push_back(std::move(action));
        return !reader_.error();
    }

    // :port, (port,table), (,table)
    bool resubmit(const TextPart& part, RuleActions& actions) {
        constexpr std::string_view expected = "(port,table), (,table) or :port";
        const auto text = reader_.value_of(part, expected);
        if (!text) return false;
        Resubmit action;
        const Divided parts = divided(*text, ",");
        if (!parts.front.empty()) {
            const auto to = read_port(reader_, parts.front, ports_);
            if (!to) return false;
            action.in_port = *to;
        }
        if (parts.back && !parts.back->empty()) {
            const auto table = number<std::uint8_t>(*parts.back, "table");
            if (!table) return false;
            action.table = *table;
        }
        if (action == Resubmit{})
            return wrong(*text, "resubmit names neither a port nor a table", std::string(expected));
        actions.push_back(action);
        return true;
    }
    bool note(const TextPart& part, RuleActions& actions) {
        Note action;
        if (!bytes(part.value, part.name, action.bytes)) return false;
        actions.push_back(std::move(action));
        return true;
    }
    bool drop(const TextPart& part, RuleActions&) { return reader_.bare(part); }

    bool write_metadata(const TextPart& part, RuleActions& actions) {
        const auto text = reader_.value_of(part, "\":\" and value/mask");
        if (!text) return false;
        const Divided parts = divided(*text, "/");
        const auto value = number<std::uint64_t>(parts.front, part.name);
        if (!value) return false;
        WriteMetadata action{*value, ~std::uint64_t{0}};
        if (parts.back) {
            const auto mask = number<std::uint64_t>(*parts.back, "mask");
            if (!mask) return false;
            action.mask = *mask;
        }
        actions.push_back(action);
        return true;
    }
    bool goto_table(const TextPart& part, RuleActions& actions) {
        const auto table = only_number<std::uint8_t>(part, table_count - 1);
        if (table) actions.push_back(GotoTable{*table});
        return table.has_value();
    }
    bool write_actions(const TextPart& part, RuleActions& actions) {
        if (!in_parentheses(part)) return false;
        WriteActions action;
        if (!list(part.value, action.actions, true)) return false;
        actions.push_back(std::move(action));
        return true;
    }
    // What stands outside of instructions is applied anyway.
    bool apply_actions(const TextPart& part, RuleActions& actions) {
        return in_parentheses(part) && list(part.value, actions, true);
    }
    bool clear_actions(const TextPart& part, RuleActions& actions) {
        actions.push_back(ClearActions{});
        return reader_.bare(part);
    }
    bool in_parentheses(const TextPart& part) {
        if (part.delimiter == '(') return true;
        return wrong(part.value, fmt::format("{} has no list of actions", part.name),
                     "\"(\", actions and \")\"");
    }

    TextReader& reader_;
    const Match& match_;
    const PortResolver& ports_;
    bool tagged_ = false;  // packets have a tag at this point of the list
};

const ActionReader::Known ActionReader::known_[] = {
    {"output", &ActionReader::output},
    {"controller", &ActionReader::controller},
    {"enqueue", &ActionReader::enqueue},
    {"set_queue", &ActionReader::set_queue},
    {"pop_queue", &ActionReader::pop_queue},
    {"mod_vlan_vid", &ActionReader::mod_vlan_vid},
    {"set_vlan_vid", &ActionReader::set_vlan_vid},
    {"mod_vlan_pcp", &ActionReader::mod_vlan_pcp},
    {"set_vlan_pcp", &ActionReader::set_vlan_pcp},
    {"strip_vlan", &ActionReader::pop_vlan},
    {"pop_vlan", &ActionReader::pop_vlan},
    {"push_vlan", &ActionReader::push_vlan},
    {"set_field", &ActionReader::set_field},
    {"load", &ActionReader::load},
    {"move", &ActionReader::move},
    {"dec_ttl", &ActionReader::dec_ttl},
    {"resubmit", &ActionReader::resubmit},
    {"note", &ActionReader::note},
    {"drop", &ActionReader::drop},
    {"apply_actions", &ActionReader::apply_actions},
    {"clear_actions", &ActionReader::clear_actions, Stage::clear},
    {"write_actions", &ActionReader::write_actions, Stage::write},
    {"write_metadata", &ActionReader::write_metadata, Stage::metadata},
    {"goto_table", &ActionReader::goto_table, Stage::go},
};

// Actions' names are taken in any case.
const ActionReader::Known* ActionReader::known_action(std::string_view name) {
    const auto same = [](char a, char b) {
        return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b - 'A' + 'a') : b);
    };
    const auto it = std::ranges::find_if(
        known_, [&](const Known& known) { return std::ranges::equal(known.name, name, same); });
    return it == std::end(known_) ? nullptr : it;
}

}  // namespace

std::optional<RuleActions> read_actions(TextReader& reader, std::string_view text,
                                        const Match& match, const PortResolver& ports) {
    return ActionReader(reader, match, ports).read(text);
}

std::expected<RuleActions, TextError> parse_actions(std::string_view text, const Match& match,
                                                    const PortResolver& ports) {
    TextReader reader(text);
    const auto actions = read_actions(reader, text, match, ports);
    if (!actions) return std::unexpected(*reader.error());
    return *actions;
}

}  // namespace switchd
