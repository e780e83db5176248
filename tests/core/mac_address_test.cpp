#include "switchd/core/mac_address.h"

#include "tests/support/catch.h"

using namespace switchd;

TEST_CASE("an address prints in lower case with colons and reads back", "[mac_address]") {
    const MacAddress mac{{0x02, 0x00, 0xAB, 0x00, 0x0c, 0xff}};
    CHECK(mac.to_string() == "02:00:ab:00:0c:ff");
    CHECK(MacAddress::parse(mac.to_string()) == mac);
    CHECK(MacAddress::from_u64(mac.to_u64()) == mac);
    CHECK(mac.to_u64() == 0x0200ab000cff);
}

TEST_CASE("addresses are read with dots, upper case and one-digit bytes", "[mac_address]") {
    const MacAddress mac{{0x02, 0x00, 0xab, 0x00, 0x0c, 0xff}};
    CHECK(MacAddress::parse("02.00.ab.00.0c.ff") == mac);
    CHECK(MacAddress::parse("2:0:AB:0:c:FF") == mac);
}

TEST_CASE("text that is not an address is refused", "[mac_address]") {
    const char* const text = GENERATE(
        "", "02", "02:00:00:00:00", "02:00:00:00:00:", "02:00:00:00:00:01:02", "02:00:00:00:00:001",
        "02:00:00:00:00:100", "02:00:00:00:00:0g", "02:00:00:00:00:01 ", " 02:00:00:00:00:01",
        "02:00.00:00:00:01", "02-00-00-00-00-01", "-2:00:00:00:00:01", "0x2:0:0:0:0:1",
        "::::::", "020000000001");
    INFO("text is '" << text << "'");
    CHECK_FALSE(MacAddress::parse(text));
}

TEST_CASE("group addresses are told by the first bit on the wire", "[mac_address]") {
    CHECK(MacAddress::broadcast().is_group());
    const MacAddress bridges{{0x01, 0x80, 0xc2, 0, 0, 0}};
    CHECK(bridges.is_group());
    CHECK_FALSE(MacAddress::from_u64(0x020000000001).is_group());
    CHECK_FALSE(MacAddress{}.is_group());
}
