// How long a frame takes through a switch and back, with nothing else going on.
//
//   round_trip DIR OCTETS SECONDS
//
// One process sends a frame, another answers it at once; the next goes out when the answer is
// there. Prints {"rounds": , "lost": , "median_us": , "p99_us": }.
#include "tests/bench/load.h"

using namespace switchd::bench;
using namespace std::chrono_literals;

namespace {

constexpr auto answer_patience = 200ms;

void answer(int fd) {
    std::array<unsigned char, frame_octets_max> frame{};
    const Header wanted = header(1, 0);
    const Header reply = header(0, 1);
    for (;;) {
        const auto octets = ::recv(fd, frame.data(), frame.size(), 0);
        if (octets < 0 && errno != EINTR) return;
        if (octets < static_cast<ssize_t>(header_octets)) continue;
        if (std::memcmp(frame.data(), wanted.data(), wanted.size()) != 0) continue;
        std::copy(reply.begin(), reply.end(), frame.begin());
        ::send(fd, frame.data(), static_cast<std::size_t>(octets), 0);
    }
}

void measure(const std::vector<std::string>& arguments) {
    const std::size_t octets =
        std::clamp(std::stoul(arguments[1]), header_octets, frame_octets_max);
    const Seconds duration{std::stod(arguments[2])};
    ::alarm(static_cast<unsigned>(duration.count()) + 20);

    const Plug asker(arguments[0]);
    const Plug other(arguments[0]);
    const timeval patience{.tv_sec = 0,
                           .tv_usec = std::chrono::microseconds(answer_patience).count()};
    ::setsockopt(asker.data(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    Child child([&] { answer(other.data()); });
    announce(asker, 0);
    announce(other, 1);

    SendBatch question(octets, 1);
    question.set_all(header(1, 0));
    const Header wanted = header(0, 1);
    std::array<unsigned char, frame_octets_max> frame{};
    const auto round = [&] {  // whether the answer came
        if (question.send(asker.data()) != 1) throw std::runtime_error("the switch went away");
        while (::recv(asker.data(), frame.data(), frame.size(), 0) >= 0) {
            if (std::memcmp(frame.data(), wanted.data(), wanted.size()) == 0) return true;
        }
        return false;
    };
    for (int i = 0; i < 100; ++i) round();

    std::vector<double> times_us;
    times_us.reserve(1 << 20);
    int lost = 0;
    const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(duration);
    for (auto before = Clock::now(); before < end;) {
        const bool answered = round();
        const auto after = Clock::now();
        if (answered) {
            times_us.push_back(std::chrono::duration<double, std::micro>(after - before).count());
        } else {
            ++lost;
        }
        before = after;
    }
    require_attached(asker);
    if (times_us.empty()) throw std::runtime_error("no answer came back");
    std::sort(times_us.begin(), times_us.end());
    fmt::print(R"({{"rounds": {}, "lost": {}, "median_us": {:.2f}, "p99_us": {:.2f}}})"
               "\n",
               times_us.size(), lost, times_us[times_us.size() / 2],
               times_us[times_us.size() * 99 / 100]);
}

}  // namespace

int main(int argc, char** argv) {
    return run(argc, argv, 3, "DIR OCTETS SECONDS", measure);
}
