#include "vde-compat/packet_dump.h"

#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <iterator>

#include "tests/support/sockets.h"
#include "tests/vde-compat/console_lab.h"

namespace switchd::vde::test {

namespace {

const std::string_view frame_text("\xff\xff\xff\xff\xff\xff\x02\0\0\0\0\x01\x88\xb5\x01\xab", 16);
constexpr TimePoint when{std::chrono::seconds{1000} + std::chrono::microseconds{42}};

std::string contents(const std::filesystem::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("frames become debug events while somebody listens and dumping is on") {
    ConsoleLab lab;
    auto session = lab.session();
    drain(session);
    ask(session, "plugin/add dump\ndebug/add dump\n");
    CHECK_FALSE(lab.dump.active());
    ask(session, "dump/active 1\n");
    REQUIRE(lab.dump.active());
    lab.dump.on_packet(PacketDirection::in, 5, bytes_of(frame_text), when);
    lab.dump.on_packet(PacketDirection::out, 7, bytes_of(frame_text), when);
    CHECK(drain(session) ==
          "3101 dump/packetin Pkt: Port 0005 len=0016 ff ff ff ff ff ff 02 00 00 00 00 01 88 b5 "
          "01 ab \n"
          "3102 dump/packetout Pkt: Port 0007 len=0016 ff ff ff ff ff ff 02 00 00 00 00 01 88 b5 "
          "01 ab \n");
    ask(session, "debug/del dump\n");
    CHECK_FALSE(lab.dump.active());
}

TEST_CASE("frames in both directions go to a pcap file") {
    ConsoleLab lab;
    const TemporaryDirectory directory;
    const std::string path = directory / "x.cap";
    auto session = lab.session();
    drain(session);
    CHECK(ask(session, "plugin/add pdump\n") == "1000 Success\n");
    CHECK(ask(session, "pdump/filename " + path + "\n") ==
          "0000 DATA END WITH '.'\ndumpfile=" + path + "\n.\n1000 Success\n");
    CHECK_FALSE(std::filesystem::exists(path));
    CHECK(ask(session, "pdump/active 1\n") == "0000 DATA END WITH '.'\n.\n1000 Success\n");
    REQUIRE(lab.dump.active());
    CHECK(contents(path).size() == 24);

    lab.dump.on_packet(PacketDirection::in, 5, bytes_of(frame_text), when);
    CHECK(contents(path).size() == 24);
    CHECK(ask(session, "pdump/buffered 0\n") == "1000 Success\n");
    lab.dump.on_packet(PacketDirection::out, 7, bytes_of(frame_text), when);
    const auto file = contents(path);
    REQUIRE(file.size() == 24 + 2 * (16 + 16));
    CHECK(file.substr(0, 8) == std::string_view("\xd4\xc3\xb2\xa1\x02\0\x04\0", 8));
    CHECK(file.substr(24, 16) ==
          std::string_view("\xe8\x03\0\0\x2a\0\0\0\x10\0\0\0\x10\0\0\0", 16));
    CHECK(file.substr(40, 16) == frame_text);
    CHECK(file.substr(72) == frame_text);

    CHECK(ask(session, "pdump/active 0\n") == "0000 DATA END WITH '.'\n.\n1000 Success\n");
    CHECK_FALSE(lab.dump.active());
}

TEST_CASE("a capture that stops has everything in its file") {
    ConsoleLab lab;
    const TemporaryDirectory directory;
    lab.dump.add(Plugin::pdump);
    REQUIRE(lab.dump.set_filename(directory / "x.cap") == 0);
    REQUIRE(lab.dump.set_file_active(true) == 0);
    for (int i = 0; i < 10'000; ++i)
        lab.dump.on_packet(PacketDirection::in, 1, bytes_of(frame_text), when);
    lab.dump.remove(Plugin::pdump);
    CHECK(contents(directory / "x.cap").size() == 24 + 10'000 * 32);
    CHECK(lab.dump.filename() == "vde_dump.cap");
}

TEST_CASE("a capture file that cannot be created is an error with its reason") {
    ConsoleLab lab;
    auto session = lab.session();
    drain(session);
    ask(session, "plugin/add pdump\npdump/filename /nonexistent/x\n");
    CHECK(ask(session, "pdump/active 1\n") ==
          "0000 DATA END WITH '.'\ncannot write /nonexistent/x: No such file or directory\n.\n"
          "1022 Invalid argument\n");
    ask(session, "pdump/filename /dev/null\n");
    CHECK(ask(session, "pdump/active 1\n").ends_with("1022 Invalid argument\n"));
    CHECK_FALSE(lab.dump.active());
}

TEST_CASE("a full disk ends the capture, not the switch") {
    // A file size limit stands for the disk.
    const rlimit before = [] {
        rlimit limit{};
        ::getrlimit(RLIMIT_FSIZE, &limit);
        return limit;
    }();
    const auto ignored = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{4096, before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);

    ConsoleLab lab;
    const TemporaryDirectory directory;
    REQUIRE(lab.dump.set_filename(directory / "x.cap") == 0);
    REQUIRE(lab.dump.set_file_active(true) == 0);
    lab.dump.set_buffered(false);
    for (int i = 0; i < 200 && lab.dump.active(); ++i)
        lab.dump.on_packet(PacketDirection::in, 1, bytes_of(frame_text), when);
    CHECK_FALSE(lab.dump.active());

    ::setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, ignored);
}

}  // namespace switchd::vde::test
