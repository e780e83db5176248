#include "flows/openflow/hello.h"

#include "tests/flows/openflow/peer.h"
#include "tests/support/catch.h"

using namespace switchd::openflow;
using switchd::test::from_hex;
using switchd::test::to_hex;

namespace {

std::string hello_of(VersionSet versions) {
    std::vector<std::uint8_t> bytes;
    Writer writer(bytes);
    encode_hello(writer, versions, 7);
    return to_hex(bytes);
}

VersionSet said(std::string_view message) {
    return decode_hello(from_hex(message));
}

}  // namespace

TEST_CASE("only a set of versions with gaps is spelled out") {
    CHECK(hello_of(all_versions) == "0600000800000007");
    CHECK(hello_of({0b10}) == "0100000800000007");
    CHECK(hello_of({0b1'0000}) == "04000010000000070001000800000010");
}

TEST_CASE("a hello without a bitmap means every version up to its own") {
    CHECK(said("0100000800000000") == VersionSet{0b10});
    CHECK(said("0400000800000000") == VersionSet{0b1'1110});
    CHECK(said("ff00000800000000").has(Version::v1_5));
    CHECK(said("0000000800000000") == VersionSet{});
}

TEST_CASE("a bitmap is all that counts") {
    CHECK(said("04000010000000000001000800000012") == VersionSet{0b1'0010});
    CHECK(said("7f000014000000000001000c0000002000000001") == VersionSet{0b10'0000});
}

TEST_CASE("unknown and broken elements of a hello say nothing") {
    const VersionSet up_to_1_3{0b1'1110};
    CHECK(said("040000180000000000070006abcd00000001000800000020") == VersionSet{0b10'0000});
    CHECK(said("0400000c0000000000010008") == up_to_1_3);
    CHECK(said("0400000c0000000000010004") == up_to_1_3);
    CHECK(said("0400000c0000000000010000") == up_to_1_3);
    CHECK(said("040000090000000000") == up_to_1_3);
}

TEST_CASE("the highest common version is spoken") {
    CHECK(highest_common(all_versions, {0b1'0010}) == Version::v1_3);
    CHECK(highest_common({0b10}, all_versions) == Version::v1_0);
    CHECK_FALSE(highest_common({0b10}, {0b100}));
    CHECK_FALSE(highest_common(all_versions, {0xffffff81}));
}
