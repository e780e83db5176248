// Hashing that a peer cannot aim: sums of products with secret words (the NH family, universal), so
// that without the key nobody finds many inputs with one hash.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace switchd {

// The secret. Make it from random bits once per process; equal seeds give equal hashes, for tests.
class HashKey {
public:
    static constexpr std::size_t words = 26;

    constexpr explicit HashKey(std::uint64_t seed = 0) {
        for (auto& word : secret_) word = next(seed);
    }
    constexpr std::uint64_t operator[](std::size_t i) const { return secret_[i]; }

private:
    // splitmix64 (Steele, Lea, Flood 2014): spreads the seed over all words.
    static constexpr std::uint64_t next(std::uint64_t& state) {
        std::uint64_t z = state += 0x9e3779b97f4a7c15;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        return z ^ z >> 31;
    }
    std::array<std::uint64_t, words> secret_{};
};

// All 128 bits of a product, folded.
constexpr std::uint64_t multiply_fold(std::uint64_t a, std::uint64_t b) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = Wide{a} * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

constexpr std::uint64_t hash_word(std::uint64_t value, const HashKey& key) {
    return multiply_fold(value ^ key[0], key[1]);
}

}  // namespace switchd
