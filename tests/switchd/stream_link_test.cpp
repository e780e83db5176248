#include "switchd/stream_link.h"

#include <fcntl.h>
#include <openssl/ssl.h>

#include <array>
#include <memory>
#include <string_view>

#include "tests/support/catch.h"
#include "tests/support/stream_lab.h"

using namespace switchd;
using namespace switchd::testing;

namespace {

// A peer that shows its certificate and then has the switch change its keys without end, each time
// with an answer that it does not read (RFC 8446, section 4.6.3).
class KeyChanger {
public:
    KeyChanger(const TlsFiles& files, Fd socket)
        : context_(SSL_CTX_new(TLS_method())), socket_(std::move(socket)) {
        SSL_CTX_use_certificate_chain_file(context_.get(), files.certificate.c_str());
        SSL_CTX_use_PrivateKey_file(context_.get(), files.private_key.c_str(), SSL_FILETYPE_PEM);
        stream_.reset(SSL_new(context_.get()));
        REQUIRE(fcntl(socket_.get(), F_SETFL, O_NONBLOCK) == 0);
        REQUIRE(SSL_set_fd(stream_.get(), socket_.get()) == 1);
    }

    bool shake_hands() { return SSL_connect(stream_.get()) == 1; }
    void say(std::string_view text) {
        REQUIRE(SSL_write(stream_.get(), text.data(), static_cast<int>(text.size())) ==
                static_cast<int>(text.size()));
    }
    // False: the switch does not take it now.
    bool change_keys() {
        if (!asked_) SSL_key_update(stream_.get(), SSL_KEY_UPDATE_REQUESTED);
        asked_ = SSL_do_handshake(stream_.get()) != 1;
        return !asked_;
    }
    // Takes the answers, without a look at them.
    void take_answers() {
        std::array<std::byte, 4096> bytes;
        while (receive_now(socket_, bytes) > 0) {
        }
    }

private:
    struct Free {
        void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
        void operator()(SSL* stream) const { SSL_free(stream); }
    };
    std::unique_ptr<SSL_CTX, Free> context_;
    Fd socket_;
    std::unique_ptr<SSL, Free> stream_;
    bool asked_ = false;
};

// A link, and the other end of its socket.
class Lab final : private StreamLink::Owner {
public:
    Lab() {
        auto [ours, theirs] = socket_pair(SOCK_STREAM);
        constexpr int little = 4096;
        for (const Fd* end : {&ours, &theirs})
            setsockopt(end->get(), SOL_SOCKET, SO_SNDBUF, &little, sizeof little);
        link_ = std::make_unique<StreamLink>(
            turns, std::move(ours),
            std::make_unique<TlsStream>(of_switch_, TlsStream::Role::server), "peer",
            static_cast<StreamLink::Owner&>(*this));
        link_->start();
        peer_ = std::move(theirs);
    }
    ~Lab() override {
        if (link_) let_go();
        loop.turns(3);  // what was retired is buried
        end(loop, turns);
    }
    KeyChanger peer() { return {keys_.of("controller"), std::move(peer_)}; }

    Loop loop;
    RequestTurns turns{loop.reactor};
    FakeHost host;

private:
    std::unique_ptr<StreamSession> link_opened(StreamLink& link) noexcept override {
        return static_cast<StreamHost&>(host).connected(link);
    }
    void link_ended(StreamLink&, std::string_view) noexcept override { let_go(); }
    void let_go() {
        link_->close();
        loop.reactor.retire(std::move(link_));
    }

    Keys keys_;
    TlsContext of_switch_{keys_.of("switch")};
    std::unique_ptr<StreamLink> link_;
    Fd peer_;
};

}  // namespace

TEST_CASE("who has TLS answer and does not read is not listened to meanwhile", "[stream_link]") {
    Lab lab;
    KeyChanger peer = lab.peer();
    REQUIRE(lab.loop.until_seen([&] { return peer.shake_hands(); }));
    int stuck = 0;
    CHECK(lab.loop.until_seen([&] {
        for (int i = 0; i < 100 && peer.change_keys(); ++i) stuck = 0;
        return !lab.turns.is_over() && ++stuck == 100;
    }));
    REQUIRE(lab.host.sessions.size() == 1);

    // Once it reads, all that it has said is heard.
    REQUIRE(lab.loop.until_seen([&] {
        peer.take_answers();
        return peer.change_keys();
    }));
    peer.say("there I am");
    CHECK(lab.loop.until_seen([&] {
        peer.take_answers();
        return lab.host.sessions[0]->heard == "there I am";
    }));
}

TEST_CASE("handshakes wait while other requests take the time", "[stream_link]") {
    Lab lab;
    KeyChanger peer = lab.peer();
    peer.shake_hands();
    lab.turns.time().spend(lab.loop.clock.now() - std::chrono::hours{1}, lab.loop.clock.now());
    lab.loop.turns(20);
    CHECK_FALSE(peer.shake_hands());
    CHECK(lab.host.connections == 0);
}
