// Plugs that are attached and do nothing.
//
//   attach DIR PLUGS
//
// Prints {"attached": , "seconds": } when all are in, and holds them until its stdin ends. Needs
// two descriptors a plug.
#include <unistd.h>

#include "tests/bench/load.h"

using namespace switchd::bench;

namespace {

void measure(const std::vector<std::string>& arguments) {
    const std::size_t wanted = std::stoul(arguments[1]);
    std::vector<Plug> plugs;
    plugs.reserve(wanted);
    const auto start = Clock::now();
    while (plugs.size() < wanted) plugs.emplace_back(arguments[0]);
    fmt::print(R"({{"attached": {}, "seconds": {:.4f}}})"
               "\n",
               plugs.size(), Seconds(Clock::now() - start).count());
    std::fflush(stdout);
    char ignored = 0;
    while (::read(STDIN_FILENO, &ignored, 1) > 0) continue;
    require_attached(plugs.back());
}

}  // namespace

int main(int argc, char** argv) {
    return run(argc, argv, 2, "DIR PLUGS", measure);
}
