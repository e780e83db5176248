#include "switchd/bridge_set.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "switchd/core/error.h"
#include "switchd/core/printable.h"
#include "switchd/options.h"

namespace switchd {

namespace {

// Whoever opens a pipe waits for its writer, and a running switch must not wait. What is not there
// is the reader's affair.
bool would_wait_for(const std::string& path) {
    struct stat file {};
    return !path.empty() && ::stat(path.c_str(), &file) == 0 && !S_ISREG(file.st_mode);
}

std::vector<std::string> files_of(const BridgeOptions& options) {
    std::vector<std::string> files{options.vde.rc_file};
    if (const auto& tls = options.openflow.tls)
        files.insert(files.end(), {tls->private_key, tls->certificate, tls->ca_certificate});
    return files;
}

}  // namespace

BridgeSet::BridgeSet(RequestTurns& turns, Log& log, std::string run_directory)
    : turns_(turns), log_(log), run_directory_(std::move(run_directory)) {}

// Of all bridges: the limit is the process's.
void BridgeSet::warn_if_files_are_few(unsigned more_ports) const {
    unsigned long ports = more_ports;
    for (const auto& bridge : bridges_) ports += bridge->options().vde.port_count;
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_cur >= 2 * ports + 32) return;
    log_.warn(
        "only {} files may be open: enough for some {} plugs of {} ports (raise the limit: "
        "ulimit -Hn)",
        files.rlim_cur, files.rlim_cur > 32 ? (files.rlim_cur - 32) / 2 : 0, ports);
}

ServedBridge& BridgeSet::add(const BridgeOptions& options) {
    if (find(options.name))
        throw SetupError(fmt::format("there is a bridge {} already", options.name),
                         "choose another name");
    warn_if_files_are_few(options.vde.port_count);
    auto bridge = std::make_unique<ServedBridge>(turns_, log_, options, run_directory_, registry_);
    try {
        bridge->open();
    } catch (...) {
        retire(std::move(bridge));
        throw;
    }
    list_.add(bridge->bridge());
    return *bridges_.emplace_back(std::move(bridge));
}

ServedBridge* BridgeSet::find(std::string_view name) const {
    for (const auto& bridge : bridges_)
        if (bridge->options().name == name) return bridge.get();
    return nullptr;
}

std::optional<ControlContext> BridgeSet::context(std::string_view name) {
    ServedBridge* const found = name.empty() ? bridges_.front().get() : find(name);
    if (!found) return std::nullopt;
    return ControlContext{
        found->bridge(),           found->ports(), run_directory_, found->options().vde.directory,
        found->vde().front_door(), *this};
}

std::expected<void, std::string> BridgeSet::add_bridge(std::span<const std::string> words) {
    try {
        auto options = parse_bridge_options(words, run_directory_);
        if (!options) return std::unexpected(options.error());
        for (const std::string& path : files_of(*options))
            if (would_wait_for(path))
                return std::unexpected(fmt::format(
                    "'{}' is no regular file (a running switch waits for nobody: copy it to one)",
                    printable(path)));
        options->validate_every = bridges_.front()->options().validate_every;  // as all of them
        add(*options);
        return {};
    } catch (const SetupError& error) {
        return std::unexpected(error.line());
    }
}

std::expected<void, std::string> BridgeSet::remove_bridge(std::string_view name) {
    ServedBridge* const found = find(name);
    if (!found) return std::unexpected(fmt::format("there is no bridge '{}'", printable(name)));
    if (bridges_.size() == 1)
        return std::unexpected(fmt::format("{} is the only bridge (end the switch instead)", name));
    const auto it = std::ranges::find(bridges_, found, &std::unique_ptr<ServedBridge>::get);
    list_.remove(found->bridge());
    retire(std::exchange(*it, nullptr));
    bridges_.erase(it);
    return {};
}

void BridgeSet::close() noexcept {
    while (!bridges_.empty()) {
        list_.remove(bridges_.back()->bridge());
        retire(std::move(bridges_.back()));
        bridges_.pop_back();
    }
}

void BridgeSet::retire(std::unique_ptr<ServedBridge> bridge) noexcept {
    bridge->close();
    turns_.reactor().retire(std::move(bridge));
}

}  // namespace switchd
