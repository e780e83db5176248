#include "switchd/vde_front_door.h"

#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <cerrno>

namespace switchd {

using vde::Errno;

namespace {

Errno errno_of(VlanTable::Result result) {
    if (result) return 0;
    switch (result.error()) {
        case VlanError::out_of_range: return EINVAL;
        case VlanError::exists: return EEXIST;
        case VlanError::no_vlan:
        case VlanError::no_port:
        case VlanError::not_member: return ENXIO;
        case VlanError::in_use:
        case VlanError::untagged: return EADDRINUSE;
    }
    return EINVAL;
}

// Whether the user's groups, by the system's databases, contain `group`.
bool user_in_group(uid_t user, gid_t group) {
    const passwd* const entry = ::getpwuid(user);
    if (!entry) return false;
    gid_t groups[256];
    int count = 256;
    if (::getgrouplist(entry->pw_name, entry->pw_gid, groups, &count) < 0) return false;
    return std::find(groups, groups + count, group) != groups + count;
}

// A client with an abstract address has no socket file; the system still knows who it is.
uid_t user_of(const vde::PlugIdentity& identity) {
    return identity.owner.value_or(identity.peer);
}

Duration wall_clock_offset(TimePoint now) {
    return std::chrono::system_clock::now().time_since_epoch() - now.time_since_epoch();
}

}  // namespace

VdeFrontDoor::VdeFrontDoor(Reactor& reactor, Log& log, Bridge& bridge,
                           const vde::Settings& settings)
    : reactor_(reactor),
      log_(log),
      bridge_(bridge),
      settings_(settings),
      port_count_(settings.port_count),
      dump_(events_, log, wall_clock_offset(reactor.now())) {
    mac_settings_.hash_size = settings.hash_size;
    set_mac_settings(mac_settings_);
    bridge_.add_observer(this);
    bridge_.tables().set_mac_observer(this);
    bridge_.datapath().set_observer(this);
    set_hub(settings.hub);
}

VdeFrontDoor::~VdeFrontDoor() {
    bridge_.remove_observer(this);
    bridge_.tables().set_mac_observer(nullptr);
    bridge_.datapath().set_observer(nullptr);
}

// --- who gets which port ---

bool VdeFrontDoor::may_use(const Port& port, const vde::PlugIdentity& identity) const {
    if (!port.user && !port.group) return true;
    const uid_t user = user_of(identity);
    if (user == 0 || user == port.user) return true;
    return port.group && (identity.peer_group == *port.group || user_in_group(user, *port.group));
}

std::optional<unsigned> VdeFrontDoor::free_port(const vde::PlugIdentity* identity) const {
    for (unsigned number = 1; number <= port_count_; ++number) {
        const Port* const port = bridge_.find_port(number);
        if (!port) return number;
        if (!port->active() && port->allocatable && (!identity || may_use(*port, *identity)))
            return number;
    }
    return std::nullopt;
}

std::expected<unsigned, Errno> VdeFrontDoor::admit(const vde::PlugRequest& request,
                                                   const vde::PlugIdentity& identity) {
    if (request.kind == vde::PlugRequest::Kind::any_port) {
        const auto number = free_port(&identity);
        return number ? std::expected<unsigned, Errno>(*number) : std::unexpected(ENOSPC);
    }
    const unsigned number = request.kind == vde::PlugRequest::Kind::port_zero ? 0 : request.port;
    if (number > port_count_) return std::unexpected(EINVAL);
    const Port* const port = bridge_.find_port(number);
    if (!port) return number;
    if (port->endpoints.size() >= endpoints_per_port_max) return std::unexpected(EADDRINUSE);
    if (port->active()) {
        // Those who share a port are one user; root is no exception.
        if (port->occupant != user_of(identity)) return std::unexpected(EADDRINUSE);
    } else if (!may_use(*port, identity)) {
        return std::unexpected(EACCES);
    }
    return number;
}

void VdeFrontDoor::attach(unsigned number, std::unique_ptr<vde::Plug> plug,
                          const vde::PlugIdentity& identity) {
    Port* port = bridge_.find_port(number);
    if (!port) port = &bridge_.add_port(number);
    if (!port->active()) {
        port->current_user = identity.owner;
        port->occupant = user_of(identity);
    }
    bridge_.attach(*port, std::move(plug));
}

std::expected<unsigned, Errno> VdeFrontDoor::attach_to_free_port(
    std::unique_ptr<Endpoint> endpoint) {
    const auto number = free_port(nullptr);
    if (!number) return std::unexpected(ENOSPC);
    Port* port = bridge_.find_port(*number);
    if (!port) port = &bridge_.add_port(*number);
    bridge_.attach(*port, std::move(endpoint));
    return *number;
}

// --- the switch ---

vde::SwitchInfo VdeFrontDoor::info() const {
    vde::SwitchInfo info;
    info.mac = bridge_.mac();
    info.uptime = std::chrono::duration_cast<std::chrono::seconds>(bridge_.uptime());
    info.ctl_directory = settings_.directory;
    info.mode = settings_.mode;
    info.management_socket = settings_.management_socket_typed;
    info.management_mode = settings_.management_mode;
    info.port_count = port_count_;
    info.hub = hub_;
    return info;
}

Errno VdeFrontDoor::set_port_count(long count) {
    if (count < 1 || count > static_cast<long>(vde::port_count_max)) return EINVAL;
    for (const Port* port : vde_ports())
        if (port->number > static_cast<unsigned long>(count)) return EADDRINUSE;
    port_count_ = static_cast<unsigned>(count);
    if (spanning_tree_) spanning_tree_->set_port_max(port_count_);
    return 0;
}

void VdeFrontDoor::shutdown() {
    log_.info("Shutdown from mgmt command");
    reactor_.stop();
}

void VdeFrontDoor::set_hub(bool on) {
    hub_ = on;
    if (on && spanning_tree_) spanning_tree_->enable(false);
    bridge_.tables().set_mode(on ? ForwardingMode::hub : ForwardingMode::normal, bridge_.now());
}

// --- ports ---

std::vector<Port*> VdeFrontDoor::vde_ports() const {
    std::vector<Port*> ports = bridge_.ports();
    std::erase_if(ports, [](const Port* port) { return port->number == port_local; });
    return ports;
}

VdeFrontDoor::Lookup VdeFrontDoor::find(long number) const {
    if (!in_range(number)) return {nullptr, EINVAL};
    Port* const port = bridge_.find_port(static_cast<PortNumber>(number));
    return {port, port ? 0 : ENXIO};
}

vde::PortInfo VdeFrontDoor::describe(const Port& port) const {
    vde::PortInfo info;
    info.number = port.number;
    info.untagged_vlan = bridge_.tables().vlans().untagged_of(port.number);
    info.allocatable = port.allocatable;
    info.current_user = port.current_user;
    info.user = port.user;
    info.group = port.group;
    info.colour = port.colour;
    info.in = {port.in.packets, port.in.bytes};
    info.out = {port.out.packets, port.out.bytes};
    for (auto it = port.endpoints.rbegin(); it != port.endpoints.rend(); ++it)
        info.endpoints.push_back({(*it)->id(), std::string((*it)->module()), (*it)->description()});
    return info;
}

std::vector<vde::PortInfo> VdeFrontDoor::ports() const {
    std::vector<vde::PortInfo> result;
    for (const Port* port : vde_ports()) result.push_back(describe(*port));
    return result;
}

std::optional<vde::PortInfo> VdeFrontDoor::port(unsigned number) const {
    const Port* const port = bridge_.find_port(number);
    if (!port) return std::nullopt;
    return describe(*port);
}

Errno VdeFrontDoor::create_port(long number) {
    if (!in_range(number)) return EINVAL;
    const auto port_number = static_cast<PortNumber>(number);
    if (bridge_.find_port(port_number)) return EEXIST;
    bridge_.add_port(port_number).allocatable = false;
    return 0;
}

std::expected<unsigned, Errno> VdeFrontDoor::create_port_auto() {
    const auto number = free_port(nullptr);
    if (!number) return std::unexpected(ENOSPC);
    Port* port = bridge_.find_port(*number);
    if (!port) port = &bridge_.add_port(*number);
    port->allocatable = false;
    return *number;
}

Errno VdeFrontDoor::remove_port(long number) {
    const auto [port, error] = find(number);
    if (error) return error;
    if (port->active()) return EADDRINUSE;
    bridge_.remove_port(port->number);
    members_changed();
    return 0;
}

Errno VdeFrontDoor::set_allocatable(long number, bool allocatable) {
    const auto [port, error] = find(number);
    if (port) port->allocatable = allocatable;
    return error;
}

Errno VdeFrontDoor::set_port_user(long number, std::optional<uid_t> user) {
    const auto [port, error] = find(number);
    if (port) port->user = user;
    return error;
}

Errno VdeFrontDoor::set_port_group(long number, std::optional<gid_t> group) {
    const auto [port, error] = find(number);
    if (port) port->group = group;
    return error;
}

Errno VdeFrontDoor::close_endpoint(long number, long id) {
    const auto [port, error] = find(number);
    if (error) return error;
    return bridge_.detach(*port, static_cast<int>(id)) ? 0 : ENXIO;
}

Errno VdeFrontDoor::reset_counters(long number) {
    const auto [port, error] = find(number);
    if (!port) return error == ENXIO ? 0 : error;
    port->in = {};
    port->out = {};
    return 0;
}

void VdeFrontDoor::reset_all_counters() {
    for (const Port* port : vde_ports()) reset_counters(static_cast<long>(port->number));
}

Errno VdeFrontDoor::set_port_vlan(long number, long vlan) {
    const auto [port, error] = find(number);
    if (error) return error;
    if (vlan < 0 || vlan > static_cast<long>(vlan_none)) return EINVAL;
    return changed(bridge_.tables().set_untagged_vlan(port->number, static_cast<VlanId>(vlan)));
}

Errno VdeFrontDoor::changed(VlanTable::Result result) {
    if (result) members_changed();
    return errno_of(result);
}

void VdeFrontDoor::set_colourful(bool on) {
    bridge_.tables().set_colourful(on);
}

Errno VdeFrontDoor::set_port_colour(long number, long colour) {
    const auto [port, error] = find(number);
    if (error) return error;
    if (colour < 0 || colour > 0x7fffffff) return EINVAL;
    bridge_.set_port_colour(*port, static_cast<std::uint32_t>(colour));
    return 0;
}

std::vector<std::pair<std::string, std::uint64_t>> VdeFrontDoor::drops(unsigned number) const {
    std::vector<std::pair<std::string, std::uint64_t>> result;
    const Port* const port = bridge_.find_port(number);
    if (!port) return result;
    const DropCounters counters = port->all_drops();
    for (std::size_t i = 0; i < counters.size(); ++i)
        result.emplace_back(to_string(static_cast<DropReason>(i)), counters[i]);
    return result;
}

// --- VLANs ---

vde::VlanInfo VdeFrontDoor::describe_vlan(VlanId vlan) const {
    vde::VlanInfo info{vlan, {}};
    for (const VlanMember& member : bridge_.tables().vlans().members(vlan)) {
        if (member.port == port_local) continue;
        const Port* const port = bridge_.find_port(member.port);
        info.members.push_back({member.port, member.tagged, port && port->active(),
                                static_cast<vde::PortState>(member.state)});
    }
    return info;
}

std::vector<vde::VlanInfo> VdeFrontDoor::vlans() const {
    std::vector<vde::VlanInfo> result;
    for (const VlanId vlan : bridge_.tables().vlans().vlans())
        result.push_back(describe_vlan(vlan));
    return result;
}

std::optional<vde::VlanInfo> VdeFrontDoor::vlan(unsigned vlan) const {
    if (vlan > vlan_id_max || !bridge_.tables().vlans().exists(static_cast<VlanId>(vlan)))
        return std::nullopt;
    return describe_vlan(static_cast<VlanId>(vlan));
}

Errno VdeFrontDoor::create_vlan(long vlan) {
    if (vlan < 1 || vlan > static_cast<long>(vlan_id_max)) return EINVAL;
    return changed(bridge_.tables().create_vlan(static_cast<VlanId>(vlan)));
}

Errno VdeFrontDoor::remove_vlan(long vlan) {
    if (vlan == 0) return EADDRINUSE;  // every new port belongs to it
    if (vlan < 1 || vlan > static_cast<long>(vlan_id_max)) return EINVAL;
    return changed(bridge_.tables().remove_vlan(static_cast<VlanId>(vlan)));
}

Errno VdeFrontDoor::add_vlan_port(long vlan, long number) {
    if (vlan < 0 || vlan > static_cast<long>(vlan_id_max)) return EINVAL;
    const auto [port, error] = find(number);
    if (error) return error;
    return changed(bridge_.tables().add_tagged_vlan(static_cast<VlanId>(vlan), port->number));
}

Errno VdeFrontDoor::remove_vlan_port(long vlan, long number) {
    if (vlan < 0 || vlan > static_cast<long>(vlan_id_max)) return EINVAL;
    const auto [port, error] = find(number);
    if (error) return error;
    return changed(bridge_.tables().remove_tagged_vlan(static_cast<VlanId>(vlan), port->number));
}

// --- stations ---

void VdeFrontDoor::set_mac_settings(const vde::MacSettings& settings) {
    const auto seconds = [](int value) { return std::chrono::seconds{std::max(value, 0)}; };
    mac_settings_ = settings;
    MacTable::Settings macs = bridge_.tables().macs().settings();
    macs.idle = seconds(settings.expire_seconds);
    macs.min_persistence = seconds(settings.min_persistence_seconds);
    bridge_.tables().configure_macs(macs);
    bridge_.set_ageing_interval(seconds(settings.gc_interval_seconds));
}

void VdeFrontDoor::flush_macs() {
    bridge_.tables().forget_all_macs();
}

namespace {

vde::MacInfo describe_mac(const MacEntry& entry, TimePoint now) {
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - entry.last_heard);
    return {entry.mac, entry.vlan, entry.port, age};
}

}  // namespace

std::vector<vde::MacInfo> VdeFrontDoor::macs() const {
    std::vector<vde::MacInfo> result;
    for (const MacEntry& entry : bridge_.tables().macs().entries())
        result.push_back(describe_mac(entry, bridge_.now()));
    return result;
}

std::optional<vde::MacInfo> VdeFrontDoor::find_mac(MacAddress mac, unsigned vlan) const {
    if (vlan > vlan_id_max) return std::nullopt;
    const auto entry = bridge_.tables().macs().find(static_cast<VlanId>(vlan), mac);
    if (!entry) return std::nullopt;
    return describe_mac(*entry, bridge_.now());
}

// --- what happens, as events ---

void VdeFrontDoor::port_created(const Port& port) {
    events_.port_created(port.number);
}
void VdeFrontDoor::port_closed(const Port& port) {
    events_.port_closed(port.number);
    members_changed();
}

void VdeFrontDoor::endpoint_attached(const Port& port, const Endpoint& endpoint) {
    events_.endpoint_added(port.number, endpoint.id());
    if (!endpoint.description().empty())
        events_.description(port.number, endpoint.id(), endpoint.description());
    members_changed();
}

void VdeFrontDoor::endpoint_left(const Port& port, const Endpoint& endpoint) {
    events_.endpoint_removed(port.number, endpoint.id());
}

void VdeFrontDoor::mac_learned(const MacEntry& entry) {
    events_.mac_learned(entry.mac, entry.vlan, entry.port);
}
void VdeFrontDoor::mac_moved(const MacEntry& entry, PortNumber from) {
    if (from == entry.port) return;  // became static: the console tells no difference
    events_.mac_forgotten(entry.mac, entry.vlan, from);
    events_.mac_learned(entry.mac, entry.vlan, entry.port);
}
void VdeFrontDoor::mac_forgotten(const MacEntry& entry) {
    events_.mac_forgotten(entry.mac, entry.vlan, entry.port);
}

void VdeFrontDoor::packet_in(PortNumber port, std::span<const std::byte> frame) noexcept {
    dump_.on_packet(vde::PacketDirection::in, port, frame, reactor_.now());
}
void VdeFrontDoor::packet_out(PortNumber port, std::span<const std::byte> frame) noexcept {
    dump_.on_packet(vde::PacketDirection::out, port, frame, reactor_.now());
}

}  // namespace switchd
