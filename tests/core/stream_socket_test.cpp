#include "switchd/core/stream_socket.h"

#include "switchd/core/error.h"
#include "tests/support/catch.h"
#include "tests/support/sockets.h"

using namespace switchd;

namespace {

StreamTarget target(std::string_view text) {
    return parse_stream_target(text).value();
}

}  // namespace

TEST_CASE("a listener takes connections at the address that it has got", "[stream_socket]") {
    const std::string host = GENERATE("127.0.0.1", "[::1]");
    const Fd listener = listen_on(target("ptcp:0:" + host), 0);
    const std::string there = "tcp:" + host + ":" + std::to_string(port_of(listener));
    const Fd socket = make_stream_socket(target(there));
    const SocketAddress address = address_of(target(there));
    REQUIRE(::connect(socket.get(), address.get(), address.size) == 0);
    CHECK(peer_text(socket) == there);
    send_at_once(socket);
}

TEST_CASE("a unix socket's peer has no name", "[stream_socket]") {
    const TemporaryDirectory directory;
    const Fd listener = listen_on(target("punix:" + (directory / "socket").string()), 0600);
    const StreamTarget there = target("unix:" + (directory / "socket").string());
    const Fd socket = make_stream_socket(there);
    const SocketAddress address = address_of(there);
    CHECK(peer_text(socket) == "nobody");
    REQUIRE(::connect(socket.get(), address.get(), address.size) == 0);
    CHECK(peer_text(socket) == "unix");
}

TEST_CASE("where nobody can listen, it is said why and what to do", "[stream_socket]") {
    const Fd listener = listen_on(target("ptcp:0:127.0.0.1"), 0);
    const auto refused = [](const std::string& text) -> std::string {
        try {
            const Fd socket = listen_on(target(text), 0);
        } catch (const SetupError& error) {
            return error.line();
        }
        return "";
    };
    CHECK(refused("ptcp:" + std::to_string(port_of(listener)) + ":127.0.0.1") ==
          "cannot listen on 'ptcp:" + std::to_string(port_of(listener)) +
              ":127.0.0.1': Address already in use (stop whoever uses it, or choose another port)");
    CHECK(refused("ptcp:0:192.0.2.1") ==
          "cannot listen on 'ptcp:0:192.0.2.1': Cannot assign requested address (choose an address "
          "of this machine)");
}
