// OpenFlow for one bridge: the sockets that tools and controllers use, and what they can ask of the
// bridge.
//
//     <bridge>.mgmt         tools and controllers that come by themselves (ovs-ofctl)
//     <bridge>.snoop        who wants to listen to what a controller says
//     --controller TARGET   controllers that the switch dials, or listens for
//
// Without controllers the bridge is a learning switch with one visible rule. With controllers it
// belongs to them: it begins without rules, and fail mode decides what it does while none is there.
// Standalone: a hidden rule makes it a learning switch, at once when it starts and some time after
// the last one has gone. Secure: it does what its rules say.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <vector>

#include "flows/openflow/connection_set.h"
#include "switchd/bridge.h"
#include "switchd/core/request_turns.h"
#include "switchd/openflow_options.h"
#include "switchd/stream_dialer.h"
#include "switchd/stream_listener.h"

namespace switchd {

class OpenflowService final : public openflow::Switch,
                              private PacketInReceiver,
                              private BridgeObserver {
public:
    // What is referred to must outlive this. Throws SetupError: a file of TLS cannot be read.
    OpenflowService(RequestTurns& turns, Log& log, Bridge& bridge, const OpenflowOptions& options);
    ~OpenflowService() override;

    // Listens in this directory and as the options say, and calls controllers. Throws SetupError: a
    // socket cannot be had; those before it want close() then.
    void open(const std::string& directory);
    void close() noexcept;
    bool idle() const;

    // openflow::Switch
    std::uint64_t datapath_id() const override { return datapath_id_; }
    std::string description() const override { return bridge_.name(); }
    TimePoint now() const override { return reactor_.now(); }
    TimePoint measured_now() const override { return reactor_.clock().now(); }
    RequestTime& request_time() override { return turns_.time(); }
    FlowTables& tables() override { return bridge_.tables().flow_tables(); }
    std::vector<openflow::PortDescription> ports() const override;
    openflow::PortCounters counters(PortNumber port) const override;
    std::expected<void, openflow::Error> configure_port(PortNumber port, MacAddress mac,
                                                        std::uint32_t config,
                                                        std::uint32_t mask) override;
    FragmentMode fragment_mode() const override { return bridge_.tables().fragment_mode(); }
    void set_fragment_mode(FragmentMode mode) override { bridge_.tables().set_fragment_mode(mode); }
    std::expected<void, openflow::Error> packet_out(const FlowKey& pipeline,
                                                    const RuleActions& actions,
                                                    std::span<const std::byte> packet) override;
    void controllers_changed() override;

private:
    class Session;
    class SnoopSession;
    // Makes sessions of one kind for the streams that come.
    class Host final : public StreamHost {
    public:
        enum class Kind { service, controller, snooper };
        Host(OpenflowService& service, Kind kind) : service_(service), kind_(kind) {}
        std::unique_ptr<StreamSession> connected(StreamLink& link) noexcept override;

    private:
        OpenflowService& service_;
        Kind kind_;
    };

    // Intervals without a controller, as Open vSwitch waits.
    static constexpr int probes_until_fail_open = 3;

    openflow::PortDescription describe(const Port& port) const;
    void tell(openflow::PortChange change, const Port& port);
    void controller_came();
    void controller_left();
    void fail_open();
    void set_fail_open(bool on);
    void tick_later() noexcept;
    void on_tick() noexcept;

    void packet_in(const PacketInRequest& request,
                   std::span<const std::byte> frame) noexcept override;
    void port_created(const Port& port) override;
    void port_configured(const Port& port) override;
    void port_closed(const Port& port) override;
    void port_removed(const Port& port) override;
    void endpoint_attached(const Port& port, const Endpoint& endpoint) override;
    void endpoint_left(const Port& port, const Endpoint& endpoint) override;
    void rules_expired() override { connections_.rules_changed(); }

    RequestTurns& turns_;
    Reactor& reactor_;
    Log& log_;
    Bridge& bridge_;
    OpenflowOptions options_;
    std::uint64_t datapath_id_;
    openflow::ConnectionSet connections_{*this};
    std::list<Session*> sessions_;
    std::size_t snoopers_ = 0;
    std::size_t controllers_here_ = 0;
    bool failing_open_ = false;
    bool closed_ = false;
    Host service_host_{*this, Host::Kind::service};
    Host controller_host_{*this, Host::Kind::controller};
    Host snooper_host_{*this, Host::Kind::snooper};
    std::unique_ptr<TlsContext> tls_;
    std::list<StreamListener> listeners_;
    std::list<StreamDialer> dialers_;
    Timer ticks_ = Timer::calling<&OpenflowService::on_tick>(reactor_, this);
    Timer alone_ = Timer::calling<&OpenflowService::fail_open>(reactor_, this);
};

}  // namespace switchd
