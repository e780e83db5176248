// One OpenFlow connection: bytes of a controller or of a tool in, bytes for it out (OpenFlow 1.0 to
// 1.5). It knows nothing of sockets; a transport hands what it reads to receive() and sends
// pending().
//
// Requests are carried out in their order, each as a whole before the next; an error is told before
// the answer to any later request. There are two kinds: a *primary* connection, which the switch
// dialed, is a controller's and hears of what happens; a *service* connection, which somebody else
// dialed, does so only once it has asked.
//
// Bounds: while more than output_bytes_max wait to be sent, no request is looked at, and long
// replies are made piece by piece as they are sent, so who asks for much and reads nothing holds
// little. Packet-ins wait in their own queue meanwhile (packet_in_queue.h). Other messages that
// were not asked for say how the switch has changed, so none may be missing: beyond news_bytes_max,
// and where all connections together hold too much (connection_set.h), the connection ends, and the
// peer asks anew when it comes back. A transport that heeds wants_input() never fills
// input_bytes_max.
//
// Time: a request can take long, and many of them can come at once. When their time is over
// (switchd/core/request_time.h), the rest waits, and the listener is told to call go_on() later.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "flows/openflow/connection_set.h"
#include "flows/openflow/flow_removed.h"
#include "flows/openflow/hello.h"
#include "flows/openflow/multipart_reply.h"
#include "flows/openflow/outbox.h"
#include "flows/openflow/output_listener.h"
#include "flows/openflow/packet_in_queue.h"
#include "flows/openflow/session.h"

namespace switchd::openflow {

class Connection {
public:
    struct Settings {
        bool primary = false;
        VersionSet versions = all_versions;  // not empty
        // Of silence, after which the peer is asked for a sign of life; as much again, and the
        // connection is closed. Zero: never.
        Duration probe_interval = std::chrono::seconds{5};
        PacketInQueue::Limits packet_ins{};
    };

    static constexpr std::size_t output_bytes_max = 256 * 1024;
    // All rules of a large table may go at once and each be told of.
    static constexpr std::size_t news_bytes_max = 16 * 1024 * 1024;
    static constexpr std::size_t input_bytes_max = 256 * 1024;

    // `controllers`, and `listener` if there is one, outlive this.
    Connection(ConnectionSet& controllers, const Settings& settings,
               OutputListener* listener = nullptr);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void receive(std::span<const std::byte> bytes);
    bool wants_input() const;
    // There is something left to do that it was asked for, if only there is time and room.
    bool has_requests() const;

    // Output in order; valid until the next call or message.
    std::span<const std::byte> pending() const { return std::as_bytes(out_.pending()); }
    // The first `bytes` of pending() are sent. Goes on with requests that waited for it.
    void consume(std::size_t bytes);
    // In a later turn, after OutputListener::work_left(), when it is time for requests again: goes
    // on with at least one.
    void go_on();

    // Drain pending(), then close. The reason is for people.
    bool closed() const { return closed_; }
    // The same with nothing left to drain.
    void cut_off();
    std::string_view reason() const { return reason_; }

    // Looks for signs of life; to be called at next_tick(), and no harm done at other times.
    void tick(TimePoint now);
    std::optional<TimePoint> next_tick() const;

    Session& session() { return session_; }
    const Session& session() const { return session_; }
    std::uint64_t packet_ins_dropped() const { return packet_ins_.dropped(); }

    // What happens, for the set of connections.
    void tell_port_status(PortChange change, const PortDescription& port);
    void tell_packet_in(const PacketInRequest& request, std::span<const std::byte> frame,
                        TimePoint now);
    void tell_flow_removed(FlowRemoved& removed);
    void tell_table_status(std::uint8_t table, VacancyEvent event);
    void become_slave();

private:
    std::optional<ByteSpan> next_message();
    void handle(ByteSpan message);
    void negotiate(ByteSpan hello);
    void answer_request(ByteSpan message);
    void send_error(Error error, std::uint32_t xid, ByteSpan data);
    void work();
    bool step();
    bool send_packet_in();
    bool take_step();
    bool room_for_news();
    void news_sent();
    void mirror_sent();
    void sign_of_life();
    void close(std::string reason);
    std::size_t waiting_input() const { return input_.size() - handled_; }

    ConnectionSet& controllers_;
    Settings settings_;
    OutputListener* listener_;
    Session session_;

    std::vector<std::uint8_t> input_;  // not yet looked at from handled_ on
    std::size_t handled_ = 0;
    Outbox out_;
    std::unique_ptr<MultipartReply> parts_;  // of the reply that is being sent
    PacketInQueue packet_ins_;

    TimePoint silent_since_;
    std::optional<TimePoint> probed_;
    bool closed_ = false;
    std::string reason_;
};

}  // namespace switchd::openflow
