// Sessions that keep what they hear and say what the test says, and keys for TLS.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "switchd/core/stream_target.h"
#include "switchd/stream_link.h"
#include "switchd/tls_stream.h"
#include "tests/support/loop.h"
#include "tests/support/sockets.h"

namespace switchd::testing {

class FakeHost;

class FakeSession final : public StreamSession {
public:
    FakeSession(FakeHost& host, StreamLink& link) : host_(host), link_(link) {}

    void say(std::string_view text) {
        to_send_ += text;
        link_.send();
    }
    StreamLink& link() { return link_; }

    std::string heard;
    bool echoes = false;
    bool listens = true;
    bool known = true;

private:
    void received(std::span<const std::byte> bytes) noexcept override {
        const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        heard += text;
        if (echoes) to_send_ += text;
    }
    void take_output(std::vector<std::byte>& into, std::size_t bytes_max) noexcept override {
        const auto bytes = std::as_bytes(std::span(to_send_));
        const auto some = bytes.first(std::min(bytes.size(), bytes_max));
        into.insert(into.end(), some.begin(), some.end());
        to_send_.erase(0, some.size());
    }
    bool takes_input() const noexcept override { return listens; }
    bool introduced() const noexcept override { return known; }
    void ended() noexcept override;

    FakeHost& host_;
    StreamLink& link_;
    std::string to_send_;
};

// Knows the sessions that are there.
class FakeHost final : public StreamHost {
public:
    explicit FakeHost(bool echoes = false) : echoes_(echoes) {}

    std::vector<FakeSession*> sessions;
    int connections = 0;  // all there ever were

private:
    friend class FakeSession;
    std::unique_ptr<StreamSession> connected(StreamLink& link) noexcept override {
        auto session = std::make_unique<FakeSession>(*this, link);
        session->echoes = echoes_;
        sessions.push_back(session.get());
        ++connections;
        return session;
    }

    bool echoes_;
};

inline void FakeSession::ended() noexcept {
    std::erase(host_.sessions, this);
}

// An authority, and whom it knows; made with the openssl program.
class Keys {
public:
    Keys() {
        make("ca", "-x509 -days 2");
        for (const char* name : {"switch", "controller"}) sign(name, "ca");
        make("other-ca", "-x509 -days 2");
        sign("stranger", "other-ca");
    }
    TlsFiles of(const std::string& name) const {
        return {file(name + ".key"), file(name + ".pem"), file("ca.pem")};
    }
    std::string file(const std::string& name) const { return (directory_ / name).string(); }

private:
    void run(const std::string& arguments) {
        const std::string command =
            "cd " + directory_.path().string() + " && openssl " + arguments + " >openssl.log 2>&1";
        if (std::system(command.c_str()) != 0) throw std::runtime_error(command);
    }
    void make(const std::string& name, const std::string& more) {
        const std::string out = more.empty() ? ".req" : ".pem";
        run("req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=" + name +
            " -keyout " + name + ".key -out " + name + out + " " + more);
    }
    void sign(const std::string& name, const std::string& authority) {
        make(name, "");
        run("x509 -req -in " + name + ".req -CA " + authority + ".pem -CAkey " + authority +
            ".key -CAcreateserial -days 2 -out " + name + ".pem");
    }

    TemporaryDirectory directory_;
};

// Ends listeners and dialers in order.
template <class Server>
void end(Loop& loop, Server& server) {
    server.close();
    loop.until([&] { return server.idle(); });
    loop.turns(3);  // what was retired is buried
}

inline StreamTarget target(const std::string& text) {
    const auto result = parse_stream_target(text);
    if (!result) throw std::runtime_error(result.error());
    return *result;
}

}  // namespace switchd::testing
