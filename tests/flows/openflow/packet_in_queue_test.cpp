#include "flows/openflow/packet_in_queue.h"

#include "tests/support/catch.h"

using namespace switchd;
using openflow::PacketInQueue;
using std::chrono::milliseconds;

namespace {

const TimePoint start{std::chrono::hours{1}};

PacketInQueue::Message message(std::size_t bytes, std::uint8_t filling = 0) {
    return PacketInQueue::Message(bytes, filling);
}

}  // namespace

TEST_CASE("each port has its own allowance of packet-ins") {
    PacketInQueue queue({.per_second = 10, .burst = 5});
    for (int i = 0; i < 5; ++i) CHECK(queue.admit(1, start));
    CHECK_FALSE(queue.admit(1, start));
    CHECK(queue.admit(2, start));
    CHECK(queue.dropped() == 1);

    CHECK_FALSE(queue.admit(1, start + milliseconds{99}));
    CHECK(queue.admit(1, start + milliseconds{100}));
    CHECK_FALSE(queue.admit(1, start + milliseconds{100}));
    for (int i = 0; i < 5; ++i) CHECK(queue.admit(1, start + milliseconds{10'000}));
    CHECK_FALSE(queue.admit(1, start + milliseconds{10'000}));
}

TEST_CASE("waiting packet-ins of the ports take turns") {
    PacketInQueue queue({});
    for (int i = 0; i < 3; ++i) queue.push(1, message(10, 1));
    queue.push(2, message(10, 2));
    queue.push(7, message(10, 7));
    std::vector<int> order;
    while (const auto next = queue.pop()) order.push_back(next->front());
    CHECK(order == std::vector{1, 2, 7, 1, 1});
    CHECK(queue.empty());
    CHECK(queue.dropped() == 0);
}

TEST_CASE("a port that floods loses its own packet-ins only") {
    PacketInQueue queue({});
    for (std::size_t i = 0; i < 2 * PacketInQueue::waiting_per_port_max; ++i)
        queue.push(1, message(100));
    queue.push(2, message(100, 2));
    CHECK(queue.dropped() == PacketInQueue::waiting_per_port_max);
    CHECK(queue.waiting_bytes() == 100 * (PacketInQueue::waiting_per_port_max + 1));
    queue.pop();
    CHECK(queue.pop()->front() == 2);
}

TEST_CASE("the longest queue gives way when all of them hold too much") {
    constexpr std::size_t big = PacketInQueue::waiting_bytes_max / 32;
    PacketInQueue queue({});
    for (int i = 0; i < 32; ++i) queue.push(1, message(big, 1));
    queue.push(1, message(big, 1));
    CHECK(queue.dropped() == 1);
    for (int i = 0; i < 16; ++i) queue.push(2, message(big, 2));
    CHECK(queue.dropped() == 17);
    CHECK(queue.waiting_bytes() <= PacketInQueue::waiting_bytes_max);
    int of_second = 0;
    while (const auto next = queue.pop()) of_second += next->front() == 2;
    CHECK(of_second == 16);
}

TEST_CASE("ports that have had their say are forgotten, their debts are not") {
    PacketInQueue queue({.per_second = 1, .burst = 2});
    for (PortNumber port = 0; port < 100'000; ++port)
        CHECK(queue.admit(port, start + milliseconds{port}));
    CHECK(queue.admit(99'999, start + milliseconds{99'999}));
    CHECK_FALSE(queue.admit(99'999, start + milliseconds{99'999}));
}
