// What the load programs share: frames, counters that processes share, and child processes, because
// each plug of a real switch is served by a process of its own.
//
// A child lives at most as long as its parent, and every program sets itself an alarm, so that a
// switch that hangs or dies ends a measurement but never hangs it.
#pragma once

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "tests/bench/plug.h"

namespace switchd::bench {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

inline constexpr std::size_t batch_max = 32;
inline constexpr std::size_t frame_octets_max = 2048;
inline constexpr std::size_t header_octets = 14;

// Station 0 is the sender, receivers count from 1; the EtherType is one for local experiments.
using Header = std::array<unsigned char, header_octets>;
inline Header header(unsigned to, unsigned from) {
    const auto low = [](unsigned n) { return static_cast<unsigned char>(n & 0xff); };
    const auto high = [](unsigned n) { return static_cast<unsigned char>(n >> 8 & 0xff); };
    return {2, 0, 0, 7, high(to), low(to), 2, 0, 0, 7, high(from), low(from), 0x88, 0xb5};
}
inline constexpr unsigned everybody = 0xffff;
inline Header announcement(unsigned from) {
    Header frame = header(everybody, from);
    std::fill_n(frame.begin(), 6, static_cast<unsigned char>(0xff));
    return frame;
}

// One counter of one writer, on a cache line of its own.
struct alignas(128) Counter {
    std::atomic<std::uint64_t> value{0};
    void add(std::uint64_t n) {
        value.store(value.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
    std::uint64_t get() const { return value.load(std::memory_order_relaxed); }
};

// Memory that children share with their parent; never unmapped, it goes with the processes.
template <typename T>
T& shared() {
    void* memory =
        ::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    return *new (memory) T{};
}

// A child process; killed, also while stopped, when its owner goes.
class Child {
public:
    template <typename Work>
    explicit Child(Work work) : pid_(::fork()) {
        if (pid_ < 0) throw std::runtime_error("cannot fork");
        if (pid_ > 0) return;
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        work();
        ::_exit(0);
    }
    Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, 0)) {}
    Child& operator=(Child&&) = delete;
    ~Child() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }

    void end_within(Clock::duration patience) {
        const auto end = Clock::now() + patience;
        while (pid_ > 0 && Clock::now() < end) {
            if (::waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = 0;
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }

private:
    pid_t pid_;
};

// The same frame, or one a place, as often as one sendmmsg may take.
class SendBatch {
public:
    explicit SendBatch(std::size_t octets, std::size_t frames = batch_max)
        : frames_(std::min(frames, batch_max)) {
        for (std::size_t i = 0; i < frames_; ++i) {
            buffers_[i].fill(0xab);
            vectors_[i] = {buffers_[i].data(), octets};
            messages_[i].msg_hdr.msg_iov = &vectors_[i];
            messages_[i].msg_hdr.msg_iovlen = 1;
        }
    }
    void set(std::size_t place, const Header& header) {
        std::copy(header.begin(), header.end(), buffers_[place].begin());
    }
    void set_all(const Header& header) {
        for (std::size_t i = 0; i < frames_; ++i) set(i, header);
    }
    std::size_t size() const { return frames_; }

    // Blocks while the switch is busy. Frames sent, negative if the switch is gone.
    int send(int fd) { return send_some(fd, frames_); }
    int send_some(int fd, std::size_t frames_at_most) {
        const std::size_t frames = std::min(frames_, frames_at_most);
        if (frames == 1) {
            const auto n = ::send(fd, vectors_[0].iov_base, vectors_[0].iov_len, 0);
            return n >= 0 ? 1 : failure();
        }
        const int n = ::sendmmsg(fd, messages_.data(), static_cast<unsigned>(frames), 0);
        return n >= 0 ? n : failure();
    }

private:
    static int failure() { return errno == EINTR || errno == ENOBUFS ? 0 : -1; }

    std::size_t frames_;
    std::array<std::array<unsigned char, frame_octets_max>, batch_max> buffers_;
    std::array<iovec, batch_max> vectors_{};
    std::array<mmsghdr, batch_max> messages_{};
};

// Reads for ever, up to `batch` frames a system call, and counts those that begin as `wanted` does.
inline void count_frames(int fd, std::size_t batch, const Header& wanted, Counter& counter) {
    static std::array<std::array<unsigned char, frame_octets_max>, batch_max> buffers;
    std::array<iovec, batch_max> vectors{};
    std::array<mmsghdr, batch_max> messages{};
    for (std::size_t i = 0; i < batch_max; ++i) {
        vectors[i] = {buffers[i].data(), frame_octets_max};
        messages[i].msg_hdr.msg_iov = &vectors[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    const auto is_wanted = [&](std::size_t i) {
        return std::memcmp(buffers[i].data(), wanted.data(), wanted.size()) == 0;
    };
    for (;;) {
        int n = 0;
        if (batch == 1) {
            n = ::recv(fd, buffers[0].data(), frame_octets_max, 0) > 0 ? 1 : -1;
        } else {
            n = ::recvmmsg(fd, messages.data(), static_cast<unsigned>(batch), MSG_WAITFORONE,
                           nullptr);
        }
        if (n < 0 && errno != EINTR) return;
        std::uint64_t found = 0;
        for (int i = 0; i < n; ++i) found += is_wanted(static_cast<std::size_t>(i));
        counter.add(found);
    }
}

// Until `done()`, at most for `patience`; whether it became true.
template <typename Condition>
bool wait_until(Condition done, Clock::duration patience) {
    const auto end = Clock::now() + patience;
    while (!done()) {
        if (Clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    return true;
}

// Until a sum of counters reaches `goal` or has not grown for `patience`; the sum.
template <typename Sum>
std::uint64_t settled(Sum sum, std::uint64_t goal, Clock::duration patience) {
    std::uint64_t last = sum();
    while (last < goal) {
        if (!wait_until([&] { return sum() != last; }, patience)) break;
        last = sum();
    }
    return last;
}

// Makes a station known, so that the switch need not flood what is for it.
inline void announce(const Plug& plug, unsigned station) {
    SendBatch frame(60, 1);
    frame.set_all(announcement(station));
    if (frame.send(plug.data()) != 1) throw std::runtime_error("the switch is gone");
}

inline void require_attached(const Plug& plug) {
    if (!plug.attached()) throw std::runtime_error("the switch went away during the measurement");
}

// Runs a program's work with its arguments. Its result is one line of JSON on stdout; what goes
// wrong is one line on stderr and exit status 1.
template <typename Work>
int run(int argc, char** argv, int arguments, const char* usage, Work work) {
    if (argc < arguments + 1) {
        fmt::print(stderr, "usage: {} {}\n", argv[0], usage);
        return 2;
    }
    ::signal(SIGPIPE, SIG_IGN);
    try {
        work(std::vector<std::string>(argv + 1, argv + argc));
        return 0;
    } catch (const std::exception& error) {
        fmt::print(stderr, "{}: {}\n", argv[0], error.what());
        return 1;
    }
}

}  // namespace switchd::bench
