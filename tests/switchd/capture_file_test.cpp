#include "switchd/capture_file.h"

#include <algorithm>
#include <cstdint>
#include <sstream>

#include "tests/support/catch.h"

using namespace switchd;

namespace {

// What a capturing program writes, on a machine of the given byte order.
class Capture {
public:
    explicit Capture(std::uint32_t magic = 0xa1b2c3d4, bool little_endian = true,
                     std::uint32_t link_type = 1)
        : little_endian_(little_endian) {
        word(magic);
        word(little_endian ? 0x00040002 : 0x00020004);  // version 2.4
        for (const std::uint32_t each : {0U, 0U, 65535U, link_type}) word(each);
    }

    Capture& frame(const std::string& bytes) {
        const auto size = static_cast<std::uint32_t>(bytes.size());
        for (const std::uint32_t each : {1700000000U, 999999U, size, size}) word(each);
        text_ += bytes;
        return *this;
    }
    Capture& word(std::uint32_t value) {
        std::string bytes;
        for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(value >> shift);
        if (!little_endian_) std::ranges::reverse(bytes);
        text_ += bytes;
        return *this;
    }
    const std::string& text() const { return text_; }

private:
    bool little_endian_;
    std::string text_;
};

// The frame's bytes, or why there is none.
std::string taken(const std::string& file, std::size_t number = 1) {
    std::istringstream stream(file);
    const auto frame = read_captured_frame(stream, number);
    if (!frame) return "error: " + frame.error();
    return {reinterpret_cast<const char*>(frame->data()), frame->size()};
}

}  // namespace

TEST_CASE("a frame is taken from a capture of any machine", "[capture_file]") {
    const auto magic = GENERATE(0xa1b2c3d4U, 0xa1b23c4dU);
    const bool little_endian = GENERATE(true, false);
    Capture capture(magic, little_endian);
    capture.frame("the first").frame("").frame("the third");
    CHECK(taken(capture.text(), 1) == "the first");
    CHECK(taken(capture.text(), 2).empty());
    CHECK(taken(capture.text(), 3) == "the third");
    CHECK(taken(capture.text(), 4) == "error: it has no frame 4, the last is 3");
}

TEST_CASE("a file that ends too early says where", "[capture_file]") {
    const std::string whole = Capture().frame("the first").frame("the second").text();
    const std::size_t second = 24 + 16 + 9;
    CHECK(taken("") == "error: it is too short for a pcap file");
    CHECK(taken(whole.substr(0, 23)) == "error: it is too short for a pcap file");
    CHECK(taken(whole.substr(0, 24)) == "error: it has no frame 1, the last is 0");
    CHECK(taken(whole.substr(0, 30)) == "error: it ends within frame 1");
    CHECK(taken(whole.substr(0, second - 1)) == "error: it ends within frame 1");
    CHECK(taken(whole.substr(0, second + 1), 2) == "error: it ends within frame 2");
    CHECK(taken(whole.substr(0, second + 1), 1) == "the first");
}

TEST_CASE("what is no capture of Ethernet frames is named", "[capture_file]") {
    CHECK(taken("In the beginning was the word") == "error: it is no pcap file");
    CHECK(taken(Capture(0x0a0d0d0a).text()) ==
          "error: it is a pcapng file (tcpdump -r OLD -w NEW makes a pcap file of it)");
    CHECK(taken(Capture(0xa1b2c3d4, true, 113).text()) ==
          "error: its frames are not Ethernet's (link type 113)");
    CHECK(taken(Capture().word(0).word(0).word(0xffffffff).word(60).text()) ==
          "error: it is damaged: frame 1 would have 4294967295 bytes");
    CHECK(taken(Capture().frame(std::string(9238, 'x')).text()).size() == 9238);
    CHECK(taken(Capture().frame(std::string(9239, 'x')).text()) ==
          "error: frame 1 has 9239 bytes, and 9238 are the most");
}
