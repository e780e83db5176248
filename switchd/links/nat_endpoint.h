// A network address translator as an endpoint: a router, a DHCP and a DNS server in the process,
// whose connections are ordinary sockets of the switch's user. It needs no right of any kind.
//
// libslirp does the work. It is told what sockets are ready and what frames the guests sent, and
// all of it happens on the loop.
#pragma once

#include <memory>
#include <string>

#include "switchd/core/endpoint.h"
#include "switchd/core/timer.h"
#include "switchd/links/nat_settings.h"
#include "switchd/links/nat_sockets.h"
#include "switchd/links/poll_set.h"

struct Slirp;
struct SlirpCb;

namespace switchd {

class NatEndpoint final : public Endpoint {
public:
    // Throws SetupError: a forward's port is taken.
    NatEndpoint(Reactor& reactor, FrameSink& sink, const NatSettings& settings);

    // Begins to listen for what comes from outside.
    void start() noexcept { await_sockets(); }
    // The error is one line.
    std::expected<void, std::string> add(const NatForward& wanted);
    void remove(const NatForward& wanted) noexcept;

    int id() const override { return sockets_.id(); }
    std::string_view module() const override { return "nat"; }
    bool idle() const override { return Endpoint::idle() && sockets_.idle() && wake_.idle(); }
    void set_paused(bool paused) noexcept override;

protected:
    void flush() noexcept override;
    void close_peer() noexcept override;

private:
    class PeriodicTimer;

    static const SlirpCb& callbacks();
    std::expected<void, std::string> forward(const NatForward& wanted);
    bool is_full() const { return open_.full() || starved_; }
    void receive(std::span<const std::byte> bytes) noexcept;
    void await_sockets() noexcept;
    int want(int fd, int events);
    bool leads_in(int fd) const;
    int ready(int index);
    void on_sockets() noexcept { serve(); }
    void on_wake() noexcept;
    void serve() noexcept;

    Slirp* slirp_ = nullptr;  // until it is closed
    NatSockets open_;
    bool starved_ = false;  // somebody waits outside, and the process has no descriptor for him
    PollSet sockets_ = PollSet::calling<&NatEndpoint::on_sockets>(reactor_, this);
    Timer wake_ = Timer::calling<&NatEndpoint::on_wake>(reactor_, this);
};

}  // namespace switchd
