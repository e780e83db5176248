// What to do with a frame, as a straight program: the steps are taken in order, an edit holds for
// the steps after it.
//
// Invariants: a program has at least one step; it never outputs to the port that the frame came
// from; if no step outputs or punts, the last step is a Drop with the reason.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "flows/numbers.h"
#include "switchd/core/drop_reason.h"

namespace switchd {

// A copy of the frame as it is now to each of these ports. Never empty; no port twice in a program.
struct Output {
    std::vector<PortNumber> ports;
    bool operator==(const Output&) const = default;
};

// Puts an 0x8100 tag behind the source address.
struct PushVlan {
    std::uint16_t tci = 0;
    bool operator==(const PushVlan&) const = default;
};

// Takes the outer tag away.
struct PopVlan {
    bool operator==(const PopVlan&) const = default;
};

// Somebody inside the switch takes the frame; it is not forwarded.
enum class LocalConsumer : std::uint8_t { spanning_tree };
struct Punt {
    LocalConsumer to = LocalConsumer::spanning_tree;
    VlanId vlan = 0;  // the VLAN that the frame belongs to
    bool operator==(const Punt&) const = default;
};

struct Drop {
    DropReason reason = DropReason::no_destination;
    bool operator==(const Drop&) const = default;
};

using Action = std::variant<Output, PushVlan, PopVlan, Punt, Drop>;

struct ActionProgram {
    std::vector<Action> steps;
    bool operator==(const ActionProgram&) const = default;

    bool drops() const { return steps.size() == 1 && std::holds_alternative<Drop>(steps.front()); }
};

// "output:1,2,push_vlan:5,output:3", "drop:runt", "punt:spanning_tree".
std::string to_text(const ActionProgram& program);

}  // namespace switchd
