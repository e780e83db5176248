#include "switchd/links/poll_set.h"

#include <poll.h>
#include <sys/epoll.h>

#include <array>
#include <cerrno>

#include "switchd/core/error.h"

namespace switchd {

PollSet::PollSet(Reactor& reactor, void* owner, void (*function)(void*) noexcept)
    : reactor_(reactor),
      owner_(owner),
      function_(function),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (!epoll_) throw SetupError("cannot make an epoll set: " + errno_text(errno));
}

void PollSet::begin() {
    ++round_;
    std::swap(wanted_, before_);
    wanted_.clear();
}

int PollSet::want(int fd, std::uint32_t events) {
    const auto at = static_cast<std::size_t>(fd);
    if (known_.size() <= at) known_.resize(at + 1);
    Known& known = known_[at];
    if (known.events != events) {
        set(known.events == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, events);
        known.events = events;
    }
    known.round = round_;
    known.index = static_cast<int>(wanted_.size());
    wanted_.push_back({fd, 0});
    return known.index;
}

void PollSet::wait() noexcept {
    for (const Ready& each : before_) {
        Known& known = known_[static_cast<std::size_t>(each.fd)];
        if (known.round == round_ || known.events == 0) continue;
        set(EPOLL_CTL_DEL, each.fd, 0);
        known = {};
    }
    if (!closed_ && !poll_.in_flight() && !wanted_.empty())
        reactor_.poll(poll_, epoll_.get(), POLLIN);
}

PollSet::Ready PollSet::ready(int index) const {
    const auto at = static_cast<std::size_t>(index);
    return index >= 0 && at < wanted_.size() ? wanted_[at] : Ready{};
}

void PollSet::forget(int fd) noexcept {
    const auto at = static_cast<std::size_t>(fd);
    if (fd < 0 || at >= known_.size() || known_[at].events == 0) return;
    set(EPOLL_CTL_DEL, fd, 0);
    known_[at] = {};
}

void PollSet::close() noexcept {
    closed_ = true;
    reactor_.cancel(poll_);
}

void PollSet::set(int operation, int fd, std::uint32_t events) noexcept {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    ::epoll_ctl(epoll_.get(), operation, fd, &event);
}

void PollSet::on_ready(Completion& completion) noexcept {
    if (closed_ || completion.result == -ECANCELED) return;
    std::array<epoll_event, 64> events;
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        const Known& known = known_[static_cast<std::size_t>(event.data.fd)];
        if (known.events != 0 && known.index >= 0 &&
            static_cast<std::size_t>(known.index) < wanted_.size())
            wanted_[static_cast<std::size_t>(known.index)].events = event.events;
    }
    function_(owner_);
}

}  // namespace switchd
