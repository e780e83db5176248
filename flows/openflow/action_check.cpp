#include "flows/openflow/action_check.h"

#include <optional>

#include "flows/openflow/match_codec.h"

namespace switchd::openflow {
namespace {

using namespace rule_action;

// The checks of a list, in order, with what it has done to the packet's tags so far.
class ActionChecker {
public:
    ActionChecker(const Match& match, std::uint8_t table, Version version)
        : match_(match), table_(table), strict_(version >= Version::v1_1) {
        if (prerequisite_met(Prerequisite::vlan, match)) tags_ = 1;
    }

    std::expected<void, Error> check(const RuleActions& actions) {
        for (const RuleAction& action : actions)
            if (const auto error =
                    std::visit([&](const auto& kind) { return wrong(kind); }, action.what))
                return std::unexpected(*error);
        return {};
    }

private:
    using Wrong = std::optional<Error>;
    static constexpr unsigned tags_max = 2;

    // What 1.0 lets pass: it has no effect on packets that lack the field.
    Wrong unless(bool consistent) const {
        if (consistent || !strict_) return std::nullopt;
        return Error::bac_match_inconsistent;
    }
    Wrong wrong(const Output& output) const {
        if (output.port < 0xff00 ||
            (output.port >= reserved_port::in_port && output.port != reserved_port::any))
            return std::nullopt;
        return Error::bac_bad_out_port;
    }
    Wrong wrong(const Enqueue& enqueue) const {
        if (enqueue.port < 0xff00 || enqueue.port == reserved_port::in_port ||
            enqueue.port == reserved_port::local)
            return std::nullopt;
        return Error::bac_bad_out_port;
    }
    Wrong wrong(const SetField& set) {
        const MatchField& field = match_field(set.field);
        const bool on_tag =
            field.prerequisite == Prerequisite::vlan || set.field == FieldId::vlan_vid;
        const bool met = on_tag ? tags_ != 0 : prerequisite_met(field.prerequisite, match_);
        if (set.spelling == SetField::Spelling::old_action) return unless(met);
        if (!met) return Error::bac_match_inconsistent;
        if (set.field == FieldId::vlan_tci && (set.mask.low & tci_present) != 0)
            tags_ = (set.value.low & tci_present) != 0 ? std::max(tags_, 1u) : 0;
        return std::nullopt;
    }
    Wrong wrong(const Move& move) const {
        for (const Subfield& part : {move.source, move.destination}) {
            const Prerequisite needed = match_field(part.field).prerequisite;
            const bool met =
                needed == Prerequisite::vlan ? tags_ != 0 : prerequisite_met(needed, match_);
            if (!met) return Error::bac_match_inconsistent;
        }
        return std::nullopt;
    }
    Wrong wrong(const SetVlanVid& set) { return set_vlan(set.push); }
    Wrong wrong(const SetVlanPcp& set) { return set_vlan(set.push); }
    Wrong set_vlan(bool push) {
        const Wrong error = unless(push || tags_ != 0);
        tags_ = std::max(tags_, 1u);
        return error;
    }
    Wrong wrong(const PopVlan&) {
        const Wrong error = unless(tags_ != 0);
        if (tags_ != 0) --tags_;
        return error;
    }
    Wrong wrong(const PushVlan&) {
        if (tags_ >= tags_max) return Error::bac_bad_tag;
        ++tags_;
        return std::nullopt;
    }
    Wrong wrong(const DecTtl&) const { return unless(prerequisite_met(Prerequisite::ip, match_)); }
    // The order in which an action set is carried out is not this one.
    Wrong wrong(const WriteActions& written) {
        const bool strict = strict_;
        strict_ = false;
        const auto checked = check(written.actions);
        strict_ = strict;
        if (!checked) return checked.error();
        return std::nullopt;
    }
    Wrong wrong(const GotoTable& to) const {
        if (to.table < table_count && (table_ == table_all || to.table > table_))
            return std::nullopt;
        return Error::bic_bad_table_id;
    }
    template <class Kind>
    Wrong wrong(const Kind&) const {
        return std::nullopt;
    }

    const Match& match_;
    std::uint8_t table_;
    bool strict_;
    unsigned tags_ = 0;
};

}  // namespace

std::expected<void, Error> check_actions(const RuleActions& actions, const Match& match,
                                         std::uint8_t table, Version version) {
    return ActionChecker(match, table, version).check(actions);
}

}  // namespace switchd::openflow
