#include "switchd/links/nat_endpoint.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <glib.h>
#include <slirp/libslirp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "switchd/core/error.h"
#include "switchd/links/nat_frame.h"

namespace switchd {

namespace {

constexpr std::uint32_t idle_patience_ms = 1000;
constexpr std::uint32_t router_number = 2, dns_number = 3, first_lease_number = 15;

struct EventName {
    int slirp;
    std::uint32_t epoll;
};
constexpr EventName event_names[] = {
    {SLIRP_POLL_IN, EPOLLIN},   {SLIRP_POLL_OUT, EPOLLOUT}, {SLIRP_POLL_PRI, EPOLLPRI},
    {SLIRP_POLL_ERR, EPOLLERR}, {SLIRP_POLL_HUP, EPOLLHUP},
};

std::uint32_t to_epoll(int events) {
    std::uint32_t result = 0;
    for (const EventName& each : event_names)
        if ((events & each.slirp) != 0) result |= each.epoll;
    return result;
}
int to_slirp(std::uint32_t events) {
    int result = 0;
    for (const EventName& each : event_names)
        if ((events & each.epoll) != 0) result |= each.slirp;
    return result;
}

int descriptors_max() {
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    return static_cast<int>(std::min<rlim_t>(files.rlim_cur, 1 << 20));
}

// A message of libslirp's costs a guest one packet, and would be written to standard error before
// the loop goes on.
void silence_libslirp() {
    static const unsigned handler = ::g_log_set_handler(
        "Slirp", static_cast<GLogLevelFlags>(G_LOG_LEVEL_MASK | G_LOG_FLAG_FATAL),
        [](const char*, GLogLevelFlags, const char*, void*) {}, nullptr);
    static_cast<void>(handler);
}

bool is_listener(int fd) {
    int listens = 0;
    socklen_t bytes = sizeof listens;
    return ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &bytes) == 0 && listens != 0;
}

bool descriptor_is_free() {
    return static_cast<bool>(Fd{::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)}) || errno != EMFILE;
}

NatEndpoint& endpoint_of(void* opaque) {
    return *static_cast<NatEndpoint*>(opaque);
}

in6_addr with_number(in6_addr network, std::uint8_t number) {
    network.s6_addr[15] = number;
    return network;
}

SlirpConfig config_of(const NatSettings& settings) {
    SlirpConfig config{};
    config.version = 1;
    config.restricted = settings.restricted;
    config.in_enabled = true;
    config.vnetwork = settings.network;
    config.vnetmask = settings.netmask;
    config.vhost = settings.host_number(router_number);
    config.vnameserver = settings.host_number(dns_number);
    config.vdhcp_start = settings.host_number(first_lease_number);
    config.in6_enabled = settings.network6.has_value();
    if (settings.network6) {
        config.vprefix_addr6 = *settings.network6;
        config.vprefix_len = 64;
        config.vhost6 = with_number(*settings.network6, router_number);
        config.vnameserver6 = with_number(*settings.network6, dns_number);
    }
    config.disable_host_loopback = !settings.host_loopback;
    return config;
}

int flags_of(const NatForward& forward) {
    return (forward.udp ? SLIRP_HOSTFWD_UDP : 0) |
           (forward.host.is_ipv6() ? SLIRP_HOSTFWD_V6ONLY : 0);
}

}  // namespace

// One of libslirp's: for its router advertisements.
class NatEndpoint::PeriodicTimer final : public Retirable {
public:
    PeriodicTimer(Reactor& reactor, SlirpTimerCb function, void* of)
        : function_(function),
          of_(of),
          timer_(Timer::calling<&PeriodicTimer::on_time>(reactor, this)) {}

    void arm(std::int64_t at_ms) { timer_.arm(TimePoint(std::chrono::milliseconds(at_ms))); }
    void disarm() { timer_.disarm(); }
    bool idle() const override { return timer_.idle(); }

private:
    void on_time() noexcept { function_(of_); }

    SlirpTimerCb function_;
    void* of_;
    Timer timer_;
};

const SlirpCb& NatEndpoint::callbacks() {
    static constexpr SlirpCb table = {
        .send_packet = [](const void* bytes, size_t count, void* opaque) -> ssize_t {
            endpoint_of(opaque).receive({static_cast<const std::byte*>(bytes), count});
            return static_cast<ssize_t>(count);
        },
        // What a guest does wrong is its own affair.
        .guest_error = [](const char*, void*) {},
        .clock_get_ns = [](void* opaque) -> std::int64_t {
            return std::chrono::nanoseconds(endpoint_of(opaque).reactor_.now().time_since_epoch())
                .count();
        },
        .timer_new = [](SlirpTimerCb function, void* of, void* opaque) -> void* {
            return new PeriodicTimer(endpoint_of(opaque).reactor_, function, of);
        },
        .timer_free =
            [](void* timer, void* opaque) {
                auto* const ours = static_cast<PeriodicTimer*>(timer);
                ours->disarm();
                endpoint_of(opaque).reactor_.retire(std::unique_ptr<Retirable>(ours));
            },
        .timer_mod = [](void* timer, std::int64_t at_ms,
                        void*) { static_cast<PeriodicTimer*>(timer)->arm(at_ms); },
        .register_poll_fd = [](int fd, void* opaque) { endpoint_of(opaque).open_.opened(fd); },
        .unregister_poll_fd =
            [](int fd, void* opaque) {
                endpoint_of(opaque).open_.closed(fd);
                endpoint_of(opaque).sockets_.forget(fd);
            },
        // Nobody else runs that would have to be woken.
        .notify = [](void*) {},
        .init_completed = nullptr,
        .timer_new_opaque = nullptr,
    };
    return table;
}

NatEndpoint::NatEndpoint(Reactor& reactor, FrameSink& sink, const NatSettings& settings)
    : Endpoint(reactor, sink), open_(descriptors_max()) {
    silence_libslirp();
    const SlirpConfig config = config_of(settings);
    slirp_ = ::slirp_new(&config, &callbacks(), this);
    if (!slirp_) throw SetupError("libslirp does not start with these settings");
    description_ = "NAT";
    for (const NatForward& each : settings.forwards)
        if (const auto done = forward(each); !done) {
            ::slirp_cleanup(slirp_);
            throw SetupError(done.error());
        }
}

std::expected<void, std::string> NatEndpoint::forward(const NatForward& wanted) {
    if (::slirp_add_hostxfwd(slirp_, wanted.host.data(), wanted.host.bytes(), wanted.guest.data(),
                             wanted.guest.bytes(), flags_of(wanted)) == 0)
        return {};
    return std::unexpected(fmt::format(
        "cannot forward {}: {} ({})", wanted.text(), errno_text(errno),
        errno == EACCES
            ? "ports below 1024 are root's, see sysctl net.ipv4.ip_unprivileged_port_start"
            : "choose another port or address of the host"));
}

std::expected<void, std::string> NatEndpoint::add(const NatForward& wanted) {
    auto done = forward(wanted);
    if (done && !paused_) await_sockets();
    return done;
}

void NatEndpoint::remove(const NatForward& wanted) noexcept {
    ::slirp_remove_hostxfwd(slirp_, wanted.host.data(), wanted.host.bytes(), flags_of(wanted));
}

void NatEndpoint::receive(std::span<const std::byte> bytes) noexcept {
    if (closed()) return;
    if (bytes.size() > frame_bytes_max) return count_drop(DropReason::too_long);
    Frame frame = reactor_.pool().take();
    if (!frame) return count_drop(DropReason::buffer_exhausted);
    frame.resize(bytes.size());
    std::ranges::copy(bytes, frame.writable().begin());
    deliver(std::move(frame));
}

void NatEndpoint::flush() noexcept {
    while (!queue_.empty()) {
        const Frame frame = queue_.pop_front();
        // libslirp 4.7 dies of some.
        if (is_ipv4_fragment(frame.bytes())) {
            count_drop(DropReason::fragment);
            continue;
        }
        if (is_full() && may_open_a_socket(frame.bytes())) {
            count_drop(DropReason::overload);
            continue;
        }
        ::slirp_input(slirp_, reinterpret_cast<const std::uint8_t*>(frame.bytes().data()),
                      static_cast<int>(frame.size()));
    }
    // Not only what they ask for: an answer to ARP lets others go that waited for it.
    serve();
}

void NatEndpoint::set_paused(bool paused) noexcept {
    if (paused_ == paused || closed()) return;
    paused_ = paused;
    paused ? wake_.disarm() : await_sockets();
}

void NatEndpoint::await_sockets() noexcept {
    std::uint32_t patience_ms = UINT32_MAX;
    sockets_.begin();
    ::slirp_pollfds_fill(
        slirp_, &patience_ms,
        [](int fd, int events, void* opaque) { return endpoint_of(opaque).want(fd, events); },
        this);
    sockets_.wait();
    // libslirp says a second when it has nothing to do. Who has too many sockets waits for some of
    // them to end, of which nobody tells.
    if (patience_ms >= idle_patience_ms && !is_full())
        wake_.disarm();
    else
        wake_.arm(reactor_.now() +
                  std::chrono::milliseconds(std::min(patience_ms, idle_patience_ms)));
}

// Who comes from outside by a forward waits while there are too many.
int NatEndpoint::want(int fd, int events) {
    return is_full() && leads_in(fd) ? -1 : sockets_.want(fd, to_epoll(events));
}

// libslirp tells of all its sockets but these.
bool NatEndpoint::leads_in(int fd) const {
    return !open_.has(fd) && is_listener(fd);
}

// What libslirp cannot accept for want of a descriptor it would be told of again at once.
int NatEndpoint::ready(int index) {
    const auto [fd, events] = sockets_.ready(index);
    if (events != 0 && leads_in(fd) && !descriptor_is_free()) {
        starved_ = true;
        return 0;
    }
    return to_slirp(events);
}

void NatEndpoint::on_wake() noexcept {
    starved_ = false;
    serve();
}

void NatEndpoint::serve() noexcept {
    if (closed() || paused_) return;
    ::slirp_pollfds_poll(
        slirp_, 0, [](int index, void* opaque) { return endpoint_of(opaque).ready(index); }, this);
    await_sockets();
}

void NatEndpoint::close_peer() noexcept {
    ::slirp_cleanup(slirp_);
    sockets_.close();
    wake_.disarm();
}

}  // namespace switchd
