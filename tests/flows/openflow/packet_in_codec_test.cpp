#include "flows/openflow/packet_in_codec.h"

#include "flows/rule_actions.h"
#include "tests/flows/openflow/peer.h"
#include "tests/support/catch.h"

using namespace switchd;
using namespace switchd::openflow;
using switchd::test::from_hex;
using switchd::test::to_hex;

namespace {

PacketInRequest noted_packet() {
    PacketInRequest request;
    request.reason = PacketInReason::action;
    request.table = 3;
    request.cookie = 0x55;
    request.pipeline.set(field::in_port, 1);
    return request;
}

// The whole message, with a frame of three bytes.
std::string told(const PacketInRequest& request, PacketInFormat format, Version version) {
    std::vector<std::uint8_t> bytes;
    Writer writer(bytes);
    REQUIRE(encode_packet_in(writer, request, from_hex("aabbcc"), format, version));
    return to_hex(bytes);
}

}  // namespace

TEST_CASE("a packet-in looks as its version has it") {
    const PacketInRequest request = noted_packet();
    constexpr auto standard = PacketInFormat::standard;
    CHECK(told(request, standard, Version::v1_0) ==
          "010a001500000000"
          "ffffffff"
          "0003"
          "0001"
          "01"
          "00"
          "aabbcc");
    CHECK(told(request, standard, Version::v1_1) ==
          "020a001b00000000"
          "ffffffff"
          "00000001"
          "00000001"
          "0003"
          "01"
          "03"
          "aabbcc");
    CHECK(told(request, standard, Version::v1_2) ==
          "030a002500000000"
          "ffffffff"
          "0003"
          "01"
          "03"
          "0001000c"
          "80000004"
          "00000001"
          "00000000"
          "0000"
          "aabbcc");
    CHECK(told(request, standard, Version::v1_3) ==
          "040a002d00000000"
          "ffffffff"
          "0003"
          "01"
          "03"
          "0000000000000055"
          "0001000c"
          "80000004"
          "00000001"
          "00000000"
          "0000"
          "aabbcc");
}

TEST_CASE("Nicira's packet-ins look the same in every version") {
    const PacketInRequest request = noted_packet();
    CHECK(told(request, PacketInFormat::nicira, Version::v1_0) ==
          "0104003500000000"
          "00002320"
          "00000011"
          "ffffffff"
          "0003"
          "01"
          "03"
          "0000000000000055"
          "0006"
          "000000000000"
          "00000002"
          "0001"
          "0000"
          "0000"
          "aabbcc");
    CHECK(told(request, PacketInFormat::nicira2, Version::v1_3) ==
          "0404004800000000"
          "00002320"
          "0000001e"
          "00000007"
          "aabbcc"
          "00"
          "00030005"
          "03"
          "000000"
          "00040010"
          "00000000"
          "0000000000000055"
          "00050005"
          "01"
          "000000"
          "0006000c"
          "80000004"
          "00000001"
          "00000000");
}

TEST_CASE("what the tables noted about a packet is told") {
    PacketInRequest request = noted_packet();
    request.pipeline.set(field::metadata, 0x1234);
    request.pipeline.set(field::reg(3), 7);
    request.cookie = ~std::uint64_t{0};
    request.userdata = {1, 2, 3};
    const std::string message = told(request, PacketInFormat::nicira2, Version::v1_0);
    CHECK(message.find("00010604"
                       "00000007") != std::string::npos);  // NXM_NX_REG3
    CHECK(message.find("80000408"
                       "0000000000001234") != std::string::npos);  // OXM metadata
    CHECK(message.find("00040010") == std::string::npos);          // no cookie
    CHECK(message.substr(message.size() - 16) == "0007000701020300");
}

TEST_CASE("reasons that a version does not have become ones that it has") {
    PacketInRequest request = noted_packet();
    const auto reason = [&](PacketInReason value, Version version) {
        request.reason = value;
        const std::string message = told(request, PacketInFormat::standard, version);
        return message.substr(version == Version::v1_0 ? 32 : 28, 2);
    };
    CHECK(reason(PacketInReason::explicit_miss, Version::v1_0) == "01");
    CHECK(reason(PacketInReason::explicit_miss, Version::v1_2) == "01");
    CHECK(reason(PacketInReason::explicit_miss, Version::v1_3) == "00");
    CHECK(reason(PacketInReason::implicit_miss, Version::v1_0) == "00");
    CHECK(reason(PacketInReason::invalid_ttl, Version::v1_3) == "02");
    CHECK(reason(PacketInReason::group, Version::v1_3) == "01");
    CHECK(reason(PacketInReason::group, Version::v1_4) == "04");
    CHECK(reason(PacketInReason::packet_out, Version::v1_0) == "01");
}

TEST_CASE("a packet-in that fits into no message is not told") {
    PacketInRequest request = noted_packet();
    std::vector<std::uint8_t> bytes;
    Writer writer(bytes);
    const std::vector<std::uint8_t> jumbo(65'530);
    CHECK_FALSE(encode_packet_in(writer, request, jumbo, PacketInFormat::standard, Version::v1_0));
    CHECK_FALSE(encode_packet_in(writer, request, jumbo, PacketInFormat::nicira2, Version::v1_5));
    request.userdata.resize(60'000);
    CHECK_FALSE(encode_packet_in(writer, request, std::vector<std::uint8_t>(9'000),
                                 PacketInFormat::nicira2, Version::v1_5));
    CHECK(bytes.empty());
}
