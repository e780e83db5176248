#include "switchd/core/bytes.h"

#include <array>

#include "tests/support/catch.h"

using namespace switchd;

namespace {

struct Header {
    be16 type;
    be32 address;
};

template <class... Values>
constexpr auto bytes_of(Values... values) {
    return std::array<std::byte, sizeof...(values)>{static_cast<std::byte>(values)...};
}

}  // namespace

TEST_CASE("a big-endian number lies on the wire with its most significant byte first", "[bytes]") {
    CHECK(std::bit_cast<std::array<std::byte, 2>>(be16{0x8100}) == bytes_of(0x81, 0x00));
    CHECK(std::bit_cast<std::array<std::byte, 4>>(be32{0x01020304}) == bytes_of(1, 2, 3, 4));
    CHECK(std::bit_cast<std::array<std::byte, 8>>(be64{0x0102030405060708}) ==
          bytes_of(1, 2, 3, 4, 5, 6, 7, 8));
    CHECK(be16{0x8100}.host() == 0x8100);
    CHECK(be64{0x0102030405060708}.host() == 0x0102030405060708);
    CHECK(be16{} == be16{0});
}

TEST_CASE("a reader takes headers one after the other", "[bytes]") {
    const auto bytes = bytes_of(0x08, 0x06, 0xde, 0xad);
    HeaderReader reader{bytes};
    REQUIRE(reader.peek<be16>() == be16{0x0806});
    REQUIRE(reader.take<be16>() == be16{0x0806});
    REQUIRE(reader.rest().size() == 2);
    REQUIRE(reader.take<be16>() == be16{0xdead});
    REQUIRE(reader.rest().empty());
}

TEST_CASE("what a reader cannot give in full it does not give, and it stays where it is",
          "[bytes]") {
    const auto bytes = bytes_of(1, 2, 3, 4, 5, 6, 7);
    HeaderReader reader{bytes};
    REQUIRE(reader.skip(4));
    CHECK_FALSE(reader.take<be32>());
    CHECK_FALSE(reader.peek<Header>());
    CHECK_FALSE(reader.skip(4));
    CHECK(reader.rest().size() == 3);
    CHECK(reader.skip(3));
    CHECK_FALSE(reader.take<std::byte>());
    CHECK(reader.skip(0));
}

TEST_CASE("a header that was taken no longer changes with the bytes it came from", "[bytes]") {
    auto bytes = bytes_of(1, 2, 3, 4);
    HeaderReader reader{bytes};
    const auto taken = reader.take<be32>();
    bytes.fill(std::byte{0xff});
    REQUIRE(taken == be32{0x01020304});
}
