#include "flows/openflow/wire.h"

#include "flows/openflow/header.h"
#include "tests/flows/openflow/hex.h"
#include "tests/support/catch.h"

namespace switchd::openflow::test {

TEST_CASE("numbers are read in network byte order", "[openflow]") {
    const auto bytes = from_hex("01 0203 04050607 08090a0b0c0d0e0f 101112 00000001");
    Reader reader(bytes);
    CHECK(reader.u8() == 1);
    CHECK(reader.u16() == 0x0203);
    CHECK(reader.u32() == 0x04050607);
    CHECK(reader.u64() == 0x08090a0b0c0d0e0f);
    CHECK(reader.number(3) == 0x101112);
    CHECK_FALSE(reader.zeros(4));
    CHECK(reader.ok());
    CHECK(reader.left() == 0);
}

TEST_CASE("a reader that was asked for too much gives zeros and says so", "[openflow]") {
    const auto bytes = from_hex("ffffff");
    Reader reader(bytes);
    CHECK(reader.u32() == 0);
    CHECK_FALSE(reader.ok());
    CHECK(reader.left() == 0);
    CHECK(reader.u8() == 0);
    CHECK_FALSE(reader.zeros(0));
}

TEST_CASE("what is written can be padded, patched and taken back", "[openflow]") {
    std::vector<std::uint8_t> out{0xee};
    Writer writer(out);
    writer.u16(0x0102);
    writer.number(0x030405, 3);
    writer.pad_to_8(1);
    CHECK(to_hex(out) == "ee0102030405000000");
    writer.pad_to_8(1);
    writer.patch_u16(1, 0xaabb);
    CHECK(to_hex(out) == "eeaabb030405000000");
    writer.cut(3);
    CHECK(to_hex(out) == "eeaabb");
}

TEST_CASE("a message gets its length at the end, unless that is too long", "[openflow]") {
    std::vector<std::uint8_t> out;
    Writer writer(out);
    std::size_t start = begin_nicira_message(writer, Version::v1_3, nicira_type::flow_mod, 7);
    writer.u8(9);
    CHECK(end_message(writer, start));
    CHECK(to_hex(out) == "0404001100000007000023200000000d09");
    const auto header = read_header(out);
    REQUIRE(header);
    CHECK(header->version == 4);
    CHECK(header->type == message_type::vendor);
    CHECK(header->length == out.size());
    CHECK(header->xid == 7);
    CHECK_FALSE(read_header(ByteSpan(out).first(header_bytes - 1)));

    start = begin_message(writer, Version::v1_0, message_type::error, 1);
    writer.zeros(message_bytes_max - header_bytes);
    CHECK(end_message(writer, start));
    start = begin_message(writer, Version::v1_0, message_type::error, 1);
    writer.zeros(message_bytes_max - header_bytes + 1);
    CHECK_FALSE(end_message(writer, start));
    CHECK(out.size() == start);
}

}  // namespace switchd::openflow::test
