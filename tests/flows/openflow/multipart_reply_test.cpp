#include "flows/openflow/multipart_reply.h"

#include "tests/flows/openflow/peer.h"
#include "tests/support/catch.h"

using namespace switchd::openflow;
using namespace switchd::test;

namespace {

// Entries of these sizes, each filled with its number.
MultipartReply::NextEntry entries(std::vector<std::size_t> sizes) {
    return [sizes = std::move(sizes), next = std::size_t{0}](Writer& writer) mutable {
        if (next == sizes.size()) return false;
        for (std::size_t i = 0; i < sizes[next]; ++i) writer.u8(static_cast<std::uint8_t>(next));
        ++next;
        return true;
    };
}

std::vector<Message> parts_of(MultipartReply reply) {
    Bytes bytes;
    Writer writer(bytes);
    while (reply.write_part(writer)) {
    }
    return split(bytes);
}

}  // namespace

TEST_CASE("a reply without entries is one message") {
    const auto parts = parts_of({Version::v1_3, 9, multipart_type::flow, entries({})});
    REQUIRE(parts.size() == 1);
    CHECK(parts[0].header.xid == 9);
    CHECK(parts[0].header.type == 19);
    CHECK(parts[0].body == "0001000000000000");
}

TEST_CASE("a statistics reply of 1.0 has the shorter header") {
    const auto parts = parts_of({Version::v1_0, 9, multipart_type::port, entries({2, 1})});
    REQUIRE(parts.size() == 1);
    CHECK(parts[0].header.type == 17);
    CHECK(parts[0].body == "00040000000001");
}

TEST_CASE("Nicira's statistics name vendor and subtype") {
    const auto parts = parts_of(MultipartReply::nicira(9, nicira_stats::aggregate, entries({1})));
    REQUIRE(parts.size() == 1);
    CHECK(parts[0].body == "ffff000000002320000000010000000000");
}

TEST_CASE("a long reply is cut between entries, and all parts but the last say so") {
    const auto parts =
        parts_of({Version::v1_3, 9, multipart_type::flow, entries({40'000, 25'000, 600, 65'519})});
    REQUIRE(parts.size() == 3);
    CHECK(parts[0].body.substr(0, 8) == "00010001");
    CHECK(parts[0].header.length == 16 + 65'000);
    CHECK(parts[1].body.substr(0, 8) == "00010001");
    CHECK(parts[1].header.length == 16 + 600);
    CHECK(parts[2].body.substr(0, 8) == "00010000");
    CHECK(parts[2].header.length == 65'535);
}

TEST_CASE("an entry that fits into no message is left out") {
    const auto parts =
        parts_of({Version::v1_3, 9, multipart_type::flow, entries({10, 65'520, 70'000, 20})});
    std::size_t bytes = 0;
    for (const auto& part : parts) bytes += part.header.length - 16U;
    CHECK(bytes == 30);
    CHECK(parts.back().body.substr(0, 8) == "00010000");
}
