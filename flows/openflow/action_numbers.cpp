#include "flows/openflow/action_numbers.h"

#include <array>

namespace switchd::openflow {
namespace {

using Action = StandardAction;
constexpr std::uint16_t none = no_action_number;

struct Row {
    Action action;
    std::uint16_t in_1_0;
    std::uint16_t later;
    Version first = Version::v1_1;  // that has the later number
    Version last_offered = Version::v1_5;
    bool supported = true;
};
constexpr Row replaced(Action action, std::uint16_t in_1_0, std::uint16_t later) {
    return {action, in_1_0, later, Version::v1_1, Version::v1_1};
}
constexpr Row unsupported(Action action, std::uint16_t later, Version first) {
    return {action, none, later, first, Version::v1_5, false};
}
constexpr std::array rows{
    Row{Action::output, 0, 0},
    replaced(Action::set_vlan_vid, 1, 1),
    replaced(Action::set_vlan_pcp, 2, 2),
    Row{Action::pop_vlan, 3, 18},
    replaced(Action::set_eth_src, 4, 3),
    replaced(Action::set_eth_dst, 5, 4),
    replaced(Action::set_ipv4_src, 6, 5),
    replaced(Action::set_ipv4_dst, 7, 6),
    replaced(Action::set_tos, 8, 7),
    replaced(Action::set_ecn, none, 8),
    replaced(Action::set_port_src, 9, 9),
    replaced(Action::set_port_dst, 10, 10),
    Row{Action::enqueue, 11, none},
    Row{Action::push_vlan, none, 17},
    Row{Action::set_queue, none, 21},
    unsupported(Action::group, 22, Version::v1_1),
    Row{Action::set_ttl, none, 23},
    Row{Action::dec_ttl, none, 24},
    Row{Action::set_field, none, 25, Version::v1_2},
    Row{Action::copy_field, none, 28, Version::v1_5},
    unsupported(Action::meter, 29, Version::v1_5),
};

std::uint16_t number_in(const Row& row, Version version) {
    if (version == Version::v1_0) return row.in_1_0;
    return version >= row.first ? row.later : none;
}

}  // namespace

std::uint16_t number_of(StandardAction action, Version version) {
    return number_in(rows[static_cast<std::size_t>(action)], version);
}

std::optional<StandardAction> standard_action(std::uint16_t number, Version version) {
    for (const Row& row : rows)
        if (number_in(row, version) == number) return row.action;
    return std::nullopt;
}

std::uint32_t offered_actions(Version version) {
    std::uint32_t numbers = 0;
    for (const Row& row : rows) {
        const std::uint16_t number = number_in(row, version);
        if (number != none && row.supported && version <= row.last_offered) numbers |= 1u << number;
    }
    return numbers;
}

std::uint32_t offered_instructions(bool last_table) {
    using namespace instruction;
    const std::uint32_t all =
        1u << write_metadata | 1u << write_actions | 1u << apply_actions | 1u << clear_actions;
    return last_table ? all : all | 1u << goto_table;
}

}  // namespace switchd::openflow
