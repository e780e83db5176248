#include "switchd/hex_frame.h"

#include "switchd/core/frame_pool.h"
#include "tests/support/catch.h"

using namespace switchd;

TEST_CASE("a frame is read from hexadecimal digits in any grouping", "[hex_frame]") {
    const std::string plain = "0200000000020200000000010800ff";
    const auto frame = parse_hex_frame(plain);
    REQUIRE(frame);
    CHECK(frame->size() == 15);
    CHECK(frame->front() == std::byte{2});
    CHECK(frame->back() == std::byte{0xff});
    CHECK(parse_hex_frame("02:00:00:00:00:02 0200.0000.0001 0800 FF") == frame);
    CHECK(to_hex(*frame) == plain);
}

TEST_CASE("what is no frame is refused with the reason", "[hex_frame]") {
    const auto error = [](const std::string& text) {
        const auto frame = parse_hex_frame(text);
        return frame ? "no error" : frame.error();
    };
    CHECK(error("02zz") == "'z' is no pair of hexadecimal digits");
    CHECK(error("0 2") == "' ' is no pair of hexadecimal digits");
    CHECK(error("\x1b") == "'?' is no pair of hexadecimal digits");
    CHECK(error("020") == "the frame ends with half a byte");
    CHECK(error("") == "a frame has 14 bytes at least, this one has 0");
    CHECK(error(std::string(26, '0')) == "a frame has 14 bytes at least, this one has 13");
    CHECK(parse_hex_frame(std::string(2 * frame_bytes_max, '0')));
    CHECK(error(std::string(2 * frame_bytes_max + 2, '0')) == "a frame has 9238 bytes at most");
}
