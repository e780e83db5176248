#include "flows/openflow/error.h"

#include "flows/openflow/header.h"
#include "tests/flows/openflow/hex.h"
#include "tests/flows/openflow/random_rules.h"
#include "tests/support/catch.h"

namespace switchd::openflow::test {
namespace {

std::string encoded(Error error, Version version, std::string_view data = "") {
    std::vector<std::uint8_t> out;
    Writer writer(out);
    encode_error(writer, error, version, 0x12345678, from_hex(data));
    return to_hex(out);
}

}  // namespace

TEST_CASE("an error has the numbers of the version that is spoken", "[openflow]") {
    CHECK(wire_error(Error::fmfc_table_full, Version::v1_0) == WireError{3, 0, 0});
    CHECK(wire_error(Error::fmfc_table_full, Version::v1_1) == WireError{5, 1, 0});
    CHECK(wire_error(Error::brc_is_secondary, Version::v1_1) == WireError{1, 5, 0});
    CHECK(wire_error(Error::brc_is_secondary, Version::v1_2) == WireError{1, 10, 0});
    CHECK(wire_error(Error::bpc_bad_type, Version::v1_1) == WireError{13, 2, vendor_nicira});
    CHECK(wire_error(Error::bpc_bad_type, Version::v1_2) == WireError{0xffff, 25, vendor_nicira});
    CHECK(wire_error(Error::bpc_bad_type, Version::v1_3) == WireError{13, 2, 0});
    CHECK(wire_error(Error::bpc_bad_type, Version::v1_5) == WireError{14, 0, 0});
    CHECK(wire_error(Error::bic_dup_inst, Version::v1_3) == WireError{0xffff, 2600, vendor_onf});
    CHECK(name(Error::fmfc_table_full) == "OFPFMFC_TABLE_FULL");
    CHECK(name(Error::nxbrc_nxm_invalid) == "NXBRC_NXM_INVALID");
}

TEST_CASE("what a version cannot say is said to be that", "[openflow]") {
    CHECK(wire_error(Error::bic_unknown_inst, Version::v1_0) ==
          wire_error(Error::nxbrc_unencodable_error, Version::v1_0));
    // Known in 1.0, forgotten in 1.1, known again in 1.2.
    CHECK(wire_error(Error::gmfc_bad_type, Version::v1_0) == WireError{6, 10, vendor_nicira});
    CHECK(wire_error(Error::gmfc_bad_type, Version::v1_1) == WireError{1, 521, vendor_nicira});
    CHECK(wire_error(Error::gmfc_bad_type, Version::v1_2) == WireError{6, 10, 0});
}

TEST_CASE("every error can be told in every version", "[openflow]") {
    for (unsigned i = 0; i < static_cast<unsigned>(Error::count_); ++i) {
        for (const Version version : all_versions) {
            const WireError wire = wire_error(static_cast<Error>(i), version);
            INFO(name(static_cast<Error>(i)));
            if (wire.vendor != 0) CHECK((wire.type == 0xffff) == (version >= Version::v1_2));
            if (wire.vendor == 0) CHECK(wire.type < 20);
        }
    }
}

TEST_CASE("an error message repeats the request", "[openflow]") {
    CHECK(encoded(Error::brc_bad_type, Version::v1_3, "0463000812345678") ==
          "0401001412345678"
          "00010001"
          "0463000812345678");
    CHECK(encoded(Error::bac_bad_set_type, Version::v1_0, "aa") ==
          "0101001512345678"
          "b0c20000"
          "00002320"
          "0001020b"
          "aa");
    CHECK(encoded(Error::nxbrc_nxm_invalid, Version::v1_3) ==
          "0401001012345678"
          "ffff0002"
          "00002320");
}

TEST_CASE("a request too long to be repeated is repeated in part", "[openflow]") {
    std::vector<std::uint8_t> out;
    Writer writer(out);
    encode_error(writer, Error::brc_bad_len, Version::v1_3, 1,
                 std::vector<std::uint8_t>(message_bytes_max, 7));
    REQUIRE(out.size() == message_bytes_max);
    CHECK(read_header(out)->length == message_bytes_max);
}

}  // namespace switchd::openflow::test
