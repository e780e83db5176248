#include "switchd/served_bridge.h"

#include <sys/random.h>

#include <utility>

#include "switchd/core/error.h"
#include "switchd/local_port.h"

namespace switchd {

namespace {

std::uint64_t random_bits() {
    std::uint64_t bits = 0;
    if (::getrandom(&bits, sizeof bits, 0) != sizeof bits)
        throw SetupError("cannot get random numbers: " + errno_text(errno));
    return bits;
}

// As vde_switch makes them up: 00:ff and four random bytes.
MacAddress random_mac() {
    return MacAddress::from_u64(0x00ff00000000 | (random_bits() >> 32));
}

}  // namespace

Bridge::Settings ServedBridge::bridge_settings(const BridgeOptions& options) {
    Bridge::Settings bridge;
    bridge.name = options.name;
    bridge.mac = options.vde.mac.value_or(random_mac());
    bridge.engine.hash_seed = random_bits();
    bridge.engine.validate_every = options.validate_every;
    bridge.engine.tables.vlan_policy =
        options.vde.strict_vlan ? VlanPolicy::strict : VlanPolicy::transparent;
    return bridge;
}

ServedBridge::ServedBridge(RequestTurns& turns, Log& log, const BridgeOptions& options,
                           const std::string& run_directory, PortRegistry& registry)
    : turns_(turns),
      log_(log),
      options_(options),
      ovs_directory_(run_directory.empty() ? "" : run_directory + "/ovs"),
      directory_(std::in_place, log, options.vde.directory, options.vde.mode,
                 options.vde.directory_mode, options.vde.group),
      bridge_(turns.reactor(), log, bridge_settings(options)),
      vde_(turns.reactor(), log, bridge_, options.vde, options.macs, *directory_),
      ports_(turns.reactor(), log, bridge_, run_directory, registry) {}

void ServedBridge::open() {
    vde_.open_management_socket();
    if (!ovs_directory_.empty()) {
        openflow_.emplace(turns_, log_, bridge_, options_.openflow);
        openflow_->open(ovs_directory_);
    }
    if (!options_.local_tap.empty())
        attach_local_port(turns_.reactor(), bridge_, options_.local_tap);
    for (const PortSpec& port : options_.ports)
        if (const auto added = ports_.add(port); !added) throw SetupError(added.error());
    vde_.attach_taps();
    vde_.run_rc_file(options_.usual_rc_file ? VdeService::RcFile::usual
                                            : VdeService::RcFile::named);
}

void ServedBridge::close() noexcept {
    if (openflow_) openflow_->close();
    vde_.close();
    ports_.close();
    bridge_.detach_all();
    bridge_.stop();
    directory_.reset();  // another bridge may have it now
    retirements_ = turns_.reactor().retirements();
}

bool ServedBridge::idle() const {
    return vde_.idle() && bridge_.idle() && (!openflow_ || openflow_->idle()) &&
           !turns_.reactor().has_retired(retirements_);
}

}  // namespace switchd
