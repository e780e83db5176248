// What to do with a frame, as a straight program: the steps are taken in order, an edit holds for
// the steps after it.
//
// Invariants: a program has at least one step; if no step outputs, punts or tells a controller, the
// last step is a Drop with the reason.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "flows/match.h"
#include "flows/numbers.h"
#include "flows/packet_in.h"
#include "switchd/core/drop_reason.h"

namespace switchd {

// A copy of the frame as it is now to each of these ports. Never empty.
struct Output {
    std::vector<PortNumber> ports;
    bool operator==(const Output&) const = default;
};

// Header fields become those of `edit`, where its mask has ones. Shared between equal programs.
struct SetFields {
    std::shared_ptr<const Match> edit;
    bool operator==(const SetFields& other) const { return *edit == *other.edit; }
};

// Puts a tag behind the source address.
struct PushVlan {
    std::uint16_t tpid = tpid_vlan;
    std::uint16_t tci = 0;  // without the bit for "there is a tag"
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

// The controllers get the frame as it is now.
struct ToController {
    std::shared_ptr<const PacketInRequest> request;
    bool operator==(const ToController& other) const { return *request == *other.request; }
};

struct Drop {
    DropReason reason = DropReason::no_destination;
    bool operator==(const Drop&) const = default;
};

using Action = std::variant<Output, SetFields, PushVlan, PopVlan, Punt, ToController, Drop>;

struct ActionProgram {
    std::vector<Action> steps;
    // What carrying it out takes: as many as there are steps, an output counted for each port. Some
    // tenths of a microsecond each.
    std::uint32_t work = 1;

    bool operator==(const ActionProgram& other) const { return steps == other.steps; }
    bool drops() const { return steps.size() == 1 && std::holds_alternative<Drop>(steps.front()); }
};

std::uint32_t work_of(std::span<const Action> steps);
// Of memory, with what the steps refer to.
std::size_t bytes_of(const ActionProgram& program);

// "output:1,2,push_vlan:5,output:3", "set(eth_dst=...)", "controller:action", "drop:runt",
// "punt:spanning_tree".
std::string to_text(const ActionProgram& program);

}  // namespace switchd
