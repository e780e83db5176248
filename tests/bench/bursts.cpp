// Frames lost by a switch although the receivers keep up on average.
//
//   bursts DIR OCTETS BURST KPPS SECONDS RECEIVERS STOPPED
//
// Sends BURST frames back to back and waits for the next slot of an average of KPPS; a slot also
// waits for the receivers to have seen what went before, unless nothing moves for 20 ms. Frames go
// to RECEIVERS in turn, of which the first STOPPED never read and do not count. Prints {"sent": ,
// "lost": , "loss": , "kpps": } for the receivers that read.
#include "tests/bench/load.h"

using namespace switchd::bench;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t receivers_max = 64;

struct Board {
    std::array<Counter, receivers_max> received;
};

void measure(const std::vector<std::string>& arguments) {
    const std::string& directory = arguments[0];
    const std::size_t octets =
        std::clamp(std::stoul(arguments[1]), header_octets, frame_octets_max);
    const std::size_t burst = std::max(std::stoul(arguments[2]), 1ul);
    const double kpps = std::stod(arguments[3]);
    const Seconds duration{std::stod(arguments[4])};
    const std::size_t receivers = std::clamp(std::stoul(arguments[5]), 1ul, receivers_max);
    const std::size_t stopped = std::min(std::stoul(arguments[6]), receivers - 1);
    ::alarm(static_cast<unsigned>(duration.count() * 3) + 20);

    auto& board = shared<Board>();
    std::vector<Plug> plugs;  // [0] sends
    for (std::size_t i = 0; i <= receivers; ++i) plugs.emplace_back(directory);
    std::vector<Child> children;
    for (std::size_t i = stopped; i < receivers; ++i) {
        const Header wanted = header(static_cast<unsigned>(i + 1), 0);
        children.emplace_back([&, wanted] {
            count_frames(plugs[i + 1].data(), batch_max, wanted, board.received[i]);
        });
    }
    for (unsigned i = 0; i <= receivers; ++i) announce(plugs[i], i);
    const auto received = [&] {
        std::uint64_t sum = 0;
        for (std::size_t i = stopped; i < receivers; ++i) sum += board.received[i].get();
        return sum;
    };

    // Each receiver is known and reads before anything counts.
    for (std::size_t i = stopped; i < receivers; ++i) {
        SendBatch probe(octets, 1);
        probe.set_all(header(static_cast<unsigned>(i + 1), 0));
        if (probe.send(plugs[0].data()) != 1 ||
            !wait_until([&] { return board.received[i].get() == 1; }, 5s)) {
            throw std::runtime_error("a receiver received nothing");
        }
    }
    const auto before = received();

    SendBatch frames(octets);
    std::uint64_t sent = 0;  // to receivers that read
    std::size_t next = 0;    // whose turn it is
    const auto start = Clock::now();
    auto slot = start;
    const auto period = std::chrono::duration_cast<Clock::duration>(
        Seconds{static_cast<double>(burst) / (kpps * 1e3)});
    while (Clock::now() - start < duration) {
        for (std::size_t left = burst; left > 0;) {
            for (std::size_t i = 0; i < frames.size(); ++i) {
                frames.set(i, header(static_cast<unsigned>((next + i) % receivers + 1), 0));
            }
            const int n = frames.send_some(plugs[0].data(), left);
            if (n < 0) throw std::runtime_error("the switch went away during the measurement");
            for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
                sent += (next + i) % receivers >= stopped;
            }
            next = (next + static_cast<std::size_t>(n)) % receivers;
            left -= static_cast<std::size_t>(n);
        }
        settled(received, before + sent, 20ms);
        slot = std::max(slot + period, Clock::now());
        std::this_thread::sleep_until(slot);
    }
    const Seconds took = Clock::now() - start;
    require_attached(plugs[0]);
    const auto arrived = settled(received, before + sent, 500ms) - before;
    fmt::print(R"({{"sent": {}, "lost": {}, "loss": {:.6f}, "kpps": {:.3f}}})"
               "\n",
               sent, sent - arrived,
               static_cast<double>(sent - arrived) / static_cast<double>(sent),
               static_cast<double>(sent) / took.count() / 1e3);
}

}  // namespace

int main(int argc, char** argv) {
    return run(argc, argv, 7, "DIR OCTETS BURST KPPS SECONDS RECEIVERS STOPPED", measure);
}
