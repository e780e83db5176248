#include "flows/segmentation.h"

#include <vector>

#include "flows/packet_headers.h"
#include "tests/flows/seeds.h"
#include "tests/support/catch.h"

using namespace switchd;

namespace {

using Bytes = std::vector<std::byte>;

void put(Bytes& bytes, std::initializer_list<unsigned> values) {
    for (const unsigned value : values) bytes.push_back(static_cast<std::byte>(value));
}
void put_16(Bytes& bytes, std::size_t value) {
    put(bytes, {static_cast<unsigned>(value >> 8 & 0xff), static_cast<unsigned>(value & 0xff)});
}
unsigned get_16(std::span<const std::byte> bytes, std::size_t at) {
    return std::to_integer<unsigned>(bytes[at]) << 8 | std::to_integer<unsigned>(bytes[at + 1]);
}
std::uint32_t get_32(std::span<const std::byte> bytes, std::size_t at) {
    return get_16(bytes, at) << 16 | get_16(bytes, at + 2);
}

// RFC 1071, word by word.
unsigned plain_sum(std::span<const std::byte> bytes, std::uint64_t sum = 0) {
    for (std::size_t i = 0; i < bytes.size(); ++i)
        sum += std::to_integer<unsigned>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<unsigned>(sum);
}

struct Shape {
    bool ipv4 = true;
    bool tcp = true;
    std::size_t tags = 0;
    std::size_t ip_options = 0;   // words of IPv4, units of 8 bytes of IPv6
    std::size_t tcp_options = 0;  // words
    std::size_t payload = 0;
    unsigned tcp_flags = 0x10;
};

struct Large {
    Bytes frame;
    Offload offload;
    std::size_t ip_at = 0;
    std::size_t transport_at = 0;

    unsigned protocol() const { return offload.checksum_offset == 16 ? 6 : 17; }
    std::size_t address_at() const { return ip_at + (ipv4() ? 12 : 8); }
    std::size_t address_bytes() const { return ipv4() ? 8 : 32; }
    bool ipv4() const { return std::to_integer<unsigned>(frame[ip_at]) >> 4 == 4; }
    unsigned pseudo_sum(std::span<const std::byte> of) const {
        return plain_sum(of.subspan(address_at(), address_bytes()),
                         protocol() + of.size() - transport_at);
    }
};

// A frame as a sender hands it on: the checksum is the pseudo header's.
Large large(const Shape& shape, std::size_t segment_bytes) {
    Large result;
    Bytes& frame = result.frame;
    put(frame, {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1});
    for (std::size_t i = 0; i < shape.tags; ++i)
        put(frame, {i + 1 < shape.tags ? 0x88u : 0x81u, i + 1 < shape.tags ? 0xa8u : 0x00u, 0, 7});
    put_16(frame, shape.ipv4 ? 0x0800 : 0x86dd);
    result.ip_at = frame.size();
    const std::size_t transport_bytes =
        (shape.tcp ? 20 + 4 * shape.tcp_options : 8) + shape.payload;
    const unsigned protocol = shape.tcp ? 6 : 17;
    if (shape.ipv4) {
        const std::size_t header = 20 + 4 * shape.ip_options;
        put(frame, {static_cast<unsigned>(0x40 + header / 4), 0});
        put_16(frame, header + transport_bytes);
        put(frame, {0xff, 0xfe, 0x40, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2});
        for (std::size_t i = 0; i < shape.ip_options; ++i) put(frame, {1, 1, 1, 1});
    } else {
        put(frame, {0x60, 0, 0, 0});
        put_16(frame, 8 * shape.ip_options + transport_bytes);
        put(frame, {shape.ip_options == 0 ? protocol : 60, 64});
        for (unsigned i = 0; i < 32; ++i) put(frame, {i});
        for (std::size_t i = 0; i < shape.ip_options; ++i)
            put(frame, {i + 1 < shape.ip_options ? 60 : protocol, 0, 1, 4, 0, 0, 0, 0});
    }
    result.transport_at = frame.size();
    put(frame, {0x12, 0x34, 0, 80});
    if (shape.tcp) {
        put(frame, {0xff, 0xff, 0xf0, 0, 0, 0, 0, 9});
        put(frame, {static_cast<unsigned>(0x50 + 0x10 * shape.tcp_options), shape.tcp_flags, 1, 0});
        put(frame, {0, 0, 0, 0});
        for (std::size_t i = 0; i < shape.tcp_options; ++i) put(frame, {1, 1, 1, 1});
    } else {
        put_16(frame, transport_bytes);
        put(frame, {0, 0});
    }
    for (std::size_t i = 0; i < shape.payload; ++i)
        put(frame, {static_cast<unsigned>(i * 7 & 0xff)});
    using enum Offload::Segments;
    result.offload = {.checksum = true,
                      .checksum_start = static_cast<std::uint16_t>(result.transport_at),
                      .checksum_offset = static_cast<std::uint16_t>(shape.tcp ? 16 : 6),
                      .segments = !shape.tcp   ? udp
                                  : shape.ipv4 ? tcp_ipv4
                                               : tcp_ipv6,
                      .segment_bytes = static_cast<std::uint16_t>(segment_bytes)};
    const unsigned sum = result.pseudo_sum(frame);
    const std::size_t at = result.transport_at + result.offload.checksum_offset;
    frame[at] = static_cast<std::byte>(sum >> 8);
    frame[at + 1] = static_cast<std::byte>(sum & 0xff);
    return result;
}

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
    const auto seed = GENERATE(from_range(test::seeds(3)));
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
    const auto seed = GENERATE(from_range(test::seeds(3)));
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
