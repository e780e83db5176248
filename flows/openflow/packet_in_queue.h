// Packet-ins on their way to one controller: so many a second of each ingress port, and while the
// controller does not read, some of each port wait their turn.
//
// One port's packets never keep another's from the controller: every port has its own allowance (a
// token bucket) and its own queue, and queues are emptied in turn. What is beyond the allowance is
// dropped at once and not kept: by the time it were allowed, it would be too late for whoever sent
// it, and nobody has to wake up for it. A full queue drops
// its newest; when all of them together hold too much, the longest does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "flows/numbers.h"
#include "switchd/core/clock.h"

namespace switchd::openflow {

class PacketInQueue {
public:
    struct Limits {
        std::uint32_t per_second = 1000;  // of each port
        std::uint32_t burst = 1000;
    };
    // Some milliseconds' worth at the default rate, of frames of full size 600 kB a port.
    static constexpr std::size_t waiting_per_port_max = 64;
    // Of all ports.
    static constexpr std::size_t waiting_bytes_max = 4 * 1024 * 1024;

    using Message = std::vector<std::uint8_t>;

    explicit PacketInQueue(Limits limits) : limits_(limits) {}

    // Takes one of the port's allowance. False: there is none left, and the packet is counted as
    // dropped.
    bool admit(PortNumber port, TimePoint now);
    // Puts an admitted message in its port's queue; beyond a bound it is dropped and counted.
    void push(PortNumber port, Message message);
    // The next message of the port whose turn it is.
    std::optional<Message> pop();

    bool empty() const { return waiting_bytes_ == 0; }
    std::size_t waiting_bytes() const { return waiting_bytes_; }
    std::uint64_t dropped() const { return dropped_; }
    void count_drop() { ++dropped_; }

private:
    struct Port {
        double tokens = 0;
        TimePoint refilled;
        std::deque<Message> waiting;
    };
    void refill(Port& port, TimePoint now) const;
    void forget_idle(TimePoint now);
    bool make_room(PortNumber port, std::size_t bytes);

    Limits limits_;
    std::map<PortNumber, Port> ports_;
    std::size_t forget_at_ = 256;  // ports; doubles with those that really are in use
    PortNumber turn_ = 0;          // the port that was served last
    std::size_t waiting_bytes_ = 0;
    std::uint64_t dropped_ = 0;
};

}  // namespace switchd::openflow
