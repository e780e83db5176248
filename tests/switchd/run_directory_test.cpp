#include "switchd/run_directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>

#include "switchd/core/error.h"
#include "tests/support/catch.h"
#include "tests/support/sockets.h"

using namespace switchd;

namespace {

// Sets a variable of the environment, or removes it, until the end of the scope.
struct Environment {
    const char* name;
    std::optional<std::string> before;
    Environment(const char* variable, const char* value) : name(variable) {
        if (const char* old = std::getenv(name)) before = old;
        value ? ::setenv(name, value, 1) : ::unsetenv(name);
    }
    ~Environment() { before ? ::setenv(name, before->c_str(), 1) : ::unsetenv(name); }
};

mode_t rights(const std::string& path) {
    struct stat file {};
    REQUIRE(::stat(path.c_str(), &file) == 0);
    return file.st_mode & 07777;
}

}  // namespace

TEST_CASE("the run directory is in the session's directory if that is the user's own") {
    TemporaryDirectory own;
    Environment session("XDG_RUNTIME_DIR", own.path().c_str());
    CHECK(default_run_directory() == own.path().string() + "/switchd");
}

TEST_CASE(
    "without a session of one's own the run directory is a temporary one with the user's id") {
    TemporaryDirectory own;
    const auto value = GENERATE(as<const char*>{}, nullptr, "", "relative", "/no/such/place");
    Environment session("XDG_RUNTIME_DIR", value);
    Environment temporary("TMPDIR", own.path().c_str());
    CHECK(default_run_directory() ==
          own.path().string() + "/switchd-" + std::to_string(::geteuid()));
}

TEST_CASE("a run directory is made private and taken again") {
    TemporaryDirectory own;
    const std::string path = own.path().string() + "/run";
    make_run_directory(path, 0700);
    CHECK(rights(path) == 0700);
    CHECK_NOTHROW(make_run_directory(path, 0700));
}

TEST_CASE("a run directory that others could change is refused and left as it is") {
    TemporaryDirectory own;
    const std::string path = own.path().string() + "/run";
    SECTION("others may write to it") {
        REQUIRE(::mkdir(path.c_str(), 0700) == 0);
        REQUIRE(::chmod(path.c_str(), 0777) == 0);
        CHECK_THROWS_AS(make_run_directory(path, 0700), SetupError);
        CHECK(rights(path) == 0777);
    }
    SECTION("it is a link") {
        REQUIRE(::symlink(own.path().c_str(), path.c_str()) == 0);
        CHECK_THROWS_AS(make_run_directory(path, 0700), SetupError);
    }
    SECTION("its parent is missing") {
        CHECK_THROWS_AS(make_run_directory(path + "/deep", 0700), SetupError);
    }
    SECTION("it is another user's") {
        if (::geteuid() != 0) return;
        REQUIRE(::mkdir(path.c_str(), 0700) == 0);
        REQUIRE(::chown(path.c_str(), 65534, 65534) == 0);
        CHECK_THROWS_AS(make_run_directory(path, 0700), SetupError);
    }
}
