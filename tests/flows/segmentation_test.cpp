#include "flows/segmentation.h"

#include <random>

#include "tests/flows/large_frame.h"
#include "tests/flows/seeds.h"
#include "tests/support/catch.h"

using namespace switchd;
using namespace switchd::test;

namespace {

std::vector<Bytes> segments_of(const Large& whole) {
    const auto cut = Segmentation::of(whole.frame, whole.offload);
    REQUIRE(cut);
    std::vector<Bytes> segments;
    for (std::size_t i = 0; i < cut->count(); ++i) {
        segments.emplace_back(cut->bytes(i));
        cut->write(i, segments.back());
    }
    return segments;
}

}  // namespace

TEST_CASE("segments carry the payload in order, each a packet of its own", "[flows][property]") {
    const auto seed = GENERATE(from_range(seeds(3)));
    INFO("rerun with seed " << seed);
    std::mt19937 random(seed);
    for (int round = 0; round < 700; ++round) {
        const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
        Shape shape{.ipv4 = below(2) == 0,
                    .tcp = below(2) == 0,
                    .tags = below(3),
                    .ip_options = below(3),
                    .tcp_options = below(4),
                    .payload = below(4) == 0 ? below(20) : below(20'000),
                    .tcp_flags = below(256)};
        const std::size_t segment_bytes = 80 + below(2000);
        const Large whole = large(shape, segment_bytes);
        const auto segments = segments_of(whole);
        const std::size_t headers = whole.frame.size() - shape.payload;
        Bytes payload;
        for (std::size_t i = 0; i < segments.size(); ++i) {
            const Bytes& segment = segments[i];
            const bool last = i + 1 == segments.size();
            REQUIRE(segment.size() >= headers);
            REQUIRE((last || segment.size() == headers + segment_bytes));
            payload.insert(payload.end(), segment.begin() + static_cast<std::ptrdiff_t>(headers),
                           segment.end());
            const std::span<const std::byte> bytes{segment};
            if (shape.ipv4) {
                REQUIRE(get_16(bytes, whole.ip_at + 2) == segment.size() - whole.ip_at);
                REQUIRE(get_16(bytes, whole.ip_at + 4) == ((0xfffe + i) & 0xffff));
                REQUIRE(plain_sum(bytes.subspan(whole.ip_at, 20 + 4 * shape.ip_options)) == 0xffff);
            } else {
                REQUIRE(get_16(bytes, whole.ip_at + 4) == segment.size() - whole.ip_at - 40);
            }
            REQUIRE(plain_sum(bytes.subspan(whole.transport_at), whole.pseudo_sum(bytes)) ==
                    0xffff);
            if (shape.tcp) {
                REQUIRE(get_32(bytes, whole.transport_at + 4) ==
                        static_cast<std::uint32_t>(0xfffff000 + i * segment_bytes));
                unsigned flags = shape.tcp_flags;
                if (!last) flags &= ~0x09u;
                if (i > 0) flags &= ~0x80u;
                REQUIRE(std::to_integer<unsigned>(bytes[whole.transport_at + 13]) == flags);
            } else {
                REQUIRE(get_16(bytes, whole.transport_at + 4) ==
                        segment.size() - whole.transport_at);
            }
        }
        REQUIRE(std::ranges::equal(payload, std::span(whole.frame).subspan(headers)));
    }
}

TEST_CASE("a checksum that was left to others is filled in", "[flows]") {
    Large whole = large({.payload = 1001}, 1448);
    CHECK(fill_checksum(whole.frame, whole.offload));
    CHECK(plain_sum(std::span(whole.frame).subspan(whole.transport_at),
                    whole.pseudo_sum(whole.frame)) == 0xffff);
    const Bytes before = whole.frame;
    whole.offload.checksum_start = static_cast<std::uint16_t>(whole.frame.size() - 17);
    CHECK_FALSE(fill_checksum(whole.frame, whole.offload));
    CHECK(whole.frame == before);
}

TEST_CASE("what is not what is said of it makes no segments", "[flows]") {
    const Large tcp = large({.payload = 5000}, 1000);
    const auto refused = [](const Bytes& frame, const Offload& offload) {
        return !Segmentation::of(frame, offload);
    };
    REQUIRE_FALSE(refused(tcp.frame, tcp.offload));
    const auto with = [&](auto change) {
        Offload offload = tcp.offload;
        change(offload);
        return refused(tcp.frame, offload);
    };
    CHECK(with([](Offload& o) { o.segment_bytes = 0; }));
    CHECK(with([](Offload& o) { o.segment_bytes = 1; }));
    CHECK(with([](Offload& o) { o.segments = Offload::Segments::tcp_ipv6; }));
    CHECK(with([](Offload& o) { o.segments = Offload::Segments::udp; }));
    CHECK(with([](Offload& o) { o.segments = Offload::Segments::none; }));
    CHECK(with([](Offload& o) { o.checksum = false; }));
    CHECK(with([](Offload& o) { ++o.checksum_start; }));
    CHECK(with([](Offload& o) { o.checksum_offset = 6; }));
    Bytes fragment = tcp.frame;
    fragment[tcp.ip_at + 6] |= std::byte{0x20};
    CHECK(refused(fragment, tcp.offload));
    Bytes short_header = tcp.frame;
    short_header[tcp.transport_at + 12] = std::byte{0x40};
    CHECK(refused(short_header, tcp.offload));
}

TEST_CASE("frames cut off anywhere and damaged ones do no harm", "[flows][property]") {
    const auto seed = GENERATE(from_range(seeds(3)));
    INFO("rerun with seed " << seed);
    std::mt19937 random(seed);
    for (int round = 0; round < 100; ++round) {
        const Large whole = large({.ipv4 = round % 2 == 0,
                                   .tcp = round % 3 != 0,
                                   .ip_options = random() % 3,
                                   .payload = 500},
                                  100);
        for (int damage = 0; damage < 20; ++damage) {
            Bytes frame = whole.frame;
            frame.resize(random() % frame.size());
            if (!frame.empty()) frame[random() % frame.size()] = static_cast<std::byte>(random());
            Offload offload = whole.offload;
            if (damage % 4 == 0) offload.checksum_start = static_cast<std::uint16_t>(random());
            fill_checksum(frame, offload);
            const auto cut = Segmentation::of(frame, offload);
            for (std::size_t i = 0; cut && i < cut->count(); ++i) {
                Bytes segment(cut->bytes(i));
                cut->write(i, segment);
            }
        }
    }
}
