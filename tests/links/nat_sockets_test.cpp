#include "switchd/links/nat_sockets.h"

#include "tests/support/catch.h"

using namespace switchd;

TEST_CASE("half of the process's descriptors are a NAT's", "[nat_sockets]") {
    NatSockets sockets{1000};
    for (int fd = 10; fd < 509; ++fd) sockets.opened(fd);
    CHECK_FALSE(sockets.full());
    sockets.opened(509);
    CHECK(sockets.full());
    sockets.opened(509);
    sockets.closed(509);
    CHECK_FALSE(sockets.full());
    // What it was not told of does not count, however often it ends.
    for (int i = 0; i < 100; ++i) sockets.closed(600);
    sockets.closed(-1);
    sockets.opened(509);
    CHECK(sockets.full());
}

TEST_CASE("a high descriptor says that others have most of them", "[nat_sockets]") {
    NatSockets sockets{1000};
    sockets.opened(749);
    CHECK_FALSE(sockets.full());
    sockets.opened(750);
    CHECK(sockets.full());
    CHECK(sockets.has(750));
    sockets.closed(750);
    CHECK_FALSE(sockets.full());
    CHECK_FALSE(sockets.has(750));
    CHECK_FALSE(sockets.has(-1));
    CHECK_FALSE(sockets.has(100'000));
}
