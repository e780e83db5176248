#include "switchd/core/virtio_header.h"

#include <algorithm>
#include <array>
#include <random>
#include <vector>

#include "tests/support/catch.h"

using namespace switchd;
using Segments = Offload::Segments;

namespace {

std::vector<std::byte> bytes_of(std::initializer_list<int> values) {
    std::vector<std::byte> bytes;
    for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
    return bytes;
}

std::optional<Offload> read(const std::vector<std::byte>& header, std::size_t frame_bytes = 100) {
    const std::vector<std::byte> frame(frame_bytes);
    return read_virtio_header(std::span(header).first<virtio_header_bytes>(), frame);
}

std::vector<std::byte> written(const Offload& offload, const std::vector<std::byte>& frame) {
    std::vector<std::byte> header(virtio_header_bytes, std::byte{0xee});
    write_virtio_header(std::span(header).first<virtio_header_bytes>(), offload, frame);
    return header;
}

}  // namespace

TEST_CASE("a virtio-net header is read as the standard has it", "[virtio_header]") {
    CHECK(read(bytes_of({0, 0, 0, 0, 0, 0, 0, 0, 0, 0})) == Offload{});
    CHECK(read(bytes_of({1, 0, 0, 0, 0, 0, 34, 0, 16, 0})) ==
          Offload{.checksum = true, .checksum_start = 34, .checksum_offset = 16});
    // VIRTIO_NET_HDR_F_DATA_VALID leaves nothing to do; without segments their size means nothing.
    CHECK(read(bytes_of({2, 0, 66, 0, 0xa8, 5, 34, 0, 16, 0})) == Offload{});
    Offload offload{.checksum = true,
                    .checksum_start = 0x0122,
                    .checksum_offset = 16,
                    .segments = Segments::tcp_ipv4,
                    .segment_bytes = 1448};
    CHECK(read(bytes_of({1, 1, 66, 0, 0xa8, 5, 0x22, 1, 16, 0}), 2000) == offload);
    CHECK(read(bytes_of({1, 0x81, 66, 0, 0xa8, 5, 0x22, 1, 16, 0}), 2000) == offload);
    offload.segments = Segments::tcp_ipv6;
    CHECK(read(bytes_of({3, 4, 66, 0, 0xa8, 5, 0x22, 1, 16, 0}), 2000) == offload);
    offload.segments = Segments::udp;
    CHECK(read(bytes_of({1, 5, 66, 0, 0xa8, 5, 0x22, 1, 16, 0}), 2000) == offload);
}

TEST_CASE("a virtio-net header that lies is none", "[virtio_header]") {
    // A checksum that ends with the frame, and one that does not.
    CHECK(read(bytes_of({1, 0, 0, 0, 0, 0, 82, 0, 16, 0})));
    CHECK_FALSE(read(bytes_of({1, 0, 0, 0, 0, 0, 83, 0, 16, 0})));
    CHECK_FALSE(read(bytes_of({1, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff})));
    CHECK_FALSE(read(bytes_of({1, 0, 0, 0, 0, 0, 0, 0, 0, 0}), 1));
    // Segments without a checksum, of no size, of an unknown kind (3 was fragments of UDP).
    CHECK_FALSE(read(bytes_of({0, 1, 66, 0, 0xa8, 5, 34, 0, 16, 0})));
    CHECK_FALSE(read(bytes_of({1, 1, 66, 0, 0, 0, 34, 0, 16, 0})));
    for (const int kind : {2, 3, 6, 7, 0x40, 0x7f, 0x83, 0xff})
        CHECK_FALSE(read(bytes_of({1, kind, 66, 0, 0xa8, 5, 34, 0, 16, 0})));
}

TEST_CASE("a virtio-net header says where the payload begins, within the frame",
          "[virtio_header]") {
    std::vector<std::byte> frame(3000);
    frame[34 + 12] = std::byte{0x80};
    Offload offload{.checksum = true,
                    .checksum_start = 34,
                    .checksum_offset = 16,
                    .segments = Segments::tcp_ipv4,
                    .segment_bytes = 1448};
    CHECK(written(offload, frame) == bytes_of({1, 1, 66, 0, 0xa8, 5, 34, 0, 16, 0}));
    frame.resize(60);
    CHECK(written(offload, frame) == bytes_of({1, 1, 60, 0, 0xa8, 5, 34, 0, 16, 0}));
    frame.resize(40);
    CHECK(written(offload, frame) == bytes_of({1, 1, 34, 0, 0xa8, 5, 34, 0, 16, 0}));
    offload = {.checksum = true,
               .checksum_start = 34,
               .checksum_offset = 6,
               .segments = Segments::udp,
               .segment_bytes = 1000};
    frame.resize(3000);
    CHECK(written(offload, frame) == bytes_of({1, 5, 42, 0, 0xe8, 3, 34, 0, 6, 0}));
    CHECK(written({}, frame) == bytes_of({0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
}

TEST_CASE("a virtio-net header of random bytes is refused, or read and written the same",
          "[virtio_header]") {
    const auto seed = std::random_device{}();
    CAPTURE(seed);
    std::mt19937 random(seed);
    int taken = 0;
    for (int round = 0; round < 20'000; ++round) {
        std::vector<std::byte> header(virtio_header_bytes);
        for (std::byte& each : header) each = static_cast<std::byte>(random());
        if (round % 2 == 0) header[1] = static_cast<std::byte>(random() % 6);
        header[7] = header[9] = std::byte{0};
        const std::vector<std::byte> frame(random() % 600);
        const auto offload =
            read_virtio_header(std::span(header).first<virtio_header_bytes>(), frame);
        if (!offload) continue;
        ++taken;
        const auto again = written(*offload, frame);
        CHECK(read_virtio_header(std::span(again).first<virtio_header_bytes>(), frame) == offload);
    }
    CHECK(taken > 1000);
}
