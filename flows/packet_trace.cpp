#include "flows/packet_trace.h"

#include "flows/action_text.h"
#include "flows/match_text.h"
#include "flows/translation.h"

namespace switchd {
namespace {

// A translation may visit 4096 tables, each with a rule of some thousand actions.
constexpr std::size_t steps_max = 16384;
constexpr std::size_t bytes_max = 4 << 20;

class Recorder final : public TranslationObserver {
public:
    explicit Recorder(PacketTrace& trace) : trace_(trace) {}

    // goto_table stands below the table that says it, as resubmit does.
    void looked_up(unsigned depth, std::uint8_t table, const Rule* rule,
                   const FlowMask& looked_at) override {
        TraceStep* const step =
            add(depth, TraceStep::Kind::table, rule ? match_text(rule->match()) : std::string{});
        open_.push_back({depth, trace_.steps.size() - 1});
        if (!step) return;
        step->table = table;
        step->matched = rule != nullptr;
        step->looked_at = looked_at;
        if (!rule) return;
        step->priority = rule->priority();
        step->cookie = rule->cookie;
    }
    void action(unsigned depth, const RuleAction& action) override {
        if (room()) add(depth, TraceStep::Kind::action, actions_text({&action, 1}));
    }
    void note(unsigned depth, std::string_view words) override {
        add(depth, TraceStep::Kind::note, std::string(words));
    }
    void warning(unsigned depth, std::string_view words) override {
        add(depth, TraceStep::Kind::warning, std::string(words));
    }
    void action_set() override {
        if (!open_.empty()) open_.resize(1);
        add(0, TraceStep::Kind::action_set, {});
        open_.push_back({0, trace_.steps.size() - 1});
    }

private:
    struct Open {
        unsigned resubmits = 0;
        std::size_t step = 0;
    };

    // Asked before a text is made that nobody would see.
    bool room() {
        if (trace_.steps.size() < steps_max && bytes_ < bytes_max) return true;
        trace_.cut_off = true;
        return false;
    }
    TraceStep* add(unsigned resubmits, TraceStep::Kind kind, std::string text) {
        while (!open_.empty() && open_.back().resubmits > resubmits) open_.pop_back();
        if (!room()) return nullptr;
        bytes_ += text.size();
        TraceStep step;
        step.kind = kind;
        step.text = std::move(text);
        step.depth = static_cast<unsigned>(open_.size());
        if (!open_.empty()) step.parent = open_.back().step;
        trace_.steps.push_back(std::move(step));
        return &trace_.steps.back();
    }

    PacketTrace& trace_;
    std::size_t bytes_ = 0;
    std::vector<Open> open_;  // the tables that are asked, outermost first
};

}  // namespace

std::optional<DropReason> PacketTrace::drop_reason() const {
    const auto& done = verdict.program.steps;
    const auto* const drop = done.empty() ? nullptr : std::get_if<Drop>(&done.back());
    if (!drop) return std::nullopt;
    return drop->reason;
}

const TraceStep* PacketTrace::blamed_table() const {
    std::uint32_t lookup = 0;
    for (const TraceStep& step : steps)
        if (step.kind == TraceStep::Kind::table && lookup++ == verdict.counting.blamed)
            return &step;
    return nullptr;
}

PacketTrace trace_packet(const Pipeline& tables, const FlowKey& packet, TimePoint now,
                         bool from_nowhere) {
    PacketTrace trace;
    trace.packet = packet;
    Recorder recorder(trace);
    Translation translation(tables, packet, now, &recorder);
    trace.verdict =
        from_nowhere ? translation.through_tables_from_nowhere() : translation.through_tables();
    trace.left = translation.key();
    return trace;
}

std::expected<FlowKey, TextError> parse_packet(std::string_view text, const PortResolver& ports) {
    if (const std::size_t slash = text.find('/'); slash != text.npos)
        return std::unexpected(TextError{slash, "a packet has one value here", "no mask"});
    const auto match = parse_match(text, ports);
    if (!match) return std::unexpected(match.error());
    FlowKey key = match->mask.apply(match->key);
    if ((key.get(field::vlan_tci) & tci_present) != 0) key.set(field::vlan_tpid, tpid_vlan);
    return key;
}

}  // namespace switchd
