#include "switchd/links/nat_port.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "switchd/core/error.h"

namespace switchd {

namespace {

std::string text_of(const in_addr& address) {
    char text[INET_ADDRSTRLEN] = "";
    return ::inet_ntop(AF_INET, &address, text, sizeof text);
}

}  // namespace

NatPort::NatPort(Reactor& reactor, PortLinkHost& host, const NatSettings& settings)
    : settings_(settings) {
    for (const NatForward& each : settings.forwards)
        if (const auto fits = settings.check(each); !fits) throw SetupError(fits.error());
    auto endpoint = std::make_unique<NatEndpoint>(reactor, host.sink(), settings);
    endpoint_ = endpoint.get();
    host.attach(std::move(endpoint));
    endpoint_->start();
}

std::expected<void, std::string> NatPort::add(const NatForward& forward) {
    if (!endpoint_) return std::unexpected("the port is not there any more");
    for (const NatForward& each : forwards())
        if (each.same_host(forward))
            return std::unexpected(
                fmt::format("there is {} already (delete it first)", each.text()));
    if (auto fits = settings_.check(forward); !fits) return fits;
    auto added = endpoint_->add(forward);
    if (added) settings_.forwards.push_back(forward);
    return added;
}

std::expected<void, std::string> NatPort::remove(const NatForward& forward) {
    const auto it = std::ranges::find_if(
        settings_.forwards, [&](const NatForward& each) { return each.same_host(forward); });
    if (it == settings_.forwards.end())
        return std::unexpected(fmt::format("nothing is forwarded from {}", forward.host_text()));
    if (endpoint_) endpoint_->remove(*it);
    settings_.forwards.erase(it);
    return {};
}

std::string NatPort::place() const {
    return fmt::format("{}{}", text_of(settings_.host_number(0)),
                       settings_.restricted ? ", no way out" : "");
}

}  // namespace switchd
