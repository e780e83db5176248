#include "switchd/core/dialer.h"

#include <vector>

#include "tests/support/catch.h"
#include "tests/support/loop.h"
#include "tests/support/sockets.h"

using namespace switchd;

namespace {

StreamTarget target(std::string_view text) {
    return parse_stream_target(text).value();
}

struct Lab {
    Lab() { log.set_threshold(Log::Destination::console, Log::Level::off); }
    // Somebody who listens there, or would if this were kept.
    std::pair<Fd, StreamTarget> listener() {
        Fd socket = listen_on(target("ptcp:0:127.0.0.1"), 0);
        StreamTarget there = target("tcp:127.0.0.1:1");
        there.port = port_of(socket);
        return {std::move(socket), there};
    }
    void end(Dialer& dialer) {
        dialer.close();
        loop.until_seen([&] { return dialer.idle(); });
    }

    Loop loop;
    Log log{"test"};
};

struct Owner {
    void on_socket(Fd socket) noexcept { sockets.push_back(std::move(socket)); }
    Dialer dial(Lab& lab, const StreamTarget& there) {
        return Dialer::calling<&Owner::on_socket>(lab.loop.reactor, lab.log, there, this);
    }

    std::vector<Fd> sockets;
};

// The first `count` times that the loop sleeps longer than half a second.
std::vector<double> pauses(Lab& lab, std::size_t count) {
    std::vector<double> pauses;
    while (pauses.size() < count) {
        const TimePoint before = lab.loop.clock.now();
        lab.loop.reactor.run_once();
        const std::chrono::duration<double> slept = lab.loop.clock.now() - before;
        if (slept.count() > 0.5) pauses.push_back(slept.count());
    }
    return pauses;
}

}  // namespace

TEST_CASE("a dialer's socket is connected, and dialed again when its use has ended", "[dialer]") {
    Lab lab;
    const auto [listening, there] = lab.listener();
    Owner owner;
    Dialer dialer = owner.dial(lab, there);
    REQUIRE(lab.loop.until([&] { return owner.sockets.size() == 1; }));
    CHECK_FALSE(dialer.is_established());
    dialer.established();
    CHECK(dialer.is_established());
    CHECK(peer_text(owner.sockets[0]) == there.text());
    dialer.ended("enough");
    CHECK_FALSE(dialer.is_established());
    CHECK(lab.loop.until([&] { return owner.sockets.size() == 2; }));
    lab.end(dialer);
    dialer.ended("too late");
    CHECK(dialer.idle());
}

TEST_CASE("a dialer may be closed at any moment", "[dialer]") {
    Lab lab;
    // Nobody answers there (RFC 5737), or the network is not reachable at all.
    const int turns = GENERATE(0, 1, 3);
    Owner owner;
    Dialer dialer = owner.dial(lab, target("tcp:192.0.2.1:6653"));
    lab.loop.turns(turns);
    lab.end(dialer);
    CHECK(dialer.idle());
    CHECK(owner.sockets.empty());
}

TEST_CASE("a paused dialer dials nobody, and does when it goes on", "[dialer]") {
    Lab lab;
    const auto [listening, there] = lab.listener();
    Owner owner;
    Dialer dialer = owner.dial(lab, there);
    const int turns = GENERATE(0, 1, 3);
    lab.loop.turns(turns);
    dialer.set_paused(true);
    lab.loop.turns(3);
    const std::size_t before = owner.sockets.size();
    if (before > 0) {
        dialer.established();
        dialer.ended("it was let go");
    }
    CHECK(lab.loop.wake_ups(std::chrono::milliseconds{1200}) == 0);
    CHECK(owner.sockets.size() == before);
    dialer.set_paused(false);
    CHECK(lab.loop.until([&] { return owner.sockets.size() == before + 1; }));
    lab.end(dialer);
}

TEST_CASE("the pauses between attempts double", "[dialer]") {
    Lab lab;
    const StreamTarget gone = lab.listener().second;
    Owner owner;
    Dialer dialer = owner.dial(lab, gone);
    // Each attempt wakes the loop a few times at once; what lies between is a pause.
    const auto slept = pauses(lab, 2);
    CAPTURE(slept);
    CHECK(slept[0] > 0.9);
    CHECK(slept[0] < 1.9);
    CHECK(slept[1] > 1.9);
    lab.end(dialer);
}
