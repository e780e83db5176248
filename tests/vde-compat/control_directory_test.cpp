#include "vde-compat/control_directory.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <thread>

#include "switchd/core/error.h"
#include "tests/support/catch.h"
#include "tests/support/sockets.h"

using namespace switchd;
using namespace switchd::vde;
namespace fs = std::filesystem;

namespace {

Log test_log{"test"};

struct Directory : ControlDirectory {
    explicit Directory(const fs::path& path, mode_t mode = 0600, mode_t directory_mode = 02700,
                       std::optional<gid_t> group = {})
        : ControlDirectory(test_log, path.string(), mode, directory_mode, group) {}
};

mode_t rights(const fs::path& path) {
    struct stat file {};
    REQUIRE(::stat(path.c_str(), &file) == 0);
    return file.st_mode & 07777;
}

std::set<std::string> names_in(const fs::path& path) {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(path)) names.insert(entry.path().filename());
    return names;
}

// A socket file whose owner is gone.
void leave_socket(const fs::path& path, int type) {
    const Fd socket = unix_socket(type);
    bind_to(socket, path);
}

// What the refusal says; the exit status is vde_switch's.
std::string refusal(const fs::path& path, std::optional<gid_t> group = {}) {
    try {
        Directory directory(path, 0600, 02700, group);
    } catch (const SetupError& error) {
        CHECK(error.exit_status() == 255);
        CHECK_FALSE(error.remedy().empty());
        return error.what();
    }
    FAIL("the directory was not refused");
    return {};
}

}  // namespace

TEST_CASE("the directory is made with its modes and gone at the end") {
    const TemporaryDirectory own;
    {
        Directory directory(own / "sw", 0660, 02770);
        CHECK(directory.path() == fs::canonical(own / "sw"));
        CHECK(rights(own / "sw") == 02770);
        CHECK(rights(own / "sw" / "ctl") == 0660);
        CHECK(connect_to(unix_socket(SOCK_STREAM), own / "sw" / "ctl") == 0);
    }
    CHECK_FALSE(fs::exists(own / "sw"));
}

TEST_CASE("the umask does not change the modes") {
    const TemporaryDirectory own;
    const mode_t before = ::umask(077);
    {
        Directory directory(own / "sw", 0666, 02777);
        CHECK(rights(own / "sw") == 02777);
        CHECK(rights(own / "sw" / "ctl") == 0666);
    }
    ::umask(before);
}

TEST_CASE("a link to a directory is followed, and the path is the real one") {
    const TemporaryDirectory own;
    fs::create_directory(own / "real");
    fs::create_symlink("real", own / "link");
    Directory directory(own / "link");
    CHECK(directory.path() == fs::canonical(own / "real"));
}

TEST_CASE("the group of the directory and ctl is the one that was asked for") {
    const TemporaryDirectory own;
    const gid_t group = ::getegid();
    Directory directory(own / "sw", 0660, 02770, group);
    struct stat file {};
    REQUIRE(::stat((own / "sw" / "ctl").c_str(), &file) == 0);
    CHECK(file.st_gid == group);
    CHECK(rights(own / "sw") == 02770);
}

TEST_CASE("a group that cannot be given is refused and leaves nothing") {
    if (::geteuid() == 0) return;  // root can give any
    const TemporaryDirectory own;
    CHECK_THAT(refusal(own / "sw", gid_t{0}), Catch::Contains("group 0"));
    CHECK_FALSE(fs::exists(own / "sw"));
}

TEST_CASE("an empty directory that was there is used") {
    const TemporaryDirectory own;
    fs::create_directory(own / "sw");
    {
        Directory directory(own / "sw");
        CHECK(rights(own / "sw") == 02700);
    }
    CHECK_FALSE(fs::exists(own / "sw"));
}

TEST_CASE("what a dead switch and dead clients left is replaced") {
    const TemporaryDirectory own;
    fs::create_directory(own / "sw");
    leave_socket(own / "sw" / "ctl", SOCK_STREAM);
    for (const char* name : {"001.6", "1234.17", ".00123-00001", ".denied"})
        leave_socket(own / "sw" / name, SOCK_DGRAM);
    {
        Directory directory(own / "sw");
        CHECK(names_in(own / "sw") == std::set<std::string>{"ctl"});
        CHECK(connect_to(unix_socket(SOCK_STREAM), own / "sw" / "ctl") == 0);
    }
    CHECK_FALSE(fs::exists(own / "sw"));
}

TEST_CASE("a client's socket stays as long as the client lives, whatever its name says") {
    const TemporaryDirectory own;
    fs::create_directory(own / "sw");
    const Fd client = unix_socket(SOCK_DGRAM);
    // A process id that does not exist here, as that of a client in a container may not.
    bind_to(client, own / "sw" / ".4194305-00001");
    { Directory directory(own / "sw"); }
    CHECK(names_in(own / "sw") == std::set<std::string>{".4194305-00001"});
}

TEST_CASE("the sockets of clients that died meanwhile do not keep the directory") {
    const TemporaryDirectory own;
    {
        Directory directory(own / "sw");
        leave_socket(own / "sw" / ".00123-00001", SOCK_DGRAM);
    }
    CHECK_FALSE(fs::exists(own / "sw"));
}

TEST_CASE("the directory of a living switch is refused and not touched") {
    const TemporaryDirectory own;
    Directory first(own / "sw", 0660, 02770);
    leave_socket(own / "sw" / "001.6", SOCK_DGRAM);
    CHECK(refusal(own / "sw") ==
          "Could not bind to socket '" + first.path() + "/ctl': Address already in use");
    CHECK(names_in(own / "sw") == std::set<std::string>{"001.6", "ctl"});
    CHECK(rights(own / "sw") == 02770);
    CHECK(connect_to(unix_socket(SOCK_STREAM), own / "sw" / "ctl") == 0);
}

TEST_CASE("a switch too busy to accept is alive") {
    const TemporaryDirectory own;
    fs::create_directory(own / "sw");
    const Fd busy = unix_socket(SOCK_STREAM);
    bind_to(busy, own / "sw" / "ctl");
    REQUIRE(::listen(busy.get(), 0) == 0);
    std::vector<Fd> waiting;
    do waiting.push_back(unix_socket(SOCK_STREAM | SOCK_NONBLOCK));
    while (connect_to(waiting.back(), own / "sw" / "ctl") == 0);
    CHECK_THAT(refusal(own / "sw"), Catch::EndsWith("Address already in use"));
    CHECK(fs::exists(own / "sw" / "ctl"));
}

TEST_CASE("a switch that was killed just now and hangs up is dead") {
    const TemporaryDirectory own;
    fs::create_directory(own / "sw");
    Fd dying = unix_socket(SOCK_STREAM);
    bind_to(dying, own / "sw" / "ctl");
    REQUIRE(::listen(dying.get(), 5) == 0);
    std::thread kernel([&] {
        pollfd arrival{dying.get(), POLLIN, 0};
        ::poll(&arrival, 1, 10'000);
        dying.reset();
    });
    {
        Directory directory(own / "sw");
        CHECK(connect_to(unix_socket(SOCK_STREAM), own / "sw" / "ctl") == 0);
    }
    kernel.join();
    CHECK_FALSE(fs::exists(own / "sw"));
}

TEST_CASE("a foreign directory is refused and not touched") {
    const TemporaryDirectory own;
    const auto path = own / "mine";
    fs::create_directory(path);
    REQUIRE(::chmod(path.c_str(), 0755) == 0);
    SECTION("with a file of any name") {
        std::ofstream(path / "letter.txt") << "dear";
    }
    SECTION("with a file named like a plug") {
        std::ofstream(path / "001.6") << "dear";
    }
    SECTION("with a file named ctl") {
        std::ofstream(path / "ctl") << "dear";
    }
    SECTION("with a directory") {
        fs::create_directory(path / "sub");
    }
    SECTION("with a link named ctl") {
        fs::create_symlink("/dev/null", path / "ctl");
    }
    const auto before = names_in(path);
    refusal(path);
    CHECK(names_in(path) == before);
    CHECK(rights(path) == 0755);
}

TEST_CASE("what cannot be a directory is refused with the reason") {
    const TemporaryDirectory own;
    CHECK(refusal(own / "no" / "such") == "Cannot create ctl directory '" +
                                              (own / "no" / "such").string() +
                                              "': No such file or directory");
    std::ofstream(own / "file") << "text";
    CHECK_THAT(refusal(own / "file"), Catch::EndsWith("Not a directory"));
    CHECK(fs::is_regular_file(own / "file"));
}

TEST_CASE("a name as long as sockets in it allow works, and one byte more is refused") {
    const TemporaryDirectory own;
    const auto base = fs::canonical(own.path());
    const std::size_t rest = ControlDirectory::path_bytes_max - base.string().size() - 1;
    const auto longest = base / std::string(rest, 'x');
    {
        Directory directory(longest);
        bind_to(unix_socket(SOCK_DGRAM), longest / "65535.99999999");
    }
    CHECK_FALSE(fs::exists(longest));
    CHECK_THAT(refusal(base / std::string(rest + 1, 'x')), Catch::Contains("too long"));
    CHECK(names_in(base).empty());
    // Too long only behind the link.
    fs::create_directory(base / std::string(rest + 1, 'x'));
    fs::create_symlink(base / std::string(rest + 1, 'x'), base / "short");
    CHECK_THAT(refusal(base / "short"), Catch::Contains("too long"));
    CHECK(fs::exists(base / std::string(rest + 1, 'x')));
}

TEST_CASE("a successor's ctl and directory outlive the predecessor") {
    const TemporaryDirectory own;
    std::optional<Directory> first;
    first.emplace(own / "sw");
    SECTION("when ctl was replaced") {
        fs::remove(own / "sw" / "ctl");
        Directory second(own / "sw");
        first.reset();
        CHECK(connect_to(unix_socket(SOCK_STREAM), own / "sw" / "ctl") == 0);
    }
    SECTION("when the directory was replaced") {
        fs::remove_all(own / "sw");
        Directory second(own / "sw");
        first.reset();
        CHECK(connect_to(unix_socket(SOCK_STREAM), own / "sw" / "ctl") == 0);
    }
    SECTION("when its listener was given up before") {
        first->take_listener().reset();
        Directory second(own / "sw");
        first.reset();
        CHECK(connect_to(unix_socket(SOCK_STREAM), own / "sw" / "ctl") == 0);
    }
}

TEST_CASE("a directory that somebody removed is no trouble at the end") {
    const TemporaryDirectory own;
    {
        Directory directory(own / "sw");
        fs::remove_all(own / "sw");
    }
    CHECK_FALSE(fs::exists(own / "sw"));
}

TEST_CASE("foreign files keep the directory but not the ctl socket") {
    const TemporaryDirectory own;
    {
        Directory directory(own / "sw");
        std::ofstream(own / "sw" / "notes") << "text";
    }
    CHECK(names_in(own / "sw") == std::set<std::string>{"notes"});
}
