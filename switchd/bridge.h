// One virtual switch: its ports, what is attached to them, and the forwarding engine.
//
// Every front door (VDE console, control socket, command line) changes the switch through this
// class; it keeps the ports and the engine's tables in step: a port that exists here exists there,
// and it is up there while it has an endpoint here.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flows/forwarding_engine.h"
#include "switchd/core/endpoint.h"
#include "switchd/core/log.h"
#include "switchd/core/request_turns.h"
#include "switchd/core/timer.h"
#include "switchd/datapath.h"
#include "switchd/port_table.h"

namespace switchd {

// Told of ports and of what is attached to them, in the order in which it happens.
class BridgeObserver {
public:
    virtual ~BridgeObserver() = default;
    virtual void port_created(const Port& port) = 0;
    virtual void port_configured(const Port& port) = 0;  // its config is another one
    virtual void port_closed(const Port& port) = 0;  // its last endpoint left; stations still known
    virtual void port_removed(const Port& port) = 0;  // about to go
    virtual void endpoint_attached(const Port& port, const Endpoint& endpoint) = 0;
    virtual void endpoint_left(const Port& port, const Endpoint& endpoint) = 0;
    virtual void rules_expired() = 0;  // some rules may have: it was time to look
};

class Bridge final : public FrameSink, private Requester {
public:
    struct Settings {
        std::string name = "br0";
        MacAddress mac;  // of the switch itself
        ForwardingEngine::Settings engine;
        // Stations are collected that often at most; zero: never.
        Duration ageing_interval = std::chrono::seconds{1};
    };

    // `reactor` and `log` must outlive this.
    Bridge(Reactor& reactor, Log& log, const Settings& settings);

    const std::string& name() const { return name_; }
    MacAddress mac() const { return mac_; }
    Duration uptime() const { return reactor_.now() - started_; }
    TimePoint now() const { return reactor_.now(); }

    // Ports. The number must be free, and one that may_be_port(). A port without a name of its own
    // gets that of port_name().
    Port& add_port(PortNumber number, std::string name = {});
    // The port must exist and have no endpoint.
    void remove_port(PortNumber number);
    Port* find_port(PortNumber number) const { return ports_.find(number); }
    std::vector<Port*> ports() const { return ports_.all(); }
    std::optional<PortNumber> port_of_name(std::string_view name) const;
    // That of a port, or what it would be; LOCAL has the bridge's.
    std::string port_name(PortNumber number) const {
        if (const Port* port = find_port(number)) return port->name;
        return number == port_local ? name_ : "p" + std::to_string(number);
    }

    // Attaches to a port that exists; the endpoint may deliver frames from now on.
    void attach(Port& port, std::unique_ptr<Endpoint> endpoint);
    // Ends what is attached with this id; false if there is none.
    bool detach(Port& port, int endpoint_id);
    // Ends everything that is attached anywhere.
    void detach_all();

    ForwardingEngine& engine() { return engine_; }
    const ForwardingEngine& engine() const { return engine_; }
    Pipeline& tables() { return engine_.tables(); }
    const Pipeline& tables() const { return engine_.tables(); }
    Datapath& datapath() { return datapath_; }

    // A colour other than 0 keeps the port apart from others of the same one.
    void set_port_colour(Port& port, std::uint32_t colour);
    void set_ageing_interval(Duration interval);
    Duration ageing_interval() const { return ageing_interval_; }

    // What a controller has set: openflow::port_config.
    void configure_port(Port& port, std::uint32_t config);

    void add_observer(BridgeObserver* observer) { observers_.push_back(observer); }
    void remove_observer(BridgeObserver* observer) { std::erase(observers_, observer); }

    // Something may have come whose time is over sooner than that of all else.
    void ageing_changed();

    // Nothing ages any more, nor do frames that wait go on.
    void stop() noexcept;
    // No timer of this is in the kernel's hands: it may be destroyed. Ask after stop().
    bool idle() const { return ageing_.idle() && turns_.idle(); }

    void receive(Endpoint& from, FrameBatch& batch) noexcept override;
    void ended(Endpoint& endpoint) noexcept override;

private:
    void go_on() noexcept override;
    static void pause(Port& port, bool pause) noexcept;
    void on_ageing() noexcept;
    std::optional<TimePoint> next_ageing() const;
    void age_later() noexcept;
    void leave(Port& port, std::size_t index);
    void update_flags(Port& port);

    Reactor& reactor_;
    Log& log_;
    std::string name_;
    MacAddress mac_;
    TimePoint started_;
    PortTable ports_;
    ForwardingEngine engine_;
    Datapath datapath_;
    RequestTurns turns_;  // of frames that wait
    std::vector<BridgeObserver*> observers_;
    Duration ageing_interval_;
    TimePoint aged_;  // when all that ages was last collected, not only rules
    Timer ageing_ = Timer::calling<&Bridge::on_ageing>(reactor_, this);
};

}  // namespace switchd
