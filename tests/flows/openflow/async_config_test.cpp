#include "flows/openflow/async_config.h"

#include "tests/flows/openflow/peer.h"
#include "tests/support/catch.h"

using namespace switchd::openflow;
using switchd::PacketInReason;
using switchd::test::from_hex;
using switchd::test::to_hex;

namespace {

constexpr auto no_match = static_cast<unsigned>(PacketInReason::no_match);
constexpr auto invalid_ttl = static_cast<unsigned>(PacketInReason::invalid_ttl);
constexpr auto implicit_miss = static_cast<unsigned>(PacketInReason::implicit_miss);

std::string masks_of(const AsyncConfig& config) {
    std::vector<std::uint8_t> bytes;
    Writer writer(bytes);
    config.write_masks(writer, Version::v1_3);
    return to_hex(bytes);
}

std::string properties_of(const AsyncConfig& config) {
    std::vector<std::uint8_t> bytes;
    Writer writer(bytes);
    config.write_properties(writer, Version::v1_4);
    return to_hex(bytes);
}

}  // namespace

TEST_CASE("masters hear of most things and slaves of ports") {
    const AsyncConfig config(Version::v1_3);
    CHECK(config.wants(AsyncKind::packet_in, Role::equal, no_match));
    CHECK_FALSE(config.wants(AsyncKind::packet_in, Role::equal, invalid_ttl));
    CHECK(config.wants(AsyncKind::flow_removed, Role::master, 2));
    CHECK_FALSE(config.wants(AsyncKind::role_status, Role::master, 0));
    CHECK_FALSE(config.wants(AsyncKind::packet_in, Role::slave, no_match));
    CHECK(config.wants(AsyncKind::port_status, Role::slave, 2));
    CHECK_FALSE(config.wants(AsyncKind::packet_in, Role::master, 200));
}

TEST_CASE("misses that no rule speaks of are for controllers before 1.3") {
    CHECK(AsyncConfig(Version::v1_2).wants(AsyncKind::packet_in, Role::equal, implicit_miss));
    CHECK_FALSE(AsyncConfig(Version::v1_3).wants(AsyncKind::packet_in, Role::equal, implicit_miss));
}

TEST_CASE("the defaults look as other switches tell them") {
    CHECK(masks_of(AsyncConfig(Version::v1_3)) ==
          "000000030000000000000007000000070000000f00000000");
    CHECK(properties_of(AsyncConfig(Version::v1_4)) ==
          "0000000800000000000100080000003b00020008000000070003000800000007"
          "0004000800000000000500080000003f00060008000000000007000800000000"
          "00080008000000000009000800000000000a000800000000000b000800000000");
}

TEST_CASE("masks are set, the first of a pair for masters") {
    AsyncConfig config(Version::v1_3);
    const auto masks = from_hex("000000040000000100000001000000020000000800000004");
    REQUIRE(config.read_masks(masks, Version::v1_3));
    CHECK(config.wants(AsyncKind::packet_in, Role::equal, 2));
    CHECK_FALSE(config.wants(AsyncKind::packet_in, Role::equal, no_match));
    CHECK(config.wants(AsyncKind::packet_in, Role::slave, no_match));
    CHECK(config.mask(AsyncKind::flow_removed, Role::master) == 8);
    CHECK(masks_of(config) == "000000040000000100000001000000020000000800000004");
    CHECK(config.read_masks(from_hex("00"), Version::v1_3).error() == Error::brc_bad_len);

    AsyncConfig old(Version::v1_0);
    REQUIRE(old.read_masks(masks, Version::v1_0));
    CHECK_FALSE(old.wants(AsyncKind::packet_in, Role::equal, implicit_miss));
    CHECK(old.wants(AsyncKind::packet_in, Role::slave, implicit_miss));
}

TEST_CASE("who asks for a reason gets all that he is shown as it") {
    AsyncConfig config(Version::v1_3);
    const auto actions_only = from_hex("000000020000000000000000000000000000000000000000");
    REQUIRE(config.read_masks(actions_only, Version::v1_3));
    for (const PacketInReason reason :
         {PacketInReason::action, PacketInReason::action_set, PacketInReason::packet_out})
        CHECK(config.wants(AsyncKind::packet_in, Role::equal, static_cast<unsigned>(reason)));
    const auto explicit_miss = static_cast<unsigned>(PacketInReason::explicit_miss);
    CHECK_FALSE(config.wants(AsyncKind::packet_in, Role::equal, explicit_miss));
    CHECK(masks_of(config) == to_hex(actions_only));

    REQUIRE(config.read_masks(actions_only, Version::v1_0));
    CHECK(config.wants(AsyncKind::packet_in, Role::equal, explicit_miss));
    // Reasons that the version does not have say nothing.
    REQUIRE(config.read_masks(from_hex("fffffff80000000000000000000000000000000000000000"),
                              Version::v1_3));
    CHECK_FALSE(config.wants(AsyncKind::packet_in, Role::equal, implicit_miss));
}

TEST_CASE("properties change what they name, all of them or none") {
    AsyncConfig config(Version::v1_4);
    REQUIRE(config.read_properties(from_hex("0000000800000003 0007000800000001"), Version::v1_4));
    CHECK((config.mask(AsyncKind::packet_in, Role::slave) & 0x3f) == 3);
    CHECK(config.mask(AsyncKind::role_status, Role::master) == 1);
    CHECK(config.mask(AsyncKind::flow_removed, Role::master) == 0x3f);

    const AsyncConfig before = config;
    const auto error = [&](std::string_view properties) {
        const auto read = config.read_properties(from_hex(properties), Version::v1_4);
        REQUIRE_FALSE(read);
        return read.error();
    };
    CHECK(error("0000000800000000 0001000800000080") == Error::acfc_invalid);
    CHECK(error("0000000800000000 000c000800000000") == Error::acfc_unsupported);
    CHECK(error("fffe000c 00002320 00000001 00000000") == Error::bpc_bad_exp_type);
    CHECK(error("0000000600000000") == Error::bpc_bad_len);
    CHECK(error("0000001000000000") == Error::bpc_bad_len);
    CHECK(error("00000008") == Error::brc_bad_len);
    CHECK(config == before);
}

TEST_CASE("packets whose hops have run out are switched on and off") {
    AsyncConfig config(Version::v1_0);
    config.set_invalid_ttl(true);
    CHECK(config.invalid_ttl());
    CHECK(config.wants(AsyncKind::packet_in, Role::equal, invalid_ttl));
    CHECK(config.wants(AsyncKind::packet_in, Role::equal, no_match));
    config.set_invalid_ttl(false);
    CHECK_FALSE(config.invalid_ttl());
}
