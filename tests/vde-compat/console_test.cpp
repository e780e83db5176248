#include "vde-compat/console.h"

#include <fstream>

#include "tests/support/sockets.h"
#include "tests/vde-compat/console_lab.h"

namespace switchd::vde::test {

namespace {

std::string write(const std::filesystem::path& path, std::string_view text) {
    std::ofstream(path) << text;
    return path;
}

}  // namespace

TEST_CASE("load echoes every line and answers it") {
    ConsoleLab lab;
    const TemporaryDirectory directory;
    const auto path = write(directory / "rc",
                            "\n# c\n  vlan/create 9\nvlan/create 9\r\nport/print 9\nbogus\nlogout\n"
                            "shutdown\nport/createauto");
    auto session = lab.session();
    drain(session);
    const auto echo = "vde[" + path + "]: ";
    CHECK(ask(session, "load " + path + "\n") ==
          echo + "\n" + echo + "# c\n" + echo + "  vlan/create 9\n1000 Success\n" + echo +
              "vlan/create 9\n1017 File exists\n" + echo +
              "port/print 9\n0000 DATA END WITH '.'\n.\n1006 No such device or address\n" + echo +
              "bogus\n1038 Function not implemented\n" + echo + "logout\n" + echo + "shutdown\n" +
              echo + "port/createauto\n0000 DATA END WITH '.'\nPort 0001\n.\n1000 Success\n" +
              "1000 Success\n");
    CHECK_FALSE(session.finished());
    CHECK_FALSE(lab.model.ended);
}

TEST_CASE("load refuses what is no file it could read without waiting") {
    ConsoleLab lab;
    auto session = lab.session();
    check_transcript(session, R"(
> load
1002 No such file or directory
> load /nonexistent
1002 No such file or directory
> load /
# vde_switch: 1000 Success
1021 Is a directory
> load /dev/zero
# vde_switch reads it without end
1022 Invalid argument
)");
}

TEST_CASE("a file that loads itself comes to an end") {
    ConsoleLab lab;
    const TemporaryDirectory directory;
    const std::string path = directory / "rc";
    write(path, "load " + path + "\n");
    auto session = lab.session();
    drain(session);
    const auto reply = ask(session, "load " + path + "\n");
    CHECK(reply.find("1040 Too many levels of symbolic links\n") != std::string::npos);
    CHECK(reply.ends_with("1000 Success\n1000 Success\n"));
}

TEST_CASE("an rc file is executed to its end, and what failed in it is known") {
    ConsoleLab lab;
    const auto failures = lab.console.run_script(
        "# comment\n\n  vlan/create 5\r\nbogus\nport/create 9\nport/setvlan 9 5\nshutdown\n"
        "logout\ndebug/add\nload /etc/passwd\nvlan/create 6");
    CHECK(lab.model.port_table.at(9).untagged_vlan == 5);
    CHECK(lab.model.vlan_table.contains(6));
    CHECK_FALSE(lab.model.ended);
    CHECK_FALSE(lab.events.wanted(DebugCategory::port_created));

    REQUIRE(failures.size() == 3);
    CHECK(failures[0].line_number == 4);
    CHECK(failures[0].line == "bogus");
    CHECK(failures[0].result == "1038 Function not implemented");
    CHECK(failures[1].line == "debug/add");
    CHECK(failures[2].line_number == 10);
}

TEST_CASE("a reply beyond all bounds is replaced by an error") {
    ConsoleLab lab;
    const std::string description(10'000, 'x');
    for (unsigned number = 1; number <= 7000; ++number)
        lab.model.plug(number, {{1, "unix prog", description}});
    auto session = lab.session();
    drain(session);
    CHECK(ask(session, "port/print\n") == "1027 File too large\n");
}

}  // namespace switchd::vde::test
