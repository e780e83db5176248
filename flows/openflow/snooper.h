// Somebody who listens to what a controller and the switch say to each other (`ovs-ofctl snoop`):
// bytes out, and of the bytes in only a hello is expected.
//
// It follows the connection that is best at the beginning, and ends with it. What waits for a
// snooper that does not read is bounded; beyond that it misses messages.
#pragma once

#include <span>

#include "flows/openflow/outbox.h"
#include "flows/openflow/output_listener.h"

namespace switchd::openflow {

class Connection;
class ConnectionSet;

class Snooper {
public:
    static constexpr std::size_t output_bytes_max = 1024 * 1024;

    // Both outlive this; `listener` may be null.
    explicit Snooper(ConnectionSet& controllers, OutputListener* listener = nullptr);
    ~Snooper();
    Snooper(const Snooper&) = delete;
    Snooper& operator=(const Snooper&) = delete;

    // Valid until the next call or message.
    std::span<const std::byte> pending() const { return std::as_bytes(out_.pending()); }
    void consume(std::size_t bytes) { out_.consume(bytes); }
    // There is nobody to listen to, or no longer: drain pending(), then close.
    bool closed() const { return followed_ == nullptr; }

    void overhear(const Connection& connection, ByteSpan messages);
    void connection_gone(const Connection& connection);

private:
    ConnectionSet& controllers_;
    OutputListener* listener_;
    const Connection* followed_;
    Outbox out_;
};

}  // namespace switchd::openflow
