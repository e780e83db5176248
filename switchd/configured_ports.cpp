#include "switchd/configured_ports.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "flows/field_text.h"
#include "flows/openflow/switch.h"
#include "switchd/core/error.h"
#include "switchd/core/printable.h"

namespace switchd {

namespace {

// What OpenFlow has room for.
constexpr std::size_t name_bytes_max = 15;
// From there on numbers of 16 bits mean something else.
constexpr PortNumber number_max = 0xfeff;

bool may_be_in_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

bool digits_only(std::string_view text) {
    return text.find_first_not_of("0123456789") == text.npos;
}

}  // namespace

// One of them, as its link sees it.
class ConfiguredPorts::Entry final : public PortLinkHost {
public:
    Entry(Bridge& bridge, Port& port, PortSpec spec, PortRegistry& registry)
        : bridge_(bridge),
          number_(port.number),
          name_(port.name),
          spec_(std::move(spec)),
          registry_(registry) {
        registry_.names.insert(name_);
    }
    ~Entry() override { registry_.names.erase(name_); }

    FrameSink& sink() override { return bridge_; }
    void attach(std::unique_ptr<Endpoint> endpoint) override {
        bridge_.attach(*bridge_.find_port(number_), std::move(endpoint));
    }
    void detach(Endpoint& endpoint) override {
        bridge_.detach(*bridge_.find_port(number_), endpoint.id());
    }

    PortNumber number() const { return number_; }
    const std::string& name() const { return name_; }
    const PortSpec& spec() const { return spec_; }
    std::unique_ptr<PortLink> link;  // null while it is being made

private:
    Bridge& bridge_;
    PortNumber number_;
    std::string name_;
    PortSpec spec_;
    PortRegistry& registry_;
};

ConfiguredPorts::ConfiguredPorts(Reactor& reactor, Log& log, Bridge& bridge,
                                 std::string run_directory, PortRegistry& registry)
    : reactor_(reactor),
      log_(log),
      bridge_(bridge),
      run_directory_(std::move(run_directory)),
      registry_(registry) {
    bridge_.add_observer(this);
}

ConfiguredPorts::~ConfiguredPorts() {
    bridge_.remove_observer(this);
}

std::expected<const Port*, std::string> ConfiguredPorts::add(const PortSpec& spec) {
    const auto type = port_type_of(spec);
    if (!type) return std::unexpected(type.error());
    const auto number = number_for(spec);
    if (!number) return std::unexpected(number.error());
    const auto name = name_for(spec);
    if (!name) return std::unexpected(name.error());

    Port& port = bridge_.add_port(*number, *name);
    port.allocatable = false;
    Entry& entry = *entries_.emplace_back(std::make_unique<Entry>(bridge_, port, spec, registry_));
    try {
        entry.link = (*type)->make(
            {reactor_, log_, entry, entry.name(), run_directory_, entry.spec(), registry_});
        return &port;
    } catch (const SetupError& error) {
        entries_.pop_back();
        bridge_.remove_port(port.number);
        return std::unexpected(fmt::format("port {}: {}", *name, error.line()));
    }
}

std::expected<PortNumber, std::string> ConfiguredPorts::number_for(const PortSpec& spec) const {
    const std::string* const said = spec.find("number");
    if (!said) {
        for (PortNumber number = 1; number <= number_max; ++number)
            if (!bridge_.find_port(number)) return number;
        return std::unexpected("no number is free");
    }
    PortNumber number = 0;
    const char* const end = said->data() + said->size();
    const auto [last, error] = std::from_chars(said->data(), end, number);
    if (error != std::errc{} || last != end || number == 0 || number > number_max)
        return std::unexpected(
            fmt::format("number={} is none (1 to {})", printable(*said), number_max));
    if (const Port* port = bridge_.find_port(number))
        return std::unexpected(
            fmt::format("number {} is taken by port {} (choose another)", number, port->name));
    return number;
}

std::expected<std::string, std::string> ConfiguredPorts::name_for(const PortSpec& spec) const {
    const std::string* said = spec.find("name");
    if (!said) said = spec.find("ifname");
    if (!said)
        for (unsigned i = 1;; ++i)
            if (std::string name = fmt::format("{}{}", spec.type, i); !is_taken(name)) return name;
    const std::string& name = *said;
    const auto wrong = [&](std::string_view remedy) {
        return std::unexpected(
            fmt::format("'{}' is no name for a port ({})", printable(name), remedy));
    };
    if (name.size() > name_bytes_max || !std::ranges::all_of(name, may_be_in_name))
        return wrong("1 to 15 letters, digits, '-', '_' or '.'");
    if (digits_only(name)) return wrong("that is a number: add a letter");
    if (name.starts_with('p') && digits_only(std::string_view(name).substr(1)))
        return wrong("p and a number is that of a port that plugs get");
    if (is_reserved_port_name(name)) return wrong("in flows it means something else");
    if (is_taken(name))
        return std::unexpected(
            fmt::format("there is a port with this name already: {} (choose another)", name));
    return name;
}

bool ConfiguredPorts::is_taken(const std::string& name) const {
    return name == bridge_.name() || bridge_.port_of_name(name) || registry_.names.contains(name);
}

std::expected<void, std::string> ConfiguredPorts::remove(std::string_view name) {
    const auto number = bridge_.port_of_name(name);
    if (!number) return std::unexpected(fmt::format("there is no port '{}'", printable(name)));
    if (!find(*number))
        return std::unexpected(
            fmt::format("port {} is not one that was added (plugs go when they are pulled)", name));
    let_go(*number);
    Port& port = *bridge_.find_port(*number);
    while (port.active()) bridge_.detach(port, port.endpoints.back()->id());
    bridge_.remove_port(*number);
    return {};
}

std::expected<void, std::string> ConfiguredPorts::set_up(std::string_view name, bool up) {
    const auto number = bridge_.port_of_name(name);
    if (!number) return std::unexpected(fmt::format("there is no port '{}'", printable(name)));
    Port& port = *bridge_.find_port(*number);
    const std::uint32_t down = openflow::port_config::down;
    bridge_.configure_port(port, up ? port.config & ~down : port.config | down);
    return {};
}

std::expected<NatPort*, std::string> ConfiguredPorts::nat(std::string_view name) const {
    NatPort* found = nullptr;
    for (const auto& entry : entries_) {
        auto* const nat = dynamic_cast<NatPort*>(entry->link.get());
        if (!nat || (!name.empty() && entry->name() != name)) continue;
        if (found) return std::unexpected("there are several NATs (name one)");
        found = nat;
    }
    if (found) return found;
    return std::unexpected(name.empty() ? "there is no NAT (switchctl add-port type=nat,name=out)"
                                        : fmt::format("there is no NAT '{}'", printable(name)));
}

const PortSpec* ConfiguredPorts::spec_of(PortNumber port) const {
    const Entry* const entry = find(port);
    return entry ? &entry->spec() : nullptr;
}

std::string ConfiguredPorts::place_of(PortNumber port) const {
    const Entry* const entry = find(port);
    return entry && entry->link ? entry->link->place() : "";
}

ConfiguredPorts::Entry* ConfiguredPorts::find(PortNumber port) const {
    for (const auto& entry : entries_)
        if (entry->number() == port) return entry.get();
    return nullptr;
}

// The port has no link any more; it may have endpoints still.
void ConfiguredPorts::let_go(PortNumber port) noexcept {
    const auto it =
        std::ranges::find(entries_, port, [](const auto& entry) { return entry->number(); });
    if (it == entries_.end()) return;
    const std::unique_ptr<Entry> entry = std::move(*it);
    entries_.erase(it);
    if (!entry->link) return;
    entry->link->close();
    reactor_.retire(std::move(entry->link));
}

void ConfiguredPorts::port_configured(const Port& port) {
    Entry* const entry = find(port.number);
    if (entry && entry->link) entry->link->set_up((port.config & openflow::port_config::down) == 0);
}

void ConfiguredPorts::endpoint_left(const Port& port, const Endpoint& endpoint) {
    Entry* const entry = find(port.number);
    if (entry && entry->link) entry->link->endpoint_left(endpoint);
}

void ConfiguredPorts::close() noexcept {
    while (!entries_.empty()) let_go(entries_.back()->number());
}

}  // namespace switchd
