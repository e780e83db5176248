#include "switchd/core/signals.h"

#include <csignal>

#include "switchd/core/error.h"

namespace switchd {

namespace {

sigset_t set_of(std::initializer_list<int> signals) {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : signals) sigaddset(&set, signal);
    return set;
}

}  // namespace

void block_signals(std::initializer_list<int> signals) {
    const sigset_t set = set_of(signals);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
}

void ignore_signals(std::initializer_list<int> signals) {
    for (const int signal : signals) ::signal(signal, SIG_IGN);
}

Signals::Signals(Reactor& reactor, void* owner, std::initializer_list<int> signals, Handler handler)
    : reactor_(reactor), owner_(owner), handler_(handler) {
    const sigset_t set = set_of(signals);
    fd_.reset(::signalfd(-1, &set, SFD_CLOEXEC));
    if (!fd_)
        throw SetupError("cannot receive signals: " + errno_text(errno),
                         "raise the open-files limit: ulimit -n");
    read_next();
}

void Signals::on_read(Completion& completion) noexcept {
    if (closed_) return;
    if (completion.result == sizeof info_) handler_(owner_, static_cast<int>(info_.ssi_signo));
    if (!closed_) read_next();
}

}  // namespace switchd
