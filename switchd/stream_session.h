// What speaks over a stream without knowing what carries it (a unix socket, TCP, TLS), and who
// makes it.
//
// A session lives as long as one connection. All calls come from the loop, one at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace switchd {

class StreamLink;

class StreamSession {
public:
    virtual ~StreamSession() = default;

    // Bytes as they came, in any pieces.
    virtual void received(std::span<const std::byte> bytes) noexcept = 0;
    // Appends at most `bytes_max` bytes of what is to be sent, from its beginning. Asked after
    // input, after StreamLink::send(), and when what was given out has gone.
    virtual void take_output(std::vector<std::byte>& into, std::size_t bytes_max) noexcept = 0;
    // False: the peer lets answers lie, so no more of its requests are read until some have gone.
    virtual bool takes_input() const noexcept { return true; }
    // It is not done yet with what it has received: a peer that says no more is still answered.
    virtual bool busy() const noexcept { return false; }
    // The peer has said what it is, and speaks the same language: it may stay where it is crowded.
    virtual bool introduced() const noexcept { return true; }
    // The connection has gone: the link must not be used any more, and this is destroyed soon.
    virtual void ended() noexcept {}
};

class StreamHost {
public:
    virtual ~StreamHost() = default;
    // Somebody is connected, and what is sent over `link` will reach him. It outlives the session.
    virtual std::unique_ptr<StreamSession> connected(StreamLink& link) noexcept = 0;
};

}  // namespace switchd
