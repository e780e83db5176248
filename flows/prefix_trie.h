// The prefixes in use for a field, counted. Asked about a value, it tells which lengths of prefix
// the value has among them, and how few of the value's first bits show it: so a table of rules
// under prefixes of one length need not be asked, and the decision depends on those bits only.
//
// A binary trie whose nodes hold runs of bits (Morrison 1968), all in one array. The answer depends
// on the prefixes only, not on the way they came in.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace switchd {

// Up to 128 bits, the first one on top of `high`.
struct PrefixBits {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    // The first `length` bits set.
    static constexpr PrefixBits ones(unsigned length) {
        constexpr std::uint64_t all = ~std::uint64_t{0};
        if (length == 0) return {0, 0};
        if (length <= 64) return {all << (64 - length), 0};
        return {all, all << (128 - length)};
    }
    constexpr bool operator==(const PrefixBits&) const = default;
};

class PrefixTrie {
public:
    static constexpr unsigned length_max = 128;

    struct Answer {
        // Bit n - 1: some prefix of length n is one of the value.
        std::array<std::uint64_t, 2> lengths{};
        // Every value that begins with the same so many bits gets the same answer.
        unsigned bits_read = 0;

        // `length` from 1 to length_max.
        bool has(unsigned length) const {
            return (lengths[(length - 1) / 64] >> ((length - 1) % 64) & 1) != 0;
        }
    };

    // The prefix is the first `length` bits, from 1 to length_max.
    void insert(PrefixBits bits, unsigned length);
    // One of those that were inserted.
    void remove(PrefixBits bits, unsigned length);

    Answer lookup(PrefixBits value) const;

    // How much memory it needs.
    std::size_t nodes() const { return nodes_.size() - free_count_; }

private:
    using NodeId = std::uint32_t;
    static constexpr NodeId root = 0;  // and "none", as nobody's child
    static constexpr unsigned run_max = 64;

    struct Node {
        std::uint64_t run = 0;  // from the parent on, left-justified
        // By their run's first bit. A free node has the next one in [0].
        std::array<NodeId, 2> children{};
        std::uint32_t count = 0;  // prefixes that end here
        std::uint8_t length = 0;  // of the run

        bool leaf() const { return children[0] == root && children[1] == root; }
    };

    NodeId make(std::uint64_t run, unsigned length);
    void give_back(NodeId id);
    void split(NodeId parent, NodeId id, unsigned length);
    void join_with_only_child(NodeId id);

    std::vector<Node> nodes_ = std::vector<Node>(1);
    NodeId free_ = root;
    std::size_t free_count_ = 0;
};

}  // namespace switchd
