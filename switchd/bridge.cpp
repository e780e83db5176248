#include "switchd/bridge.h"

#include <algorithm>

#include "flows/openflow/switch.h"

namespace switchd {

namespace {

// Between two looks at the rules' timeouts, whose unit it is.
constexpr Duration rules_pause = std::chrono::seconds{1};

}  // namespace

Bridge::Bridge(Reactor& reactor, Log& log, const Settings& settings)
    : reactor_(reactor),
      log_(log),
      name_(settings.name),
      mac_(settings.mac),
      started_(reactor.now()),
      engine_(settings.engine),
      datapath_(ports_, engine_, reactor.pool()),
      turns_(reactor),
      ageing_interval_(settings.ageing_interval),
      aged_(reactor.now()) {}

Port& Bridge::add_port(PortNumber number, std::string name) {
    Port& port = ports_.add(number, name.empty() ? port_name(number) : std::move(name));
    std::ignore = tables().add_port(number, {.up = false});
    port.created = reactor_.now();
    for (BridgeObserver* observer : observers_) observer->port_created(port);
    return port;
}

void Bridge::remove_port(PortNumber number) {
    for (BridgeObserver* observer : observers_) observer->port_removed(*ports_.find(number));
    std::ignore = tables().remove_port(number);
    ports_.remove(number);
}

std::optional<PortNumber> Bridge::port_of_name(std::string_view name) const {
    for (const Port* port : ports())
        if (port->name == name) return port->number;
    return std::nullopt;
}

void Bridge::attach(Port& port, std::unique_ptr<Endpoint> endpoint) {
    endpoint->set_port(port.number);
    port.endpoints.push_back(std::move(endpoint));
    update_flags(port);
    for (BridgeObserver* observer : observers_)
        observer->endpoint_attached(port, *port.endpoints.back());
}

bool Bridge::detach(Port& port, int endpoint_id) {
    const auto it = std::ranges::find_if(
        port.endpoints, [&](const auto& endpoint) { return endpoint->id() == endpoint_id; });
    if (it == port.endpoints.end()) return false;
    leave(port, static_cast<std::size_t>(it - port.endpoints.begin()));
    return true;
}

void Bridge::detach_all() {
    for (Port* port : ports())
        while (port->active()) leave(*port, port->endpoints.size() - 1);
}

void Bridge::ended(Endpoint& endpoint) noexcept {
    if (Port* port = ports_.find(endpoint.port())) detach(*port, endpoint.id());
}

// Counters outlive the endpoint; so does the endpoint itself, until the kernel has let go of it.
void Bridge::leave(Port& port, std::size_t index) {
    std::unique_ptr<Endpoint> endpoint = std::move(port.endpoints[index]);
    port.endpoints.erase(port.endpoints.begin() + static_cast<std::ptrdiff_t>(index));
    endpoint->close();
    for (std::size_t i = 0; i < port.drops.size(); ++i) port.drops[i] += endpoint->drops()[i];
    for (BridgeObserver* observer : observers_) observer->endpoint_left(port, *endpoint);
    if (!port.active()) {
        port.current_user.reset();
        port.occupant.reset();
        for (BridgeObserver* observer : observers_) observer->port_closed(port);
        update_flags(port);
    }
    reactor_.retire(std::move(endpoint));
}

void Bridge::update_flags(Port& port) {
    const auto is_set = [&](std::uint32_t bit) { return (port.config & bit) != 0; };
    namespace config = openflow::port_config;
    std::ignore =
        tables().set_port_flags(port.number, {.up = port.active() && !is_set(config::down),
                                              .flood = !is_set(config::no_flood),
                                              .receives = !is_set(config::no_receive),
                                              .forwards = !is_set(config::no_forward),
                                              .packet_in = !is_set(config::no_packet_in),
                                              .colour = port.colour});
}

void Bridge::configure_port(Port& port, std::uint32_t config) {
    if (port.config == config) return;
    port.config = config;
    update_flags(port);
    for (BridgeObserver* observer : observers_) observer->port_configured(port);
}

void Bridge::set_port_colour(Port& port, std::uint32_t colour) {
    port.colour = colour;
    update_flags(port);
}

void Bridge::set_ageing_interval(Duration interval) {
    ageing_interval_ = interval;
    age_later();
}

void Bridge::receive(Endpoint& from, FrameBatch& batch) noexcept {
    Port* const port = ports_.find(from.port());
    if (!port) return;
    datapath_.receive(*port, batch, reactor_.now());
    if (datapath_.waits()) [[unlikely]] {
        if (!port->waiting.empty()) pause(*port, true);
        turns_.go_on_later(*this);
    }
    ageing_changed();
}

// Frames that wait have their turn.
void Bridge::go_on() noexcept {
    if (!datapath_.waits()) return;
    Port* const port = datapath_.go_on(reactor_.now());
    if (port && port->waiting.empty()) pause(*port, false);
    if (datapath_.waits()) turns_.go_on_later(*this);
    ageing_changed();
}

void Bridge::pause(Port& port, bool pause) noexcept {
    if (port.paused == pause) return;
    port.paused = pause;
    for (const auto& endpoint : port.endpoints) endpoint->set_paused(pause);
}

void Bridge::stop() noexcept {
    ageing_.disarm();
    turns_.forget(*this);
    turns_.close();
}

// None: nothing ages, and nothing wakes the loop for it.
std::optional<TimePoint> Bridge::next_ageing() const {
    std::optional<TimePoint> next = tables().flow_tables().next_expiry();
    if (next) next = std::max(*next, reactor_.now() + rules_pause);
    if (ageing_interval_ == Duration::zero()) return next;
    const auto all = engine_.next_expiry(reactor_.now());
    if (!all) return next;
    const TimePoint due = std::max(*all, aged_ + ageing_interval_);
    return next ? std::min(*next, due) : due;
}

void Bridge::age_later() noexcept {
    if (const auto next = next_ageing())
        ageing_.arm(*next);
    else
        ageing_.disarm();
}

void Bridge::ageing_changed() {
    const auto armed = ageing_.deadline();
    if (armed && *armed <= reactor_.now() + rules_pause) return;  // as soon as anything can be due
    const auto next = next_ageing();
    if (next && (!armed || *next < *armed)) ageing_.arm(*next);
}

// Rules go when their time has come, the rest when the interval is over as well.
void Bridge::on_ageing() noexcept {
    const TimePoint now = reactor_.now();
    FlowTables& rules = tables().flow_tables();
    if (ageing_interval_ != Duration::zero() && now >= aged_ + ageing_interval_) {
        engine_.expire(now);
        aged_ = now;
    } else {
        rules.expire(now);
    }
    for (BridgeObserver* observer : observers_) observer->rules_expired();
    if (const auto next = rules.next_expiry(); next && *next <= now)
        ageing_.arm(now);  // many at once: the others in the next turn
    else
        age_later();
}

}  // namespace switchd
