// Frames per second through a switch under full load.
//
//   throughput DIR OCTETS BATCH SECONDS IDLE READERS
//
// One process sends as fast as the switch takes, BATCH (1 to 32) frames a system call. READERS 0:
// to one receiver that reads in the same way. READERS n: every one of n plugs counts, the switch
// being a hub. IDLE more plugs are attached and never read. Prints {"sent": , "received": , "kpps":
// , "loss": }: all frames of the run, the rate in the window (of the average reader), the share
// that never arrived.
#include "tests/bench/load.h"

using namespace switchd::bench;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t readers_max = 64;
constexpr auto warm_up = 300ms;

struct Board {
    Counter sent;
    std::array<Counter, readers_max> received;
    std::atomic<bool> stop{false};
};

void measure(const std::vector<std::string>& arguments) {
    const std::string& directory = arguments[0];
    const std::size_t octets =
        std::clamp(std::stoul(arguments[1]), header_octets, frame_octets_max);
    const std::size_t batch = std::clamp(std::stoul(arguments[2]), 1ul, batch_max);
    const Seconds window{std::stod(arguments[3])};
    const std::size_t idle = std::stoul(arguments[4]);
    const std::size_t asked = std::stoul(arguments[5]);
    const std::size_t readers = std::clamp(asked, 1ul, readers_max);
    ::alarm(static_cast<unsigned>(window.count()) + 20);

    auto& board = shared<Board>();
    std::vector<Plug> bystanders;
    for (std::size_t i = 0; i < idle; ++i) bystanders.emplace_back(directory);
    std::vector<Plug> plugs;  // [0] sends
    for (std::size_t i = 0; i <= readers; ++i) plugs.emplace_back(directory);

    const Header wanted = header(1, 0);
    std::vector<Child> children;
    for (std::size_t i = 0; i < readers; ++i) {
        children.emplace_back(
            [&] { count_frames(plugs[i + 1].data(), batch, wanted, board.received[i]); });
    }
    const auto received = [&] {
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < readers; ++i) sum += board.received[i].get();
        return sum;
    };
    announce(plugs[0], 0);
    announce(plugs[1], 1);

    Child sender([&] {
        SendBatch frames(octets, batch);
        frames.set_all(wanted);
        while (!board.stop) {
            const int n = frames.send(plugs[0].data());
            if (n < 0) return;
            board.sent.add(static_cast<std::uint64_t>(n));
        }
    });
    const auto all_receive = [&] {
        return std::all_of(board.received.begin(), board.received.begin() + std::ptrdiff_t(readers),
                           [](const Counter& counter) { return counter.get() > 0; });
    };
    if (!wait_until(all_receive, 5s)) throw std::runtime_error("a reader received nothing");
    std::this_thread::sleep_for(warm_up);

    const auto received_before = received();
    const auto before = Clock::now();
    std::this_thread::sleep_for(window);
    const auto received_in_window = received() - received_before;
    const Seconds took = Clock::now() - before;

    require_attached(plugs[0]);
    board.stop = true;
    sender.end_within(2s);
    const auto sent = board.sent.get();
    const auto total = settled(received, sent * readers, 300ms);
    const double each = static_cast<double>(readers);
    fmt::print(R"({{"sent": {}, "received": {}, "kpps": {:.3f}, "loss": {:.6f}}})"
               "\n",
               sent, total, static_cast<double>(received_in_window) / took.count() / each / 1e3,
               1.0 - static_cast<double>(total) / each / static_cast<double>(sent));
}

}  // namespace

int main(int argc, char** argv) {
    return run(argc, argv, 6, "DIR OCTETS BATCH SECONDS IDLE READERS", measure);
}
