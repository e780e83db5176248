#include "switchd/capture_file.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <fstream>

#include "switchd/core/error.h"
#include "switchd/core/frame_pool.h"
#include "switchd/core/printable.h"

namespace switchd {
namespace {

// What a file begins with, in the byte order of who wrote it.
constexpr std::uint32_t magic_microseconds = 0xa1b2c3d4, magic_nanoseconds = 0xa1b23c4d;
constexpr std::uint32_t magic_pcapng = 0x0a0d0d0a;
constexpr std::uint32_t link_type_ethernet = 1;
// libpcap captures no longer ones; a record that claims more is none.
constexpr std::uint32_t record_bytes_max = 256 << 10;

// 32-bit words; false at the end of the file.
template <std::size_t count>
bool read_words(std::istream& file, std::array<std::uint32_t, count>& words) {
    return !!file.read(reinterpret_cast<char*>(words.data()), sizeof words);
}

bool is_magic(std::uint32_t word) {
    return word == magic_microseconds || word == magic_nanoseconds;
}

}  // namespace

std::expected<std::vector<std::byte>, std::string> read_captured_frame(std::istream& file,
                                                                       std::size_t number) {
    // Magic, version, zone, precision of times, longest frame, link type.
    std::array<std::uint32_t, 6> header;
    if (!read_words(file, header)) return std::unexpected("it is too short for a pcap file");
    if (header[0] == magic_pcapng)
        return std::unexpected(
            "it is a pcapng file (tcpdump -r OLD -w NEW makes a pcap file of it)");
    const bool swapped = is_magic(std::byteswap(header[0]));
    if (!swapped && !is_magic(header[0])) return std::unexpected("it is no pcap file");
    const auto host = [swapped](std::uint32_t word) {
        return swapped ? std::byteswap(word) : word;
    };
    // Above are bits about frame check sequences.
    if (const std::uint32_t type = host(header[5]) & 0xffff; type != link_type_ethernet)
        return std::unexpected(fmt::format("its frames are not Ethernet's (link type {})", type));

    for (std::size_t at = 1;; ++at) {
        // Seconds, their fraction, bytes captured, bytes on the wire.
        std::array<std::uint32_t, 4> record;
        if (!read_words(file, record)) {
            if (file.gcount() != 0)
                return std::unexpected(fmt::format("it ends within frame {}", at));
            return std::unexpected(
                fmt::format("it has no frame {}, the last is {}", number, at - 1));
        }
        const std::uint32_t captured = host(record[2]);
        if (captured > record_bytes_max)
            return std::unexpected(
                fmt::format("it is damaged: frame {} would have {} bytes", at, captured));
        std::vector<std::byte> frame(captured);
        if (!file.read(reinterpret_cast<char*>(frame.data()), captured))
            return std::unexpected(fmt::format("it ends within frame {}", at));
        if (at != number) continue;
        if (frame.size() > frame_bytes_max)
            return std::unexpected(fmt::format("frame {} has {} bytes, and {} are the most", at,
                                               frame.size(), frame_bytes_max));
        return frame;
    }
}

std::vector<std::byte> captured_frame(const std::string& name) {
    std::string path = name;
    std::size_t number = 1;
    if (const std::size_t colon = name.rfind(':'); colon != name.npos) {
        const char* const end = name.data() + name.size();
        const auto [last, error] = std::from_chars(name.data() + colon + 1, end, number);
        if (error != std::errc{} || last != end || number == 0)
            throw SetupError(
                fmt::format("'{}' is no number of a frame in '{}'",
                            printable(name.substr(colon + 1)), printable(name.substr(0, colon))),
                "FILE:N, N from 1 on");
        path.resize(colon);
    }
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    file.peek();  // a directory can be opened, but not read
    if (!file.is_open() || file.bad())
        throw SetupError(fmt::format("cannot read '{}': {}", path, errno_text(errno)));
    auto frame = read_captured_frame(file, number);
    if (!frame)
        throw SetupError(fmt::format("cannot take a frame from '{}': {}", path, frame.error()));
    return std::move(*frame);
}

}  // namespace switchd
