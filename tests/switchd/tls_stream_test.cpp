#include "switchd/tls_stream.h"

#include <fstream>

#include "switchd/core/error.h"
#include "tests/support/catch.h"
#include "tests/support/stream_lab.h"

using namespace switchd;
using namespace switchd::testing;

namespace {

std::string refusal(const TlsFiles& files) {
    try {
        const TlsContext context{files};
    } catch (const SetupError& error) {
        return error.line();
    }
    return "";
}

using Bytes = std::vector<std::byte>;

// Everything that one side has for the other, in pieces of this size.
bool carry(TlsStream& from, TlsStream& to, Bytes& plain, std::size_t piece) {
    Bytes wire;
    from.take_wire(wire);
    bool sound = true;
    for (std::size_t at = 0; at < wire.size(); at += piece)
        sound = to.receive(std::span(wire).subspan(at, std::min(piece, wire.size() - at)), plain) &&
                sound;
    return sound;
}

}  // namespace

TEST_CASE("files that cannot be used are refused by name", "[tls_stream]") {
    const Keys keys;
    const TlsFiles good = keys.of("switch");
    CHECK(refusal(good) == "");
    TlsFiles files = good;
    files.private_key = keys.file("controller.key");
    CHECK(refusal(files).starts_with("cannot use '" + files.private_key + "' for TLS: "));
    CHECK(refusal(files).ends_with("(name a readable PEM file with --private-key)"));
    files = good;
    files.certificate = "/nowhere";
    CHECK(refusal(files) ==
          "cannot use '/nowhere' for TLS: No such file or directory (name a readable PEM file with "
          "--certificate)");
    files.certificate = keys.file("openssl.log");
    CHECK(refusal(files).starts_with("cannot use '" + files.certificate +
                                     "' for TLS: it is no PEM (name"));
    files = good;
    files.ca_certificate = keys.file("switch.key");
    CHECK(refusal(files).ends_with("--ca-cert)"));
}

TEST_CASE("what one side says the other hears, in whatever pieces it comes", "[tls_stream]") {
    const Keys keys;
    const TlsContext context{keys.of("switch")};
    const std::size_t piece = GENERATE(1U, 100U, 100000U);
    TlsStream client{context, TlsStream::Role::client}, server{context, TlsStream::Role::server};
    Bytes at_client, at_server;
    for (int i = 0; i < 10 && !(client.established() && server.established()); ++i) {
        REQUIRE(carry(client, server, at_server, piece));
        REQUIRE(carry(server, client, at_client, piece));
    }
    REQUIRE(client.established());
    REQUIRE(server.established());
    const Bytes text(40000, std::byte{'x'});
    client.send(text);
    REQUIRE(carry(client, server, at_server, piece));
    CHECK(at_server == text);
    CHECK_FALSE(server.peer_ended());
    client.say_goodbye();
    REQUIRE(carry(client, server, at_server, piece));
    CHECK(server.peer_ended());
}

TEST_CASE("bytes that were changed on the way end the stream", "[tls_stream]") {
    const Keys keys;
    const TlsContext context{keys.of("switch")};
    TlsStream client{context, TlsStream::Role::client}, server{context, TlsStream::Role::server};
    Bytes heard;
    for (int i = 0; i < 10 && !(client.established() && server.established()); ++i) {
        carry(client, server, heard, 100000);
        carry(server, client, heard, 100000);
    }
    client.send(Bytes(100, std::byte{'x'}));
    Bytes wire;
    client.take_wire(wire);
    wire.back() ^= std::byte{1};
    CHECK_FALSE(server.receive(wire, heard));
    CHECK(server.failed());
    CHECK(server.error().starts_with("TLS: "));
    CHECK(heard.empty());
}
