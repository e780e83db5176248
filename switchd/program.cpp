#include "switchd/program.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include <utility>

#include "switchd/core/error.h"

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

void prepare_process(OnHangup on_hangup) {
    for (int fd = ::open("/dev/null", O_RDWR); fd >= 0; fd = ::dup(fd))
        if (fd > STDERR_FILENO) {
            ::close(fd);
            break;
        }
    block_signals({SIGTERM, SIGINT});
    if (on_hangup == OnHangup::end)
        block_signals({SIGHUP});
    else
        ignore_signals({SIGHUP});
    ignore_signals(
        {SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM, SIGPROF, SIGVTALRM, SIGIO, SIGPWR, SIGSTKFLT});
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &files);
    }
}

Bridge::Settings Program::bridge_settings(const Settings& settings) {
    Bridge::Settings bridge;
    bridge.name = settings.bridge_name;
    bridge.mac = settings.vde.mac.value_or(random_mac());
    bridge.engine.hash_seed = random_bits();
    bridge.engine.validate_every = settings.validate_every;
    bridge.engine.tables.vlan_policy =
        settings.vde.strict_vlan ? VlanPolicy::strict : VlanPolicy::transparent;
    return bridge;
}

Program::Program(Log& log, const Settings& settings, vde::ControlDirectory& directory)
    : log_(log),
      bridge_(reactor_, log, bridge_settings(settings)),
      vde_(reactor_, log, bridge_, settings.vde, settings.macs, directory),
      ports_(reactor_, log, bridge_, settings.run_directory) {
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_cur < 2UL * settings.vde.port_count + 32)
        log.warn(
            "only {} files may be open: enough for some {} plugs of {} ports (raise the limit: "
            "ulimit -Hn)",
            files.rlim_cur, files.rlim_cur > 32 ? (files.rlim_cur - 32) / 2 : 0,
            settings.vde.port_count);
    // From here on requests are in flight: what fails has to be taken down in order.
    try {
        vde_.open_management_socket();
        if (!settings.run_directory.empty()) {
            // Open vSwitch's tools look for BRIDGE itself first, as a socket, and give up at the
            // directory that VDE has under that name: so they get one of their own.
            const std::string ovs = settings.run_directory + "/ovs";
            ovs_directory_.emplace(ovs, 0700);
            openflow_.emplace(turns_, log, bridge_, settings.openflow);
            openflow_->open(ovs);
            control_server_.emplace(turns_, settings.run_directory + "/switchd.sock",
                                    ControlContext{bridge_, ports_, settings.run_directory,
                                                   settings.vde.directory, vde_.front_door()});
            unixctl_server_.emplace(turns_, ovs, UnixctlContext{bridge_, log});
        }
    } catch (...) {
        close();
        throw;
    }
}

void Program::add_port(const PortSpec& spec) {
    if (const auto added = ports_.add(spec); !added) throw SetupError(added.error());
}

int Program::run() {
    reactor_.run();
    close();
    return signal_;
}

void Program::on_signal(int signal) noexcept {
    signal_ = signal;
    log_.info("Caught signal {}, cleaning up and exiting", signal);
    reactor_.stop();
}

void Program::close() {
    if (std::exchange(closed_, true)) return;
    signals_.close();
    turns_.close();
    if (openflow_) openflow_->close();
    if (control_server_) control_server_->close();
    if (unixctl_server_) unixctl_server_->close();
    vde_.close();
    ports_.close();
    bridge_.detach_all();
    bridge_.stop();
    const auto idle = [&] {
        return !reactor_.has_retired() && signals_.idle() && turns_.idle() && vde_.idle() &&
               bridge_.idle() && (!openflow_ || openflow_->idle()) &&
               (!control_server_ || control_server_->idle()) &&
               (!unixctl_server_ || unixctl_server_->idle());
    };
    while (!idle()) reactor_.run_once();
}

}  // namespace switchd
