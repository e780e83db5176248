#include "flows/openflow/port_codec.h"

#include "tests/flows/openflow/peer.h"
#include "tests/support/catch.h"

using namespace switchd;
using namespace switchd::openflow;
using switchd::test::from_hex;
using switchd::test::to_hex;

namespace {

template <class Write>
std::string written(const Write& write) {
    std::vector<std::uint8_t> bytes;
    Writer writer(bytes);
    write(writer);
    return to_hex(bytes);
}

PortDescription port_p1() {
    PortDescription port;
    port.number = 1;
    port.mac = MacAddress::from_u64(0xaa55aa550002);
    port.name = "p1";
    return port;
}

std::string port_in(Version version, const PortDescription& port) {
    return written([&](Writer& writer) { encode_port(writer, port, version); });
}

std::string zeros(std::size_t bytes) {
    return std::string(2 * bytes, '0');
}

const std::string name_p1 = "7031" + zeros(14);

}  // namespace

TEST_CASE("a port is described in the layout of the version") {
    const PortDescription port = port_p1();
    CHECK(port_in(Version::v1_0, port) == "0001aa55aa550002" + name_p1 + zeros(24));
    CHECK(port_in(Version::v1_3, port) == "00000001" + zeros(4) + "aa55aa550002" + zeros(2) +
                                              name_p1 + zeros(4) + "00000004" + zeros(24));
    CHECK(port_in(Version::v1_5, port) ==
          "00000001"
          "0048"
          "0000"
          "aa55aa550002" +
              zeros(2) + name_p1 + zeros(4) + "00000004" + "00000020" + zeros(28));
}

TEST_CASE("a port tells of its state, and of what a version has words for") {
    PortDescription port = port_p1();
    port.number = reserved_port::local;
    port.link_down = true;
    port.config = port_config::no_flood | port_config::no_packet_in;
    CHECK(port_in(Version::v1_0, port).substr(0, 4) == "fffe");
    CHECK(port_in(Version::v1_0, port).substr(48, 16) == "0000005000000001");
    CHECK(port_in(Version::v1_3, port).substr(64, 16) == "0000004000000001");
    port.link_down = false;
    port.config = port_config::down;
    CHECK(port_in(Version::v1_3, port).substr(64, 16) == "0000000100000001");
}

TEST_CASE("a long name of a port is cut before the last byte of its field") {
    PortDescription port = port_p1();
    port.name = "0123456789abcdefgh";
    CHECK(port_in(Version::v1_0, port).substr(16, 32) ==
          "303132333435363738396162636465"
          "00");
}

TEST_CASE("a port's counters are told in the layout of the version") {
    PortCounters counters;
    counters.rx_packets = 1;
    counters.tx_packets = 2;
    counters.rx_bytes = 3;
    counters.tx_bytes = 4;
    counters.rx_dropped = 5;
    counters.tx_dropped = 6;
    counters.age = std::chrono::milliseconds{2'500};
    std::string numbers;
    for (int i = 1; i <= 6; ++i) numbers += zeros(7) + "0" + std::to_string(i);
    numbers += zeros(16);
    const std::string unknown(64, 'f');
    const std::string age =
        "00000002"
        "1dcd6500";
    const auto stats_in = [&](Version version) {
        return written([&](Writer& writer) { encode_port_stats(writer, 9, counters, version); });
    };
    CHECK(stats_in(Version::v1_0) == "0009" + zeros(6) + numbers + unknown);
    CHECK(stats_in(Version::v1_2) == "00000009" + zeros(4) + numbers + unknown);
    CHECK(stats_in(Version::v1_3) == "00000009" + zeros(4) + numbers + unknown + age);
    CHECK(stats_in(Version::v1_4) ==
          "00780000"
          "00000009" +
              age + numbers + "00000028" + zeros(4) + unknown);
}

TEST_CASE("a port mod is read in the layout of the version") {
    const PortMod wanted{9, MacAddress::from_u64(0xaa55aa550002), port_config::down,
                         port_config::down | port_config::no_receive};
    CHECK(decode_port_mod(from_hex("0009aa55aa550002 00000001 00000005 00000000 00000000"),
                          Version::v1_0) == wanted);
    CHECK(decode_port_mod(
              from_hex("00000009 00000000 aa55aa550002 0000 00000001 00000005 00000000 00000000"),
              Version::v1_3) == wanted);
    CHECK(decode_port_mod(from_hex("00000009 00000000 aa55aa550002 0000 00000001 00000005"),
                          Version::v1_4) == wanted);
    CHECK(decode_port_mod(
              from_hex("00000009 00000000 aa55aa550002 0000 00000001 00000005 0000000800000000"),
              Version::v1_5) == wanted);
}

TEST_CASE("bits of a port mod that a version does not have are left alone") {
    const auto mod = decode_port_mod(
        from_hex("00000009 00000000 aa55aa550002 0000 ffffffff ffffffff 00000000 00000000"),
        Version::v1_3);
    REQUIRE(mod);
    CHECK(mod->mask == 0x65);
    const auto old = decode_port_mod(
        from_hex("0009aa55aa550002 ffffffff ffffffff 00000000 00000000"), Version::v1_0);
    REQUIRE(old);
    CHECK(old->mask == 0x75);
}

TEST_CASE("a port mod that is wrong is refused") {
    const std::string mod = "00000009 00000000 aa55aa550002 0000 00000001 00000005";
    const auto error = [&](const std::string& properties) {
        return decode_port_mod(from_hex(mod + properties), Version::v1_4).error();
    };
    CHECK(error("00000004") == Error::brc_bad_len);
    CHECK(error("0000000400000000") == Error::bpc_bad_len);
    CHECK(error("0000000c00000000") == Error::bpc_bad_len);
    CHECK(error("0005000800000000") == Error::bpc_bad_type);
    CHECK(error("ffff000c 00002320 00000001 00000000") == Error::bpc_bad_exp_type);
    CHECK(decode_port_mod(from_hex(mod), Version::v1_3).error() == Error::brc_bad_len);
    CHECK(decode_port_mod(from_hex("ffff0005"), Version::v1_3).error() == Error::bac_bad_out_port);
}
