#include "vde-compat/stdin_console.h"

#include <fcntl.h>
#include <unistd.h>

#include <optional>

#include "tests/support/loop.h"
#include "tests/support/sockets.h"
#include "tests/vde-compat/console_lab.h"

namespace switchd::vde::test {

namespace {

std::pair<Fd, Fd> make_pipe() {
    int fds[2];
    checked(::pipe2(fds, O_CLOEXEC));
    return {Fd{fds[0]}, Fd{fds[1]}};
}

std::string read_now(const Fd& from) {
    std::array<char, 65536> bytes;
    ::fcntl(from.get(), F_SETFL, ::fcntl(from.get(), F_GETFL) | O_NONBLOCK);
    std::string all;
    ssize_t got;
    while ((got = ::read(from.get(), bytes.data(), bytes.size())) > 0)
        all.append(bytes.data(), static_cast<std::size_t>(got));
    return all;
}

struct StdinLab : ConsoleLab {
    Loop loop;
    Fd input, to_input, output, from_output;
    int ends = 0;
    std::optional<StdinConsole> stdin_console;
    std::string heard;

    StdinLab() {
        std::tie(input, to_input) = make_pipe();
        std::tie(from_output, output) = make_pipe();
    }
    ~StdinLab() {
        stdin_console->close();
        loop.until([&] { return stdin_console->idle(); });
    }
    void open() {
        stdin_console.emplace(
            loop.reactor, console, events, [&] { ++ends; }, input.get(), output.get());
    }
    void type(std::string_view text) {
        REQUIRE(::write(to_input.get(), text.data(), text.size()) ==
                static_cast<ssize_t>(text.size()));
    }
    bool hears(std::string_view text) {
        return loop.until_seen([&] {
            heard += read_now(from_output);
            return heard == text;
        });
    }
};

}  // namespace

TEST_CASE("on pipes stdin brings commands and stdout gets the replies alone") {
    StdinLab lab;
    lab.open();
    lab.loop.turns(2);
    CHECK(read_now(lab.from_output).empty());
    lab.type("vlan/create 5\n");
    REQUIRE(lab.hears("1000 Success\n"));
    lab.type("logout\n");
    lab.type("bogus");
    CHECK(lab.hears("1000 Success\n1038 Function not implemented\n"));
    CHECK(lab.ends == 0);
}

TEST_CASE("the end of stdin is told once, after the last reply") {
    StdinLab lab;
    lab.open();
    lab.type("vlan/create 5\nvlan/create 5\n");
    lab.to_input.reset();
    REQUIRE(lab.loop.until([&] { return lab.ends == 1; }));
    CHECK(read_now(lab.from_output) == "1000 Success\n1017 File exists\n");
    lab.loop.turns(3);
    CHECK(lab.ends == 1);
}

TEST_CASE("a stdin that is a file, empty or not open ends after its commands") {
    StdinLab lab;
    SECTION("a file") {
        const TemporaryDirectory directory;
        const Fd file{::open((directory / "in").c_str(), O_RDWR | O_CREAT, 0600)};
        REQUIRE(::write(file.get(), "vlan/create 5\n", 14) == 14);
        ::lseek(file.get(), 0, SEEK_SET);
        lab.input.reset(::dup(file.get()));
        lab.open();
        REQUIRE(lab.loop.until([&] { return lab.ends == 1; }));
        CHECK(read_now(lab.from_output) == "1000 Success\n");
    }
    SECTION("/dev/null") {
        lab.input.reset(::open("/dev/null", O_RDONLY));
        lab.open();
        REQUIRE(lab.loop.until([&] { return lab.ends == 1; }));
    }
    SECTION("closed") {
        lab.input.reset();
        lab.open();
        REQUIRE(lab.loop.until([&] { return lab.ends == 1; }));
    }
}

TEST_CASE("a terminal gets the prompt on its own descriptor, after the reply") {
    StdinLab lab;
    Fd master{::posix_openpt(O_RDWR | O_NOCTTY)};
    REQUIRE(master);
    REQUIRE(::grantpt(master.get()) == 0);
    REQUIRE(::unlockpt(master.get()) == 0);
    lab.input.reset(::open(::ptsname(master.get()), O_RDWR | O_NOCTTY));
    lab.output.reset(::dup(lab.input.get()));
    lab.open();
    REQUIRE(::write(master.get(), "bogus\n", 6) == 6);
    std::string seen;
    REQUIRE(lab.loop.until_seen([&] {
        seen += read_now(master);
        return seen.ends_with("vde$ ");
    }));
    CHECK(seen == "bogus\r\n1038 Function not implemented\r\n\r\nvde$ ");
    lab.input.reset(::open("/dev/null", O_RDONLY));
}

TEST_CASE("a stdout that nobody reads stops commands, not the switch") {
    StdinLab lab;
    lab.open();
    std::string commands;
    for (int i = 0; i < 2000; ++i) commands += "help\n";
    commands += "vlan/create 5\n";
    lab.type(commands);
    lab.loop.turns(50);
    CHECK_FALSE(lab.model.vlan_table.contains(5));
    REQUIRE(lab.loop.until_seen([&] {
        lab.heard += read_now(lab.from_output);
        return lab.model.vlan_table.contains(5);
    }));
}

TEST_CASE("a stdout that is gone silences the console and commands still work") {
    StdinLab lab;
    lab.open();
    lab.from_output.reset();
    lab.type("vlan/create 5\n");
    REQUIRE(lab.loop.until([&] { return lab.model.vlan_table.contains(5); }));
    lab.type("vlan/create 6\n");
    REQUIRE(lab.loop.until([&] { return lab.model.vlan_table.contains(6); }));
    CHECK(lab.ends == 0);
}

TEST_CASE("replies that cannot be written silence none that come later") {
    StdinLab lab;
    const Fd working = std::move(lab.output);
    lab.output = make_pipe().second;  // that nobody can read
    lab.open();
    for (const int vlan : {5, 6}) {
        lab.type("vlan/create " + std::to_string(vlan) + "\n");
        REQUIRE(lab.loop.until([&] { return lab.model.vlan_table.contains(vlan); }));
        lab.loop.turns(2);  // the reply is submitted, and fails at once
    }
    checked(::dup2(working.get(), lab.output.get()));
    lab.type("vlan/create 7\n");
    CHECK(lab.hears("1000 Success\n"));
    CHECK(lab.ends == 0);
}

TEST_CASE("descriptors that do not block are waited for, not asked in a circle") {
    StdinLab lab;
    ::fcntl(lab.input.get(), F_SETFL, O_NONBLOCK);
    ::fcntl(lab.output.get(), F_SETFL, O_NONBLOCK);
    lab.open();
    lab.loop.turn();
    CHECK(lab.loop.wake_ups(std::chrono::milliseconds{20}) == 0);
    std::string commands;
    for (int i = 0; i < 100; ++i) commands += "help\n";
    lab.type(commands);
    lab.loop.turns(20);
    CHECK(lab.loop.wake_ups(std::chrono::milliseconds{20}) < 3);
    lab.to_input.reset();
    REQUIRE(lab.loop.until_seen([&] {
        lab.heard += read_now(lab.from_output);
        return lab.ends == 1;
    }));
    lab.heard += read_now(lab.from_output);
    CHECK(lab.heard.ends_with("1000 Success\n"));
    CHECK(std::ranges::count(lab.heard, '.') >= 100);
}

TEST_CASE("events come to stdout as they happen") {
    StdinLab lab;
    lab.open();
    lab.type("debug/add port\n");
    REQUIRE(lab.hears("1000 Success\n"));
    lab.events.port_created(7);
    REQUIRE(lab.hears("1000 Success\n3021 port/+ 07\n"));
}

}  // namespace switchd::vde::test
