#include "switchd/core/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "tests/support/catch.h"
#include "tests/support/sockets.h"

using namespace switchd;

namespace {

// What `write` puts on stderr.
std::string stderr_of(auto&& write) {
    const TemporaryDirectory directory;
    const auto path = directory / "stderr";
    Fd file{checked(::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600))};
    Fd saved{checked(::dup(STDERR_FILENO))};
    checked(::dup2(file.get(), STDERR_FILENO));
    write();
    checked(::dup2(saved.get(), STDERR_FILENO));
    std::ifstream in{path};
    return {std::istreambuf_iterator<char>{in}, {}};
}

}  // namespace

TEST_CASE("an event is one line with the program's name in front", "[log]") {
    Log log{"switchd"};
    CHECK(stderr_of([&] { log.info("port {}: closed", 7); }) == "switchd: port 7: closed\n");
    CHECK(stderr_of([&] { log.warn("low"); }) == "switchd: low\n");
    CHECK(stderr_of([&] { log.error("{}", "bad"); }) == "switchd: bad\n");
}

TEST_CASE("what a peer calls itself cannot forge a line or move the cursor", "[log]") {
    Log log{"switchd"};
    CHECK(stderr_of([&] { log.info("{}", "a\nswitchd: b\x1b[2J\x7f"); }) ==
          "switchd: a?switchd: b?[2J?\n");
}

TEST_CASE("a line of less worth than the threshold is not written", "[log]") {
    Log log{"switchd"};
    log.set_threshold(Log::Destination::console, Log::Level::warning);
    CHECK(stderr_of([&] { log.info("all is well"); }) == "");
    CHECK(stderr_of([&] { log.warn("low"); }) == "switchd: low\n");
    log.set_threshold(Log::Destination::console, Log::Level::off);
    CHECK(stderr_of([&] { log.error("bad"); }) == "");
}
