#include "switchd/openflow_service.h"

#include <algorithm>

#include "flows/openflow/connection.h"
#include "flows/openflow/snooper.h"

namespace switchd {

namespace {

constexpr unsigned socket_mode = 0600;

// Who changes many rules waits for the answer to each (ovs-ofctl add-flows does).
constexpr Duration next_request_within = std::chrono::microseconds{50};

// Above all that anybody can add.
constexpr std::uint32_t fail_open_priority = priority_max + 1;

StreamTarget unix_target(std::string path) {
    StreamTarget target;
    target.passive = true;
    target.path = std::move(path);
    return target;
}

}  // namespace

// One connection, carried by a stream.
class OpenflowService::Session final : public StreamSession,
                                       private openflow::OutputListener,
                                       private Requester {
public:
    Session(OpenflowService& service, StreamLink& link, bool controller)
        : service_(service),
          link_(link),
          controller_(controller),
          connection_(service.connections_, settings(service, controller), this) {
        service_.sessions_.push_back(this);
        service_.tick_later();
    }
    ~Session() override {
        service_.sessions_.remove(this);
        if (here_) service_.controller_left();
    }

    void received(std::span<const std::byte> bytes) noexcept override {
        connection_.receive(bytes);
        if (!connection_.pending().empty()) service_.reactor_.linger(next_request_within);
        requests_done();
    }
    void take_output(std::vector<std::byte>& into, std::size_t bytes_max) noexcept override {
        if (connection_.pending().empty()) return;
        while (into.size() < bytes_max && !connection_.pending().empty()) {
            const auto pending = connection_.pending().first(
                std::min(connection_.pending().size(), bytes_max - into.size()));
            into.insert(into.end(), pending.begin(), pending.end());
            connection_.consume(pending.size());
        }
        // There was room for more requests, which may have ended it, too.
        service_.tick_later();
        service_.bridge_.ageing_changed();
        if (connection_.closed()) service_.turns_.go_on_later(*this);
    }
    bool takes_input() const noexcept override { return connection_.wants_input(); }
    bool busy() const noexcept override { return connection_.has_requests(); }
    bool introduced() const noexcept override { return connection_.session().negotiated; }
    // Whatever it asked for: nobody would hear the answer, and the service may be about to go.
    void ended() noexcept override {
        ended_ = true;
        service_.turns_.forget(*this);
    }

    void tick(TimePoint now) {
        connection_.tick(now);
        link_.send();
        finish_if_closed();
    }
    std::optional<TimePoint> next_tick() const { return connection_.next_tick(); }

private:
    static openflow::Connection::Settings settings(const OpenflowService& service,
                                                   bool controller) {
        openflow::Connection::Settings settings;
        settings.primary = controller;
        settings.probe_interval = service.options_.probe_interval;
        if (!service.options_.versions.empty()) {
            settings.versions = {};
            for (const openflow::Version version : service.options_.versions)
                settings.versions.add(version);
        }
        return settings;
    }
    void requests_done() {
        // Who has only picked up the line is no controller yet.
        if (controller_ && !here_ && connection_.session().negotiated) {
            here_ = true;
            service_.controller_came();
        }
        link_.send();
        finish_if_closed();
        service_.tick_later();
        service_.bridge_.ageing_changed();
    }
    void output_ready() noexcept override {
        link_.send();
        finish_if_closed();
    }
    void go_on() noexcept override {
        connection_.go_on();
        requests_done();
    }
    void work_left() noexcept override {
        if (!ended_) service_.turns_.go_on_later(*this);
    }
    void finish_if_closed() {
        if (connection_.closed()) link_.finish(connection_.reason());
    }

    OpenflowService& service_;
    StreamLink& link_;
    bool controller_;
    bool here_ = false;   // and has said hello
    bool ended_ = false;  // the link has gone
    openflow::Connection connection_;
};

class OpenflowService::SnoopSession final : public StreamSession, private openflow::OutputListener {
public:
    SnoopSession(OpenflowService& service, StreamLink& link)
        : service_(service), link_(link), snooper_(service.connections_, this) {
        ++service_.snoopers_;
        if (snooper_.closed()) link_.finish("there is no controller to listen to");
    }
    ~SnoopSession() override { --service_.snoopers_; }
    // A snooper says hello, and nothing that matters.
    void received(std::span<const std::byte>) noexcept override {}
    void take_output(std::vector<std::byte>& into, std::size_t bytes_max) noexcept override {
        const auto pending =
            snooper_.pending().first(std::min(snooper_.pending().size(), bytes_max));
        into.insert(into.end(), pending.begin(), pending.end());
        snooper_.consume(pending.size());
    }

private:
    void output_ready() noexcept override {
        link_.send();
        if (snooper_.closed()) link_.finish("the controller has gone");
    }

    OpenflowService& service_;
    StreamLink& link_;
    openflow::Snooper snooper_;
};

std::unique_ptr<StreamSession> OpenflowService::Host::connected(StreamLink& link) noexcept {
    if (kind_ == Kind::snooper) return std::make_unique<SnoopSession>(service_, link);
    return std::make_unique<Session>(service_, link, kind_ == Kind::controller);
}

OpenflowService::OpenflowService(RequestTurns& turns, Log& log, Bridge& bridge,
                                 const OpenflowOptions& options)
    : turns_(turns),
      reactor_(turns.reactor()),
      log_(log),
      bridge_(bridge),
      options_(options),
      datapath_id_(options.datapath_id.value_or(bridge.mac().to_u64())) {
    if (options_.tls) tls_ = std::make_unique<TlsContext>(*options_.tls);
    for (const FlowLimit& limit : options_.flow_limits)
        for (unsigned table = 0; table < table_count; ++table)
            if (limit.table.value_or(table) == table)
                tables().set_limit(static_cast<std::uint8_t>(table), limit.rules_max);
    tables().set_observer(&connections_);
    bridge_.datapath().set_packet_in_receiver(this);
    bridge_.add_observer(this);
}

void OpenflowService::open(const std::string& directory) {
    const std::string base = directory + "/" + bridge_.name();
    listeners_.emplace_back(turns_, log_, unix_target(base + ".mgmt"), socket_mode, nullptr,
                            service_host_);
    listeners_.emplace_back(turns_, log_, unix_target(base + ".snoop"), socket_mode, nullptr,
                            snooper_host_);
    for (const StreamTarget& target : options_.controllers) {
        if (target.passive)
            listeners_.emplace_back(turns_, log_, target, socket_mode, tls_.get(), service_host_);
        else
            dialers_.emplace_back(turns_, log_, target, tls_.get(), controller_host_);
    }
    // What belongs to controllers begins without rules.
    if (!dialers_.empty() || options_.fail_mode == FailMode::secure) {
        FlowMod everything;
        everything.command = FlowMod::Command::remove;
        everything.table = table_all;
        std::ignore = tables().apply(everything, now());
    }
    if (!dialers_.empty()) fail_open();
}

OpenflowService::~OpenflowService() = default;

void OpenflowService::close() noexcept {
    closed_ = true;
    tables().set_observer(nullptr);
    bridge_.datapath().set_packet_in_receiver(nullptr);
    bridge_.remove_observer(this);
    ticks_.disarm();
    alone_.disarm();
    for (StreamListener& listener : listeners_) listener.close();
    for (StreamDialer& dialer : dialers_) dialer.close();
}

bool OpenflowService::idle() const {
    return ticks_.idle() && alone_.idle() && sessions_.empty() && snoopers_ == 0 &&
           std::ranges::all_of(listeners_, [](const auto& each) { return each.idle(); }) &&
           std::ranges::all_of(dialers_, [](const auto& each) { return each.idle(); });
}

// ---- what a controller asks

std::vector<openflow::PortDescription> OpenflowService::ports() const {
    std::vector<openflow::PortDescription> ports;
    for (const Port* port : bridge_.ports())
        if (port->number != 0) ports.push_back(describe(*port));
    return ports;
}

// LOCAL has the bridge's address; others the same, made local, with the port's number at its end.
openflow::PortDescription OpenflowService::describe(const Port& port) const {
    MacAddress mac = bridge_.mac();
    if (port.number != port_local) {
        mac.bytes[0] = static_cast<std::uint8_t>((mac.bytes[0] | 2) & ~1);
        mac.bytes[4] = static_cast<std::uint8_t>(port.number >> 8);
        mac.bytes[5] = static_cast<std::uint8_t>(port.number);
    }
    return {.number = port.number,
            .mac = mac,
            .name = port.name,
            .config = port.config,
            .link_down = !port.active()};
}

openflow::PortCounters OpenflowService::counters(PortNumber number) const {
    const Port& port = *bridge_.find_port(number);
    openflow::PortCounters counters{.rx_packets = port.in.packets,
                                    .tx_packets = port.out.packets,
                                    .rx_bytes = port.in.bytes,
                                    .tx_bytes = port.out.bytes,
                                    .age = now() - port.created};
    const DropCounters drops = port.all_drops();
    for (std::size_t i = 0; i < drops.size(); ++i) {
        const auto reason = static_cast<DropReason>(i);
        const bool going_out = reason == DropReason::queue_full || reason == DropReason::port_gone;
        (going_out ? counters.tx_dropped : counters.rx_dropped) += drops[i];
    }
    return counters;
}

std::expected<void, openflow::Error> OpenflowService::configure_port(PortNumber number,
                                                                     MacAddress mac,
                                                                     std::uint32_t config,
                                                                     std::uint32_t mask) {
    Port* const port = number == 0 ? nullptr : bridge_.find_port(number);
    if (!port) return std::unexpected(openflow::Error::pmfc_bad_port);
    if (describe(*port).mac != mac) return std::unexpected(openflow::Error::pmfc_bad_hw_addr);
    bridge_.configure_port(*port, (port->config & ~mask) | (config & mask));
    return {};
}

std::expected<void, openflow::Error> OpenflowService::packet_out(
    const FlowKey& pipeline, const RuleActions& actions, std::span<const std::byte> packet) {
    if (packet.size() > frame_bytes_max) return std::unexpected(openflow::Error::brc_bad_packet);
    Frame frame = reactor_.pool().take();
    if (!frame) return std::unexpected(openflow::Error::brc_buffer_empty);
    std::ranges::copy(packet, frame.writable().begin());
    frame.resize(packet.size());
    bridge_.datapath().send(actions, pipeline, std::move(frame), now());
    bridge_.ageing_changed();
    return {};
}

void OpenflowService::controllers_changed() {
    bridge_.tables().set_misses_to_controller(connections_.wants_table_miss());
    bridge_.tables().set_expired_to_controller(connections_.wants_invalid_ttl());
}

// ---- what controllers are told

void OpenflowService::packet_in(const PacketInRequest& request,
                                std::span<const std::byte> frame) noexcept {
    connections_.packet_in(request, frame);
}

void OpenflowService::tell(openflow::PortChange change, const Port& port) {
    if (port.number != 0) connections_.port_changed(change, describe(port));
}

void OpenflowService::port_created(const Port& port) {
    tell(openflow::PortChange::added, port);
}
void OpenflowService::port_configured(const Port& port) {
    tell(openflow::PortChange::modified, port);
}
void OpenflowService::port_closed(const Port& port) {
    tell(openflow::PortChange::modified, port);
}
void OpenflowService::port_removed(const Port& port) {
    tell(openflow::PortChange::removed, port);
}
void OpenflowService::endpoint_attached(const Port& port, const Endpoint&) {
    if (port.endpoints.size() == 1) tell(openflow::PortChange::modified, port);
}
void OpenflowService::endpoint_left(const Port&, const Endpoint&) {}

// ---- with and without controllers

void OpenflowService::controller_came() {
    ++controllers_here_;
    alone_.disarm();
    set_fail_open(false);
}

void OpenflowService::controller_left() {
    if (--controllers_here_ == 0 && !dialers_.empty() && !closed_)
        alone_.arm(now() + probes_until_fail_open * options_.probe_interval);
}

void OpenflowService::fail_open() {
    set_fail_open(options_.fail_mode == FailMode::standalone);
}

void OpenflowService::set_fail_open(bool on) {
    if (on == failing_open_) return;
    failing_open_ = on;
    FlowMod rule;
    rule.priority = fail_open_priority;
    rule.actions.emplace_back(rule_action::Output{reserved_port::normal});
    if (on)
        std::ignore = tables().apply(rule, now());
    else
        tables().remove_own(0, rule.match, rule.priority, now());
    if (on)
        log_.info("no controller is there: {} is a learning switch by itself", bridge_.name());
    else
        log_.info("a controller has {}", bridge_.name());
}

void OpenflowService::tick_later() noexcept {
    if (closed_) return;
    std::optional<TimePoint> next;
    for (const Session* session : sessions_)
        if (const auto at = session->next_tick()) next = next ? std::min(*next, *at) : *at;
    if (next) ticks_.arm(std::max(*next, now()));
}

void OpenflowService::on_tick() noexcept {
    for (Session* session : sessions_) session->tick(now());
    tick_later();
}

}  // namespace switchd
