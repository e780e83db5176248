// Random bytes as a frame: reading its key and editing its tags stay within it, and agree.
//
// Input: one byte of headroom, two of a TCI, the frame.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "flows/flow_key.h"
#include "flows/packet_edit.h"

using namespace switchd;

namespace {

constexpr PortNumber port = 7;

void require(bool condition) {
    if (!condition) std::abort();
}

// From memory of exactly its size, so that the sanitizer sees every step beyond it.
FlowKey key_of(std::span<const std::byte> frame, ParseDepth depth = ParseDepth::layer_4) {
    const auto copy = std::make_unique<std::byte[]>(frame.size());
    std::ranges::copy(frame, copy.get());
    return extract({copy.get(), frame.size()}, port, depth);
}

std::array<std::uint64_t, flow_words> bits_of_all_fields() {
    std::array<std::uint64_t, flow_words> bits{};
    for (const FlowField& field : field::all) bits[field.word] |= field.word_mask();
    return bits;
}

void check_key(std::span<const std::byte> frame) {
    static const auto used = bits_of_all_fields();
    const FlowKey key = key_of(frame);
    require(key.in_port() == port);
    for (std::size_t word = 0; word < flow_words; ++word)
        require((key.words[word] & ~used[word]) == 0);

    const FlowKey shallow = key_of(frame, ParseDepth::layer_2);
    for (std::size_t word = 0; word < flow_words; ++word)
        require(shallow.words[word] == (word < flow_words_l2 ? key.words[word] : 0));
}

void check_edits(std::span<const std::byte> frame, std::size_t headroom, std::uint16_t tci) {
    std::vector<std::byte> memory(headroom);
    memory.insert(memory.end(), frame.begin(), frame.end());
    const EditableFrame original{memory.data() + headroom, frame.size(), headroom};

    const auto tagged = push_vlan(original, tci);
    require(tagged.has_value() == (headroom >= vlan_tag_bytes && frame.size() >= 12));
    if (tagged && has_vlan_tag(*tagged)) {
        require(tagged->size == frame.size() + vlan_tag_bytes);
        const FlowKey key = key_of({tagged->start, tagged->size});
        require(key.get(field::vlan_tpid) == tpid_vlan);
        require(key.get(field::vlan_tci) == (tci | tci_present));
        const EditableFrame back = pop_vlan(*tagged);
        require(std::ranges::equal(frame, std::span(back.start, back.size)));
    }
    if (tagged) return;

    require(std::ranges::equal(frame, std::span(original.start, original.size)));
    set_vlan_tci(original, tci);
    const bool had_tag = has_vlan_tag(original);
    const EditableFrame popped = pop_vlan(original);
    require(popped.size == frame.size() - (had_tag ? vlan_tag_bytes : 0));
    check_key({popped.start, popped.size});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) return 0;
    const std::size_t headroom = data[0] % 9;
    const auto tci = static_cast<std::uint16_t>(data[1] << 8 | data[2]);
    const auto frame = std::as_bytes(std::span(data, size).subspan(3));
    check_key(frame);
    check_edits(frame, headroom, tci);
    return 0;
}
