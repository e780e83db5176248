#include "flows/openflow/connection.h"

#include <fmt/core.h>

#include "flows/openflow/packet_in_codec.h"
#include "flows/openflow/port_codec.h"
#include "flows/openflow/requests.h"
#include "flows/openflow/table_codec.h"

namespace switchd::openflow {
namespace {

ByteSpan as_message_bytes(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

ByteSpan as_message_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Messages that mean the same in every version, and that a peer may send before it has learned
// which one was agreed on.
bool in_any_version(std::uint8_t type) {
    return type <= static_cast<std::uint8_t>(MessageType::echo_reply);
}

}  // namespace

Connection::Connection(ConnectionSet& controllers, const Settings& settings,
                       OutputListener* listener)
    : controllers_(controllers),
      settings_(settings),
      listener_(listener),
      packet_ins_(settings.packet_ins),
      silent_since_(controllers.target().now()) {
    session_.primary = settings.primary;
    session_.miss_send_len = settings.primary ? miss_send_len_default : 0;
    Writer writer = out_.writer();
    encode_hello(writer, settings_.versions, 0);
    controllers_.add(*this);
    mirror_sent();
}

Connection::~Connection() {
    controllers_.remove(*this);
}

bool Connection::wants_input() const {
    return !closed_ && waiting_input() < message_bytes_max;
}

bool Connection::has_requests() const {
    if (closed_) return false;
    const auto header = read_header(ByteSpan(input_).subspan(handled_));
    return parts_ || (header && waiting_input() >= header->length);
}

void Connection::receive(std::span<const std::byte> bytes) {
    if (closed_) return;
    sign_of_life();
    const ByteSpan received = as_message_bytes(bytes);
    input_.insert(input_.end(), received.begin(), received.end());
    work();
    if (waiting_input() > input_bytes_max) close("it sends more than it takes answers to");
}

void Connection::consume(std::size_t bytes) {
    out_.consume(bytes);
    // Who reads is alive, unless it may be the kernel that has taken our question.
    if (bytes != 0 && !probed_) sign_of_life();
    work();
}

void Connection::go_on() {
    if (out_.size() < output_bytes_max) step();
    work();
}

void Connection::work() {
    Switch& target = controllers_.target();
    while (out_.size() < output_bytes_max) {
        if (target.request_time().is_over(target.now(), target.measured_now())) {
            const bool left = parts_ || waiting_input() != 0 || !packet_ins_.empty();
            if (left && listener_) listener_->work_left();
            break;
        }
        if (!step()) break;
    }
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(handled_));
    handled_ = 0;
}

// Packet-ins and requests take turns, so that neither keeps the other waiting. False: there was
// nothing to do.
bool Connection::step() {
    Switch& target = controllers_.target();
    const TimePoint begin = target.measured_now();
    const bool sent = send_packet_in();
    const bool done = !closed_ && take_step();
    target.request_time().spend(begin, target.measured_now());
    return done || sent;
}

bool Connection::send_packet_in() {
    const auto message = packet_ins_.pop();
    if (!message) return false;
    out_.writer().bytes(*message);
    mirror_sent();
    return true;
}

// The next part of a long reply, or the next message.
bool Connection::take_step() {
    if (parts_) {
        Writer writer = out_.writer();
        if (!parts_->write_part(writer)) parts_.reset();
        mirror_sent();
        return true;
    }
    const auto message = next_message();
    if (!message) return false;
    handle(*message);
    handled_ += message->size();
    mirror_sent();
    return true;
}

std::optional<ByteSpan> Connection::next_message() {
    const ByteSpan waiting = ByteSpan(input_).subspan(handled_);
    const auto header = read_header(waiting);
    if (!header) return std::nullopt;
    if (header->length < header_bytes) {
        close("it sent a message that is shorter than a header");
        return std::nullopt;
    }
    if (waiting.size() < header->length) return std::nullopt;
    return waiting.first(header->length);
}

void Connection::handle(ByteSpan message) {
    controllers_.overhear(*this, message);
    const auto header = *read_header(message);
    if (!session_.negotiated) {
        negotiate(message);
    } else if (header.version != static_cast<std::uint8_t>(session_.version) &&
               !in_any_version(header.type)) {
        send_error(Error::brc_bad_version, header.xid, message);
    } else {
        answer_request(message);
    }
}

void Connection::negotiate(ByteSpan hello) {
    if (read_header(hello)->type != static_cast<std::uint8_t>(MessageType::hello)) {
        close("it did not begin with a hello");
        return;
    }
    const VersionSet theirs = decode_hello(hello);
    const auto version = highest_common(settings_.versions, theirs);
    if (!version) {
        const auto highest = highest_common(settings_.versions, settings_.versions);
        session_.version = *highest;
        const std::string text =
            fmt::format("versions {:#x} are spoken here, not {:#x} (bit 1 is OpenFlow 1.0)",
                        settings_.versions.bits, theirs.bits);
        send_error(Error::hfc_incompatible, read_header(hello)->xid, as_message_bytes(text));
        close("there is no version that both speak");
        return;
    }
    session_.negotiated = true;
    session_.version = *version;
    session_.async = AsyncConfig(*version);
    controllers_.wishes_changed();
}

void Connection::answer_request(ByteSpan message) {
    const auto header = *read_header(message);
    const auto type = message_type_of(session_.version, header.type);
    if (!type) return send_error(Error::brc_bad_type, header.xid, message);
    const Outcome outcome = answer(
        {session_, controllers_, controllers_.target(), out_, parts_, *type, message, header.xid});
    if (!outcome) send_error(outcome.error(), header.xid, message);
    controllers_.wishes_changed();
}

void Connection::send_error(Error error, std::uint32_t xid, ByteSpan data) {
    Writer writer = out_.writer();
    encode_error(writer, error, session_.version, xid, data);
}

// Room for one more message that was not asked for.
bool Connection::room_for_news() {
    if (closed_) return false;
    if (out_.size() < news_bytes_max) return true;
    close("it does not take what it would have to know");
    if (listener_) listener_->output_ready();
    return false;
}

void Connection::cut_off() {
    out_ = {};
    close("too much waits for too many, and it does not take what it would have to know");
    if (listener_) listener_->output_ready();
}

void Connection::news_sent() {
    mirror_sent();
    if (listener_) listener_->output_ready();
    controllers_.news_waits();
}

void Connection::tell_port_status(PortChange change, const PortDescription& port) {
    const auto reason = static_cast<std::uint8_t>(change);
    if (!session_.wants(AsyncKind::port_status, reason) || !room_for_news()) return;
    out_.message(session_.version, MessageType::port_status, 0, [&](Writer& writer) {
        writer.u8(reason);
        writer.zeros(7);
        encode_port(writer, port, session_.version);
    });
    news_sent();
}

void Connection::tell_packet_in(const PacketInRequest& request, std::span<const std::byte> frame,
                                TimePoint now) {
    const bool wanted = request.controller_id == session_.controller_id &&
                        session_.wants(AsyncKind::packet_in, static_cast<unsigned>(request.reason));
    if (!wanted || closed_) return;
    const PortNumber port = request.pipeline.in_port();
    if (!packet_ins_.admit(port, now)) return;
    PacketInQueue::Message message;
    Writer writer(message);
    if (!encode_packet_in(writer, request, as_message_bytes(frame), session_.packet_in_format,
                          session_.version)) {
        packet_ins_.count_drop();
        return;
    }
    packet_ins_.push(port, std::move(message));
    if (out_.size() >= output_bytes_max) return;
    send_packet_in();
    if (listener_) listener_->output_ready();
}

void Connection::tell_flow_removed(FlowRemoved& removed) {
    const auto reason = static_cast<unsigned>(removed.reason());
    if (!session_.wants(AsyncKind::flow_removed, reason) || !room_for_news()) return;
    out_.writer().bytes(removed.message(session_.version, session_.nicira_flows));
    news_sent();
}

void Connection::tell_table_status(std::uint8_t table, VacancyEvent event) {
    const auto reason = static_cast<std::uint8_t>(event);
    const bool told =
        session_.version >= Version::v1_4 && session_.wants(AsyncKind::table_status, reason);
    if (!told || !room_for_news()) return;
    out_.message(session_.version, MessageType::table_status, 0, [&](Writer& writer) {
        writer.u8(reason);
        writer.zeros(7);
        encode_table_description(writer, table, controllers_.target().tables().state(table),
                                 controllers_.vacancies().thresholds(table));
    });
    news_sent();
}

void Connection::become_slave() {
    constexpr unsigned master_request = 0;  // OFPCRR_MASTER_REQUEST
    const bool told =
        session_.version >= Version::v1_4 && session_.wants(AsyncKind::role_status, master_request);
    session_.role = Role::slave;
    if (!told || !room_for_news()) return;
    out_.message(session_.version, MessageType::role_status, 0, [&](Writer& writer) {
        writer.u32(static_cast<std::uint32_t>(session_.role));
        writer.u8(master_request);
        writer.zeros(3);
        writer.u64(controllers_.generation());
    });
    news_sent();
}

void Connection::mirror_sent() {
    controllers_.overhear(*this, out_.take_added());
}

void Connection::sign_of_life() {
    silent_since_ = controllers_.target().now();
    probed_.reset();
}

void Connection::tick(TimePoint now) {
    const auto due = next_tick();
    if (!due || now < *due) return;
    // What it says lies unread because its requests take us so long: that is no silence.
    if (!wants_input() && out_.size() < output_bytes_max) return sign_of_life();
    if (probed_ || !session_.negotiated) {
        close(session_.negotiated ? "it does not answer" : "it says no hello");
        return;
    }
    out_.message(session_.version, MessageType::echo_request, 0);
    mirror_sent();
    probed_ = now;
}

std::optional<TimePoint> Connection::next_tick() const {
    if (closed_ || settings_.probe_interval == Duration::zero()) return std::nullopt;
    return probed_.value_or(silent_since_) + settings_.probe_interval;
}

void Connection::close(std::string reason) {
    if (closed_) return;
    closed_ = true;
    reason_ = std::move(reason);
    parts_.reset();
    controllers_.wishes_changed();
}

}  // namespace switchd::openflow
