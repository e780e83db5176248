#include "flows/openflow/packet_out_codec.h"

#include "tests/flows/openflow/peer.h"
#include "tests/support/catch.h"

using namespace switchd;
using namespace switchd::openflow;
using switchd::test::from_hex;
using switchd::test::to_hex;

namespace {

const std::string frame = "ffffffffffff 020000000001 88b5 01020304";
const std::string output_1_0 = "0000 0008 0002 0000";
const std::string output_1_3 = "0000 0010 00000002 0000 000000000000";

Error error_of(const std::string& body, Version version) {
    const auto out = decode_packet_out(from_hex(body), version);
    REQUIRE_FALSE(out);
    return out.error();
}

}  // namespace

TEST_CASE("a packet-out is read in the layout of the version") {
    const RuleActions to_port_2{rule_action::Output{2}};
    const auto check = [&](const std::string& body, Version version, PortNumber in_port) {
        const auto bytes = from_hex(body);
        const auto out = decode_packet_out(bytes, version);
        REQUIRE(out);
        CHECK(out->pipeline.in_port() == in_port);
        CHECK(out->actions == to_port_2);
        CHECK(to_hex(out->packet) == to_hex(from_hex(frame)));
    };
    check("ffffffff 0001 0008" + output_1_0 + frame, Version::v1_0, 1);
    check("ffffffff fffd 0008" + output_1_0 + frame, Version::v1_0, reserved_port::controller);
    check("ffffffff ffffffff 0010 000000000000" + output_1_3 + frame, Version::v1_3,
          reserved_port::any);
    check("ffffffff 0010 0000 0001000c 80000004 00000007 00000000" + output_1_3 + frame,
          Version::v1_5, 7);
}

TEST_CASE("a packet-out cannot come from where no packet comes from") {
    CHECK(error_of("ffffffff fff8 0000", Version::v1_0) == Error::brc_bad_port);
    CHECK(error_of("ffffffff ff00 0000", Version::v1_0) == Error::brc_bad_port);
    CHECK(error_of("ffffffff fffffffa 0000 000000000000", Version::v1_3) == Error::brc_bad_port);
    CHECK(error_of("ffffffff 0000ffff 0000 000000000000", Version::v1_3) ==
          Error::bac_bad_out_port);
    CHECK(error_of("ffffffff 0000 0000 0001 0004 00000000", Version::v1_5) == Error::brc_bad_port);
}

TEST_CASE("a packet-out of 1.5 says nothing about headers") {
    CHECK(error_of("ffffffff 0000 0000 0001 0016 80000004 00000001 80000606 aabbccddeeff 0000",
                   Version::v1_5) == Error::brc_pipeline_fields_only);
}

TEST_CASE("a packet-out of 1.5 begins with the metadata and registers that it names") {
    const auto bytes =
        from_hex("ffffffff 0010 0000 00010018 80000004 00000007 80000408 0000000000000029" +
                 output_1_3 + frame);
    const auto out = decode_packet_out(bytes, Version::v1_5);
    REQUIRE(out);
    CHECK(out->pipeline.in_port() == 7);
    CHECK(out->pipeline.get(field::metadata) == 0x29);
    CHECK(out->pipeline.eth_src() == MacAddress{});
}

TEST_CASE("a packet-out has its packet with it") {
    CHECK(error_of("00000001 0001 0000", Version::v1_0) == Error::brc_buffer_unknown);
}

TEST_CASE("a packet-out that ends too early is refused") {
    const auto whole =
        from_hex("ffffffff 0010 0000 0001000c 80000004 00000007 00000000" + output_1_3);
    for (std::size_t bytes = 0; bytes < whole.size(); ++bytes)
        CHECK_FALSE(decode_packet_out(ByteSpan(whole).first(bytes), Version::v1_5));
    CHECK(error_of("ffffffff 0001 0010" + output_1_0, Version::v1_0) == Error::brc_bad_len);
    CHECK(error_of("ffffffff 0001 0004 00000008", Version::v1_0) == Error::brc_bad_len);
}
