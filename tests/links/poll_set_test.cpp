#include "switchd/links/poll_set.h"

#include <sys/epoll.h>

#include <memory>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/loop.h"
#include "tests/support/sockets.h"

using namespace switchd;
using namespace std::chrono_literals;

namespace {

struct Owner {
    ~Owner() {
        set.close();
        while (!set.idle()) loop.reactor.run_once();
    }
    void on_ready() noexcept { ++calls; }
    // Asks for all of these to be readable; the indices.
    std::vector<int> wait_for(const std::vector<int>& fds, std::uint32_t events = EPOLLIN) {
        std::vector<int> indices;
        set.begin();
        for (const int fd : fds) indices.push_back(set.want(fd, events));
        set.wait();
        return indices;
    }

    Loop loop;
    int calls = 0;
    PollSet set = PollSet::calling<&Owner::on_ready>(loop.reactor, this);
};

void write_to(const Fd& socket) {
    checked(static_cast<int>(::send(socket.get(), "x", 1, 0)));
}

}  // namespace

TEST_CASE("who wants descriptors is told which are ready", "[poll_set]") {
    Owner owner;
    auto [a, to_a] = socket_pair(SOCK_STREAM);
    auto [b, to_b] = socket_pair(SOCK_STREAM);
    auto at = owner.wait_for({a.get(), b.get()});
    CHECK(owner.loop.wake_ups(50ms) == 0);
    write_to(to_b);
    REQUIRE(owner.loop.until([&] { return owner.calls == 1; }));
    CHECK(owner.set.ready(at[0]).events == 0);
    CHECK(owner.set.ready(at[1]).events == EPOLLIN);

    // Other things in another order: b is not wanted any more, though it is readable.
    at = owner.wait_for({a.get()});
    CHECK(owner.loop.wake_ups(50ms) == 0);
    at = owner.wait_for({b.get(), a.get()}, EPOLLOUT);
    REQUIRE(owner.loop.until([&] { return owner.calls == 2; }));
    CHECK(owner.set.ready(at[0]).events == EPOLLOUT);
    CHECK(owner.set.ready(at[1]).events == EPOLLOUT);
    CHECK(owner.set.ready(2).events == 0);
    CHECK(owner.set.ready(-1).events == 0);

    owner.wait_for({});
    CHECK(owner.loop.wake_ups(50ms) == 0);
}

TEST_CASE("a descriptor that was closed may come again for something else", "[poll_set]") {
    Owner owner;
    auto [a, to_a] = socket_pair(SOCK_STREAM);
    owner.wait_for({a.get()});
    const int number = a.get();
    owner.set.forget(number);
    owner.set.forget(number);
    owner.set.forget(12345);
    a.reset();
    auto [b, to_b] = socket_pair(SOCK_STREAM);
    REQUIRE(b.get() == number);
    const auto at = owner.wait_for({b.get()});
    write_to(to_b);
    REQUIRE(owner.loop.until([&] { return owner.calls == 1; }));
    CHECK(owner.set.ready(at[0]).events == EPOLLIN);
}
