#include "switchd/pid_file.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <optional>
#include <sstream>

#include "switchd/core/error.h"
#include "tests/support/catch.h"
#include "tests/support/sockets.h"

using namespace switchd;
namespace fs = std::filesystem;

namespace {

std::string content(const fs::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

const std::string own_pid = std::to_string(::getpid()) + "\n";

pid_t dead_pid() {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(0);
    ::waitpid(child, nullptr, 0);
    return child;
}

std::string refusal(const fs::path& path) {
    try {
        PidFile file(path);
    } catch (const SetupError& error) {
        CHECK(error.exit_status() == 1);
        CHECK_FALSE(error.remedy().empty());
        return error.what();
    }
    FAIL("the pid file was not refused");
    return {};
}

}  // namespace

TEST_CASE("the pid file holds the process id and is gone at the end") {
    const TemporaryDirectory own;
    const mode_t before = ::umask(022);
    {
        const PidFile file(own / "pid");
        CHECK(content(own / "pid") == own_pid);
        struct stat status {};
        REQUIRE(::stat((own / "pid").c_str(), &status) == 0);
        CHECK((status.st_mode & 07777) == 0644);
    }
    ::umask(before);
    CHECK_FALSE(fs::exists(own / "pid"));
}

TEST_CASE("a pid file of a process that is gone is replaced") {
    const TemporaryDirectory own;
    const std::string left =
        GENERATE_COPY(std::to_string(dead_pid()) + "\n", std::to_string(dead_pid()),
                      own_pid /* of a former life */, std::string{} /* not even written */);
    std::ofstream(own / "pid") << left;
    const PidFile file(own / "pid");
    CHECK(content(own / "pid") == own_pid);
}

TEST_CASE("a pid file of a process that has ended but was not waited for is replaced") {
    const TemporaryDirectory own;
    const pid_t child = ::fork();
    if (child == 0) ::_exit(0);
    siginfo_t end{};
    REQUIRE(::waitid(P_PID, static_cast<id_t>(child), &end, WEXITED | WNOWAIT) == 0);
    std::ofstream(own / "pid") << child << "\n";
    {
        const PidFile file(own / "pid");
        CHECK(content(own / "pid") == own_pid);
    }
    ::waitpid(child, nullptr, 0);
}

TEST_CASE("a pid file of a living process is refused and stays") {
    const TemporaryDirectory own;
    std::ofstream(own / "pid") << "1\n";
    CHECK(refusal(own / "pid") ==
          "Error in pidfile creation: File exists: '" + (own / "pid").string() + "'");
    CHECK(content(own / "pid") == "1\n");
}

TEST_CASE("a second switch does not take the pid file of the first, even in another namespace") {
    const TemporaryDirectory own;
    const PidFile first(own / "pid");
    // Its own process id looks like one left behind, but the file is locked.
    CHECK_THAT(refusal(own / "pid"), Catch::Contains("File exists"));
    CHECK(content(own / "pid") == own_pid);
}

TEST_CASE("a file that is no pid file is refused and stays") {
    const TemporaryDirectory own;
    const std::string text = GENERATE(as<std::string>{}, "root:x:0:0\n", "12 34\n", "-5\n", "0\n",
                                      "99999999999999999999999999999999999999\n");
    std::ofstream(own / "file") << text;
    CHECK_THAT(refusal(own / "file"), Catch::Contains("File exists"));
    CHECK(content(own / "file") == text);
}

TEST_CASE("a link is not followed") {
    const TemporaryDirectory own;
    std::ofstream(own / "victim") << dead_pid() << "\n";
    fs::create_symlink(own / "victim", own / "pid");
    refusal(own / "pid");
    CHECK(fs::is_symlink(own / "pid"));
    CHECK(content(own / "victim") != own_pid);
}

TEST_CASE("a pid file that cannot be written is refused with the reason, and leaves nothing") {
    const TemporaryDirectory own;
    CHECK_THAT(refusal(own / "no" / "pid"), Catch::Contains("No such file or directory"));
    CHECK_THAT(refusal(own.path()), Catch::Contains("File exists"));
}

TEST_CASE("a pid file that became somebody else's is not removed") {
    const TemporaryDirectory own;
    std::optional<PidFile> file;
    file.emplace(own / "pid");
    SECTION("as another file") {
        fs::remove(own / "pid");
        std::ofstream(own / "pid") << own_pid;
    }
    SECTION("in place") {
        std::ofstream(own / "pid") << "1\n";
    }
    file.reset();
    CHECK(fs::exists(own / "pid"));
}
