// Numbers in network byte order, read from and appended to bytes.
//
// A Reader never reads beyond its bytes: who asks for more gets zeros, and ok() says so from then
// on, so a structure can be read field by field and be judged once at its end. A Writer appends to
// a vector that its caller owns. Neither owns anything.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "switchd/core/clock.h"

namespace switchd::openflow {

using ByteSpan = std::span<const std::uint8_t>;

// What a length is padded to.
constexpr std::size_t padded_to_8(std::size_t bytes) {
    return (bytes + 7) / 8 * 8;
}

class Reader {
public:
    explicit Reader(ByteSpan bytes) : bytes_(bytes) {}

    bool ok() const { return ok_; }
    std::size_t left() const { return bytes_.size(); }
    ByteSpan rest() const { return bytes_; }

    std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
    std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
    std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
    std::uint64_t u64() { return number(8); }
    // Right-justified; `bytes` is at most 8.
    std::uint64_t number(std::size_t bytes) {
        std::uint64_t value = 0;
        for (const std::uint8_t byte : take(bytes)) value = value << 8 | byte;
        return value;
    }
    // The next `bytes` bytes; none of them if there are not as many.
    ByteSpan take(std::size_t bytes) {
        if (bytes > bytes_.size()) {
            ok_ = false;
            bytes_ = {};
            return {};
        }
        const ByteSpan taken = bytes_.first(bytes);
        bytes_ = bytes_.subspan(bytes);
        return taken;
    }
    void skip(std::size_t bytes) { take(bytes); }
    // Whether the next `bytes` bytes, which are skipped, are there and zero.
    bool zeros(std::size_t bytes) {
        const ByteSpan taken = take(bytes);
        return ok_ && std::ranges::all_of(taken, [](std::uint8_t byte) { return byte == 0; });
    }

private:
    ByteSpan bytes_;
    bool ok_ = true;
};

class Writer {
public:
    explicit Writer(std::vector<std::uint8_t>& out) : out_(out) {}

    std::size_t size() const { return out_.size(); }

    void u8(std::uint8_t value) { out_.push_back(value); }
    void u16(std::uint16_t value) { number(value, 2); }
    void u32(std::uint32_t value) { number(value, 4); }
    void u64(std::uint64_t value) { number(value, 8); }
    void number(std::uint64_t value, std::size_t bytes) {
        while (bytes-- > 0) out_.push_back(static_cast<std::uint8_t>(value >> (8 * bytes)));
    }
    void bytes(ByteSpan bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
    void zeros(std::size_t bytes) { out_.resize(out_.size() + bytes); }
    // Zeros until what begins at `start` is a multiple of 8 bytes long.
    void pad_to_8(std::size_t start) {
        zeros(padded_to_8(out_.size() - start) - (out_.size() - start));
    }
    // Overwrites two bytes that were written before.
    void patch_u16(std::size_t at, std::uint16_t value) {
        out_[at] = static_cast<std::uint8_t>(value >> 8);
        out_[at + 1] = static_cast<std::uint8_t>(value);
    }
    // What was written from `start` on is taken back.
    void cut(std::size_t start) { out_.resize(start); }

private:
    std::vector<std::uint8_t>& out_;
};

// Seconds and nanoseconds of one duration, to the millisecond: more is noise, and is shown.
inline void write_duration(Writer& writer, Duration duration) {
    using namespace std::chrono;
    const auto all = std::max(nanoseconds{duration_cast<milliseconds>(duration)}, nanoseconds{0});
    const auto whole = duration_cast<seconds>(all);
    writer.u32(static_cast<std::uint32_t>(whole.count()));
    writer.u32(static_cast<std::uint32_t>((all - whole).count()));
}

}  // namespace switchd::openflow
