// The ports of a bridge that were asked for by name: each has a link (core/port_link.h), and is
// there whether or not somebody is at its other end.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "switchd/bridge.h"
#include "switchd/links/nat_port.h"
#include "switchd/port_registry.h"
#include "switchd/port_types.h"

namespace switchd {

class ConfiguredPorts final : private BridgeObserver {
public:
    // All must outlive this. `run_directory` holds the sockets of ports; empty: there is none.
    ConfiguredPorts(Reactor& reactor, Log& log, Bridge& bridge, std::string run_directory,
                    PortRegistry& registry);
    ~ConfiguredPorts() override;

    // The port, or why there is none, in one line; then nothing has changed.
    std::expected<const Port*, std::string> add(const PortSpec& spec);
    std::expected<void, std::string> remove(std::string_view name);
    // Of any port of the bridge.
    std::expected<void, std::string> set_up(std::string_view name, bool up);

    // The NAT of this name, or, if it is empty, the only one. The error is one line.
    std::expected<NatPort*, std::string> nat(std::string_view name) const;
    // Null: the port was not asked for by name.
    const PortSpec* spec_of(PortNumber port) const;
    // Where its peer is or may come.
    std::string place_of(PortNumber port) const;

    void close() noexcept;

private:
    class Entry;

    Entry* find(PortNumber port) const;
    std::expected<PortNumber, std::string> number_for(const PortSpec& spec) const;
    std::expected<std::string, std::string> name_for(const PortSpec& spec) const;
    bool is_taken(const std::string& name) const;
    void let_go(PortNumber port) noexcept;

    void port_created(const Port&) override {}
    void port_configured(const Port& port) override;
    void port_closed(const Port&) override {}
    void port_removed(const Port& port) override { let_go(port.number); }
    void endpoint_attached(const Port&, const Endpoint&) override {}
    void endpoint_left(const Port& port, const Endpoint& endpoint) override;
    void rules_expired() override {}

    Reactor& reactor_;
    Log& log_;
    Bridge& bridge_;
    std::string run_directory_;
    PortRegistry& registry_;
    std::vector<std::unique_ptr<Entry>> entries_;
};

}  // namespace switchd
