#include "switchd/vde_service.h"

#include <unistd.h>

#include <cstdlib>

#include "switchd/core/error.h"
#include "switchd/core/text_file.h"
#include "tap/tap_device.h"
#include "tap/tap_endpoint.h"

namespace switchd {

namespace {

vde::ControlAccess access_of(const vde::Settings& settings, const std::string& directory) {
    vde::ControlAccess access;
    access.directory = directory;
    access.mode = settings.mode;
    access.management_mode = settings.management_mode;
    access.group = settings.group;
    access.management_group = settings.management_group;
    return access;
}

// Only one is read: the user's own, else the system's.
std::string usual_rc_file() {
    if (const char* home = std::getenv("HOME")) {
        std::string own = std::string(home) + "/.vde2/vde_switch.rc";
        if (::access(own.c_str(), R_OK) == 0) return own;
    }
    const std::string system = "/etc/vde2/vde_switch.rc";
    return ::access(system.c_str(), R_OK) == 0 ? system : "";
}

}  // namespace

VdeService::VdeService(Reactor& reactor, Log& log, Bridge& bridge, const vde::Settings& settings,
                       const vde::MacSettings& macs, vde::ControlDirectory& directory)
    : reactor_(reactor),
      log_(log),
      bridge_(bridge),
      settings_(settings),
      front_door_(reactor, log, bridge, settings),
      spanning_tree_(reactor, bridge, front_door_.events(), settings.priority),
      console_({front_door_, spanning_tree_, front_door_.events(), front_door_.dump()}),
      control_socket_(reactor, log, directory.take_listener(),
                      access_of(settings, directory.path()), front_door_) {
    front_door_.set_mac_settings(macs);
    front_door_.set_spanning_tree(&spanning_tree_);
    if (settings.fstp) spanning_tree_.enable(true);
}

void VdeService::open_management_socket() {
    if (!settings_.management_socket.empty())
        management_socket_.emplace(reactor_, log_, console_, front_door_.events(),
                                   settings_.management_socket, settings_.management_mode,
                                   settings_.management_group);
}

void VdeService::attach_taps() {
    for (const std::string& name : settings_.taps) {
        try {
            auto tap = std::make_unique<TapEndpoint>(reactor_, bridge_, open_tap(name), name);
            TapEndpoint& started = *tap;
            if (!front_door_.attach_to_free_port(std::move(tap)))
                log_.error("tap {}: no port is free (raise --numports)", name);
            else
                started.start();
        } catch (const SetupError& error) {
            log_.error("{}", error.line());
        }
    }
}

void VdeService::run_rc_file(RcFile which) {
    std::string path = settings_.rc_file;
    if (path.empty() && which == RcFile::usual) path = usual_rc_file();
    if (path.empty()) return;
    const auto text = read_text_file(path, TextSource::anything);
    if (!text) {
        log_.warn("rc file {}: {} (the switch runs without it)", path, errno_text(text.error()));
        return;
    }
    for (const auto& failure : console_.run_script(*text))
        log_.warn("rc file {}:{}: '{}' failed: {}", path, failure.line_number, failure.line,
                  failure.result);
}

void VdeService::open_stdin_console() {
    stdin_console_.emplace(reactor_, console_, front_door_.events(), [this] {
        log_.info("EOF on stdin, cleaning up and exiting");
        reactor_.stop();
    });
}

void VdeService::close() noexcept {
    if (stdin_console_) stdin_console_->close();
    if (management_socket_) management_socket_->close();
    control_socket_.close();
    front_door_.set_spanning_tree(nullptr);  // ports that go now must not wake it again
    spanning_tree_.close();
}

bool VdeService::idle() const {
    return control_socket_.idle() && spanning_tree_.idle() &&
           (!management_socket_ || management_socket_->idle()) &&
           (!stdin_console_ || stdin_console_->idle());
}

}  // namespace switchd
