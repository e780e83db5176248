#include "flows/openflow/table_codec.h"

#include <map>

#include "flows/openflow/property.h"
#include "tests/flows/openflow/peer.h"
#include "tests/support/catch.h"

using namespace switchd;
using namespace switchd::openflow;
using switchd::test::from_hex;
using switchd::test::to_hex;

namespace {

TableState busy() {
    TableState state;
    state.lookups = 0x11;
    state.matches = 0x22;
    state.rules_max = 0x33;
    state.rules = 0x44;
    state.miss = TableMiss::drop;
    state.evicts = true;
    return state;
}

template <class Write>
std::string written(const Write& write) {
    std::vector<std::uint8_t> bytes;
    Writer writer(bytes);
    write(writer);
    return to_hex(bytes);
}

std::string stats_in(Version version) {
    return written([&](Writer& writer) { encode_table_stats(writer, 7, busy(), version); });
}

std::string features_in(Version version) {
    return written([&](Writer& writer) { encode_table_features(writer, 7, busy(), version); });
}

// The properties of a table's features, which lie behind 64 bytes: type, value.
using Properties = std::map<unsigned, std::string>;
Properties properties_in(Version version, std::uint8_t table) {
    std::vector<std::uint8_t> bytes;
    Writer writer(bytes);
    encode_table_features(writer, table, busy(), version);
    Reader reader(ByteSpan(bytes).subspan(64));
    Properties found;
    while (reader.left() != 0) {
        const auto property = read_property(reader);
        REQUIRE(property);
        found[property->type] = to_hex(property->value);
    }
    return found;
}

// Whether the header of a field is in a list of them.
bool lists(std::string_view headers, std::string_view wanted) {
    for (std::size_t at = 0; at < headers.size(); at += wanted.size())
        if (headers.substr(at, wanted.size()) == wanted) return true;
    return false;
}

std::string zeros(std::size_t bytes) {
    return std::string(2 * bytes, '0');
}

const std::string counters = zeros(7) + "11" + zeros(7) + "22";

}  // namespace

TEST_CASE("a table's counters are told in the layout of the version") {
    CHECK(stats_in(Version::v1_0) == "07" + zeros(3 + 32) +
                                         "003fffff"
                                         "00000033"
                                         "00000044" +
                                         counters);
    const std::string in_1_1 = stats_in(Version::v1_1);
    CHECK(in_1_1.size() == 2 * 88);
    CHECK(in_1_1.substr(2 * 60) ==
          "00000002"
          "00000033"
          "00000044" +
              counters);
    const std::string in_1_2 = stats_in(Version::v1_2);
    CHECK(in_1_2.size() == 2 * 128);
    CHECK(in_1_2.substr(2 * 100) ==
          "00000002"
          "00000033"
          "00000044" +
              counters);
    CHECK(stats_in(Version::v1_3) == "07" + zeros(3) + "00000044" + counters);
}

TEST_CASE("a table of 1.2 matches on the fields of that version only") {
    const std::string match = stats_in(Version::v1_2).substr(2 * 40, 16);
    const std::uint64_t bits = std::stoull(match, nullptr, 16);
    CHECK((bits & 1) == 1);
    CHECK(bits >> 36 == 0);
}

TEST_CASE("a table's features begin with what is fixed") {
    const std::string fixed = "07" + zeros(5 + 32) + std::string(32, 'f');
    CHECK(features_in(Version::v1_3).substr(4, 124) == fixed +
                                                           "00000000"
                                                           "00000033");
    CHECK(features_in(Version::v1_5).substr(4, 124) == fixed +
                                                           "0000000c"
                                                           "00000033");
}

TEST_CASE("a table's features list what rules can match on and do") {
    for (const Version version : {Version::v1_3, Version::v1_4, Version::v1_5}) {
        const Properties found = properties_in(version, 7);
        CHECK(found.at(0) ==
              "00010004"
              "00020004"
              "00030004"
              "00040004"
              "00050004");
        CHECK(found.at(2).substr(0, 4) == "0809");
        CHECK(found.at(2).size() == 2 * (table_count - 8));
        const std::string copy_field = version == Version::v1_5 ? "001c0004" : "";
        CHECK(found.at(4) ==
              "00000004"
              "00110004"
              "00120004"
              "00150004"
              "00170004"
              "00180004"
              "00190004" +
                  copy_field);
        CHECK(found.at(6) == found.at(4));
        CHECK(lists(found.at(8), "80000004"));   // in_port has no mask
        CHECK(lists(found.at(8), "8000090c"));   // eth_src may have one
        CHECK(lists(found.at(10), "80000806"));  // and is named without it here
        CHECK(lists(found.at(10), "80001001"));  // ip_dscp, and
        CHECK(lists(found.at(10), "00000a01"));  // nw_tos, which lies elsewhere in its byte
        CHECK(lists(found.at(12), "80000806"));
        CHECK_FALSE(lists(found.at(12), "80000a02"));  // eth_type is not to be changed
        CHECK_FALSE(lists(found.at(12), "80000004"));  // in_port only
        CHECK(lists(found.at(12), "00000002"));        // under Nicira's code
        CHECK(found.at(14) == found.at(12));
    }
}

TEST_CASE("the last table has none to go to") {
    const Properties found = properties_in(Version::v1_3, table_count - 1);
    CHECK(found.at(0) ==
          "00020004"
          "00030004"
          "00040004"
          "00050004");
    CHECK(found.at(2).empty());
}

TEST_CASE("a table's description says whether it evicts") {
    const auto description = [](const TableState& state) {
        return written(
            [&](Writer& writer) { encode_table_description(writer, 7, state, std::nullopt); });
    };
    CHECK(description(busy()) ==
          "0010070000000004"
          "0002000800000006");
    CHECK(description(TableState{}) ==
          "0010070000000000"
          "0002000800000006");
}

TEST_CASE("what a table mod configures depends on the version") {
    const auto mod = [](std::string_view body, Version version) {
        return decode_table_mod(from_hex(body), version);
    };
    CHECK(mod("0500000000000000", Version::v1_1) ==
          TableMod{5, TableMiss::controller, std::nullopt, std::nullopt});
    CHECK(mod("0500000000000001", Version::v1_2) ==
          TableMod{5, TableMiss::go_on, std::nullopt, std::nullopt});
    CHECK(mod("ff00000000000002", Version::v1_2) ==
          TableMod{table_all, TableMiss::drop, std::nullopt, std::nullopt});
    CHECK(mod("0500000000000003", Version::v1_2).error() == Error::tmfc_bad_config);
    CHECK(mod("0500000000000000", Version::v1_3) ==
          TableMod{5, std::nullopt, std::nullopt, std::nullopt});
    CHECK(mod("0500000000000001", Version::v1_3).error() == Error::tmfc_bad_config);
    CHECK(mod("0500000000000004", Version::v1_4) == TableMod{5, std::nullopt, true, std::nullopt});
    CHECK(mod("0500000000000000 0002000800000007", Version::v1_5) ==
          TableMod{5, std::nullopt, false, std::nullopt});
    CHECK(mod("0500000000000008 00030008141e0000", Version::v1_4) ==
          TableMod{5, std::nullopt, false, Vacancy{20, 30}});
    CHECK(mod("0500000000000000 00030008141e0000", Version::v1_4) ==
          TableMod{5, std::nullopt, false, std::nullopt});
}

TEST_CASE("a table mod that is wrong is refused") {
    const auto error = [](std::string_view body, Version version) {
        return decode_table_mod(from_hex(body), version).error();
    };
    CHECK(error("05000000000000", Version::v1_1) == Error::brc_bad_len);
    CHECK(error("050000000000000000", Version::v1_1) == Error::brc_bad_len);
    CHECK(error("0500000000000004 00020008", Version::v1_4) == Error::brc_bad_len);
    CHECK(error("0500000000000004 0002000400000000", Version::v1_4) == Error::bpc_bad_len);
    CHECK(error("0500000000000004 0009000800000000", Version::v1_4) == Error::bpc_bad_type);
    CHECK(error("0500000000000008 000300081e140000", Version::v1_4) == Error::bpc_bad_value);
    CHECK(error("0500000000000008 00030008141e0100", Version::v1_4) == Error::bpc_bad_value);
}
