// TLS without sockets: bytes of the wire in, bytes of the session out, and back.
//
// Both sides show a certificate that the other's authority has signed, as Open vSwitch's tools
// expect it; host names are not compared. TLS 1.2 and 1.3. tls_stream.cpp alone knows OpenSSL.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

struct ssl_ctx_st;
struct ssl_st;

namespace switchd {

// Paths of PEM files.
struct TlsFiles {
    std::string private_key;
    std::string certificate;     // with intermediate ones behind it, if any
    std::string ca_certificate;  // of who signed the peers'

    bool operator==(const TlsFiles&) const = default;
};

// Who the switch is, and whom it believes. Read once.
class TlsContext {
public:
    // Throws SetupError: a file cannot be read, or the key is not the certificate's.
    explicit TlsContext(const TlsFiles& files);

private:
    friend class TlsStream;
    struct Free {
        void operator()(ssl_ctx_st* context) const;
    };
    std::unique_ptr<ssl_ctx_st, Free> context_;
};

// One connection. What waits to be taken has no bound of its own, see wire_size().
class TlsStream {
public:
    enum class Role { client, server };  // the client is who connected

    TlsStream(const TlsContext& context, Role role);

    // Takes bytes that came over the wire, appends what they say to `plain`. False: the connection
    // cannot go on, see error(); take_wire() still has the last words.
    bool receive(std::span<const std::byte> wire, std::vector<std::byte>& plain);
    // Once established.
    void send(std::span<const std::byte> plain);
    // Tells the peer that nothing more will come, so that it can tell the end from a cut.
    void say_goodbye();
    // Appends what is to go over the wire.
    void take_wire(std::vector<std::byte>& into);
    // How much that is. The peer can have TLS itself answer, without reading anything.
    std::size_t wire_size() const;

    // The handshake is done: the peer has shown who it is.
    bool established() const;
    // The peer says nothing more.
    bool peer_ended() const;
    bool failed() const { return !error_.empty(); }
    const std::string& error() const { return error_; }

private:
    struct Free {
        void operator()(ssl_st* stream) const;
    };
    bool fail();

    std::unique_ptr<ssl_st, Free> stream_;
    std::string error_;
};

}  // namespace switchd
