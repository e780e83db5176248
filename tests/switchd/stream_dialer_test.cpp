#include "switchd/stream_dialer.h"

#include "switchd/stream_listener.h"
#include "tests/support/catch.h"
#include "tests/support/stream_lab.h"

using namespace switchd;
using namespace switchd::testing;

namespace {

struct Lab {
    Lab() { log.set_threshold(Log::Destination::console, Log::Level::off); }
    std::string path() { return (directory / "controller").string(); }
    // Where a controller listens.
    std::unique_ptr<StreamListener> controller(const StreamTarget& on,
                                               const TlsContext* tls = nullptr) {
        return std::make_unique<StreamListener>(turns, log, on, 0600, tls, controllers);
    }

    Loop loop;
    RequestTurns turns{loop.reactor};
    TemporaryDirectory directory;
    Log log{"test"};
    FakeHost controllers{true};
    FakeHost host;
};

StreamTarget to_dial(StreamTarget listening) {
    listening.passive = false;
    return listening;
}

}  // namespace

TEST_CASE("a controller is dialed at once, over unix sockets and TCP", "[stream_dialer]") {
    Lab lab;
    std::string text = GENERATE(as<std::string>{}, "punix:", "ptcp:0:127.0.0.1", "ptcp:0:[::1]");
    if (text == "punix:") text += lab.path();
    auto controller = lab.controller(target(text));
    StreamDialer dialer{lab.turns, lab.log, to_dial(controller->target()), nullptr, lab.host};
    REQUIRE(lab.loop.until([&] { return dialer.connected(); }));
    lab.host.sessions[0]->say("hello");
    CHECK(lab.loop.until([&] { return lab.host.sessions[0]->heard == "hello"; }));
    end(lab.loop, dialer);
    CHECK(lab.host.sessions.empty());
    CHECK_FALSE(dialer.connected());
    end(lab.loop, *controller);
}

TEST_CASE("a controller that is not there is dialed again, and sleeps in between",
          "[stream_dialer]") {
    Lab lab;
    StreamDialer dialer{lab.turns, lab.log, target("unix:" + lab.path()), nullptr, lab.host};
    lab.loop.turns(5);
    CHECK(lab.loop.wake_ups(std::chrono::milliseconds{300}) == 0);
    CHECK_FALSE(dialer.connected());
    auto controller = lab.controller(target("punix:" + lab.path()));
    CHECK(lab.loop.until([&] { return dialer.connected(); }));
    SECTION("and again when it has gone") {
        end(lab.loop, *controller);
        CHECK(lab.loop.until([&] { return !dialer.connected(); }));
        CHECK(lab.host.sessions.empty());
        controller = lab.controller(target("punix:" + lab.path()));
        CHECK(lab.loop.until([&] { return dialer.connected(); }));
        CHECK(lab.host.connections == 2);
    }
    end(lab.loop, dialer);
    end(lab.loop, *controller);
}

TEST_CASE("a dialer may be closed at any moment", "[stream_dialer]") {
    Lab lab;
    // Nobody answers there (RFC 5737), or the network is not reachable at all.
    const int turns = GENERATE(0, 1, 3);
    StreamDialer dialer{lab.turns, lab.log, target("tcp:192.0.2.1:6653"), nullptr, lab.host};
    lab.loop.turns(turns);
    end(lab.loop, dialer);
    CHECK(dialer.idle());
}

TEST_CASE("under TLS both sides show who they are", "[stream_dialer]") {
    Lab lab;
    const Keys keys;
    const TlsContext of_controller{keys.of("controller")};
    auto controller = lab.controller(target("pssl:0:127.0.0.1"), &of_controller);
    const StreamTarget there = to_dial(controller->target());

    SECTION("who is known can speak, as much as he likes") {
        const TlsContext of_switch{keys.of("switch")};
        StreamDialer dialer{lab.turns, lab.log, there, &of_switch, lab.host};
        REQUIRE(lab.loop.until([&] { return dialer.connected(); }));
        std::string text(1 << 20, 'x');
        for (std::size_t i = 0; i < text.size(); i += 999)
            text[i] = static_cast<char>('a' + i % 23);
        lab.host.sessions[0]->say(text);
        CHECK(lab.loop.until([&] { return lab.host.sessions[0]->heard.size() == text.size(); }));
        CHECK(lab.host.sessions[0]->heard == text);
        lab.host.sessions[0]->link().finish("enough");
        CHECK(lab.loop.until([&] { return lab.controllers.sessions.empty(); }));
        end(lab.loop, dialer);
    }
    SECTION("a stranger reaches nobody") {
        const TlsContext of_stranger{keys.of("stranger")};
        StreamDialer dialer{lab.turns, lab.log, there, &of_stranger, lab.host};
        lab.loop.until([&] { return controller->connections() == 1; });
        CHECK(lab.loop.until([&] { return controller->connections() == 0; }));
        CHECK(lab.controllers.connections == 0);
        end(lab.loop, dialer);
    }
    SECTION("a controller that nobody vouches for is not spoken to") {
        TlsFiles files = keys.of("switch");
        files.ca_certificate = keys.file("other-ca.pem");
        const TlsContext of_switch{files};
        StreamDialer dialer{lab.turns, lab.log, there, &of_switch, lab.host};
        lab.loop.until([&] { return controller->connections() == 1; });
        CHECK(lab.loop.until([&] { return controller->connections() == 0; }));
        CHECK(lab.host.connections == 0);
        CHECK(lab.controllers.connections == 0);
        end(lab.loop, dialer);
    }
    SECTION("who does not speak TLS reaches nobody") {
        StreamTarget plain = there;
        plain.kind = StreamTarget::Kind::tcp;
        StreamDialer dialer{lab.turns, lab.log, plain, nullptr, lab.host};
        REQUIRE(lab.loop.until([&] { return dialer.connected(); }));
        lab.host.sessions[0]->say("hello hello");
        CHECK(lab.loop.until([&] { return !dialer.connected(); }));
        CHECK(lab.controllers.connections == 0);
        end(lab.loop, dialer);
    }
    end(lab.loop, *controller);
}
