// A switch for connections to talk to: real flow tables, two ports and LOCAL, a clock turned by
// hand, and packets that go nowhere but are remembered.
#pragma once

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "flows/openflow/switch.h"

namespace switchd::test {

class FakeSwitch final : public openflow::Switch {
public:
    struct Sent {
        FlowKey pipeline;
        RuleActions actions;
        std::vector<std::byte> packet;
    };

    FakeSwitch() {
        add_ports(2);
        openflow::PortDescription local = ports_[0];
        local.number = reserved_port::local;
        local.name = "br0";
        ports_.push_back(local);
    }
    // Behind those that there are.
    void add_ports(PortNumber count) {
        for (PortNumber i = 0; i < count; ++i) {
            openflow::PortDescription port;
            port.number = static_cast<PortNumber>(ports_.size() + 1);
            port.mac = MacAddress::from_u64(0x020000000000 + port.number);
            port.name = "p" + std::to_string(port.number);
            ports_.push_back(port);
        }
    }

    std::uint64_t datapath_id() const override { return 0x0000020000000001; }
    std::string description() const override { return "a bridge of tests"; }
    TimePoint now() const override { return clock.now(); }
    // As if what was done since the last look had taken `work_takes`.
    TimePoint measured_now() const override { return clock.now() + (worked += work_takes); }
    void next_turn() { clock.advance(std::exchange(worked, Duration{})); }
    RequestTime& request_time() override { return request_time_; }
    FlowTables& tables() override { return tables_; }
    std::vector<openflow::PortDescription> ports() const override { return ports_; }
    openflow::PortCounters counters(PortNumber port) const override {
        openflow::PortCounters counters;
        counters.rx_packets = port & 0xffff;
        counters.tx_bytes = 1000;
        counters.age = std::chrono::milliseconds{61'500};
        return counters;
    }
    std::expected<void, openflow::Error> configure_port(PortNumber number, MacAddress mac,
                                                        std::uint32_t config,
                                                        std::uint32_t mask) override {
        const auto port = std::ranges::find(ports_, number, &openflow::PortDescription::number);
        if (port == ports_.end()) return std::unexpected(openflow::Error::pmfc_bad_port);
        if (port->mac != mac) return std::unexpected(openflow::Error::pmfc_bad_hw_addr);
        port->config = (port->config & ~mask) | (config & mask);
        if (port_configured) port_configured(*port);
        return {};
    }
    FragmentMode fragment_mode() const override { return fragments_; }
    void set_fragment_mode(FragmentMode mode) override { fragments_ = mode; }
    std::expected<void, openflow::Error> packet_out(const FlowKey& pipeline,
                                                    const RuleActions& actions,
                                                    std::span<const std::byte> packet) override {
        sent.push_back({pipeline, actions, {packet.begin(), packet.end()}});
        worked += packet_out_takes;
        return {};
    }
    void controllers_changed() override { ++changes; }

    std::function<void(const openflow::PortDescription&)> port_configured;
    ManualClock clock;
    Duration work_takes{}, packet_out_takes{};
    mutable Duration worked{};  // in this turn
    std::vector<Sent> sent;
    int changes = 0;

private:
    RequestTime request_time_;
    ChangeLog log_;
    FlowTables tables_{log_};
    std::vector<openflow::PortDescription> ports_;
    FragmentMode fragments_ = FragmentMode::normal;
};

}  // namespace switchd::test
