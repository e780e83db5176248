// Bytes that wait until the peer takes them: whole messages, in order.
//
// It has no bound of its own; who fills it looks at size() first.
#pragma once

#include <cstdint>
#include <vector>

#include "flows/openflow/header.h"
#include "flows/openflow/message_type.h"
#include "flows/openflow/wire.h"

namespace switchd::openflow {

class Outbox {
public:
    ByteSpan pending() const { return ByteSpan(bytes_).subspan(sent_); }
    std::size_t size() const { return bytes_.size() - sent_; }
    // The first `bytes` bytes of pending() are written.
    void consume(std::size_t bytes);

    // Valid until the next change. What it writes must be whole messages.
    Writer writer() { return Writer(bytes_); }
    // One message, whose body `body(writer)` writes. False: it is too long, and nothing is sent.
    template <class Body>
    bool message(Version version, MessageType type, std::uint32_t xid, const Body& body) {
        Writer out(bytes_);
        const std::size_t start = begin_message(out, version, message_number(version, type), xid);
        body(out);
        return end_message(out, start);
    }
    // A message that has no body.
    void message(Version version, MessageType type, std::uint32_t xid) {
        message(version, type, xid, [](Writer&) {});
    }

    // What was added since the last call, for who listens along.
    ByteSpan take_added();

private:
    std::vector<std::uint8_t> bytes_;
    std::size_t sent_ = 0;
    std::size_t heard_ = 0;
};

}  // namespace switchd::openflow
