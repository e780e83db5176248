#include "flows/prefix_trie.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace switchd {
namespace {

// From `offset` on, left-justified.
std::uint64_t run_at(PrefixBits bits, unsigned offset) {
    if (offset == 0) return bits.high;
    if (offset >= 64) return offset == 128 ? 0 : bits.low << (offset - 64);
    return bits.high << offset | bits.low >> (64 - offset);
}

std::size_t first_bit(std::uint64_t run) {
    return run >> 63;
}

unsigned common_length(std::uint64_t a, std::uint64_t b) {
    return static_cast<unsigned>(std::countl_zero(a ^ b));
}

}  // namespace

PrefixTrie::NodeId PrefixTrie::make(std::uint64_t run, unsigned length) {
    NodeId id = free_;
    if (id == root) {
        id = static_cast<NodeId>(nodes_.size());
        nodes_.emplace_back();
    } else {
        free_ = nodes_[id].children[0];
        --free_count_;
    }
    nodes_[id] = {.run = run & PrefixBits::ones(length).high,
                  .length = static_cast<std::uint8_t>(length)};
    return id;
}

void PrefixTrie::give_back(NodeId id) {
    nodes_[id] = {.children = {free_, root}};
    free_ = id;
    ++free_count_;
}

// Puts a node for the first `length` bits of the run between the node and its parent.
void PrefixTrie::split(NodeId parent, NodeId id, unsigned length) {
    const NodeId upper = make(nodes_[id].run, length);
    nodes_[parent].children[first_bit(nodes_[upper].run)] = upper;
    Node& lower = nodes_[id];
    lower.run <<= length;
    lower.length = static_cast<std::uint8_t>(lower.length - length);
    nodes_[upper].children[first_bit(lower.run)] = id;
}

void PrefixTrie::join_with_only_child(NodeId id) {
    Node& node = nodes_[id];
    if (node.count != 0 || (node.children[0] == root) == (node.children[1] == root)) return;
    const NodeId child_id = std::max(node.children[0], node.children[1]);
    const Node& child = nodes_[child_id];
    if (node.length + child.length > run_max) return;
    node.run |= child.run >> node.length;
    node.length = static_cast<std::uint8_t>(node.length + child.length);
    node.count = child.count;
    node.children = child.children;
    give_back(child_id);
}

void PrefixTrie::insert(PrefixBits bits, unsigned length) {
    assert(length >= 1 && length <= length_max);
    NodeId at = root;
    for (unsigned offset = 0; offset < length;) {
        const std::uint64_t run = run_at(bits, offset);
        NodeId child = nodes_[at].children[first_bit(run)];
        if (child == root) {
            child = make(run, std::min(length - offset, run_max));
            nodes_[at].children[first_bit(run)] = child;
        }
        const unsigned child_length = nodes_[child].length;
        const unsigned same =
            std::min({common_length(run, nodes_[child].run), child_length, length - offset});
        if (same < child_length) {
            split(at, child, same);
            child = nodes_[at].children[first_bit(run)];
        }
        at = child;
        offset += same;
    }
    ++nodes_[at].count;
}

void PrefixTrie::remove(PrefixBits bits, unsigned length) {
    // A node has at least one bit.
    std::array<NodeId, length_max + 1> path{root};
    std::size_t depth = 0;
    for (unsigned offset = 0; offset < length;) {
        const std::uint64_t run = run_at(bits, offset);
        const NodeId child = nodes_[path[depth]].children[first_bit(run)];
        assert(child != root);
        path[++depth] = child;
        offset += nodes_[child].length;
    }
    assert(nodes_[path[depth]].count != 0);
    --nodes_[path[depth]].count;
    for (; depth > 0 && nodes_[path[depth]].count == 0 && nodes_[path[depth]].leaf(); --depth) {
        Node& parent = nodes_[path[depth - 1]];
        parent.children[first_bit(nodes_[path[depth]].run)] = root;
        give_back(path[depth]);
    }
    if (depth > 0) join_with_only_child(path[depth]);
    if (depth > 1) join_with_only_child(path[depth - 1]);
    if (nodes() == 1) *this = PrefixTrie{};
}

PrefixTrie::Answer PrefixTrie::lookup(PrefixBits value) const {
    Answer answer;
    const Node* node = &nodes_[root];
    unsigned offset = 0;
    while (!node->leaf()) {
        const std::uint64_t run = run_at(value, offset);
        const NodeId child = node->children[first_bit(run)];
        unsigned same = 0;
        if (child != root) {
            node = &nodes_[child];
            same = std::min<unsigned>(common_length(run, node->run), node->length);
        }
        offset += same;
        if (child == root || same < node->length) {
            answer.bits_read = offset + 1;  // with the first one that differs
            return answer;
        }
        if (node->count != 0)
            answer.lengths[(offset - 1) / 64] |= std::uint64_t{1} << (offset - 1) % 64;
    }
    answer.bits_read = offset;
    return answer;
}

}  // namespace switchd
