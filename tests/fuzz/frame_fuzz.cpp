// Random bytes as a frame: reading its key and editing its tags and fields stay within it, and
// agree.
//
// Input: one byte of headroom, two of a TCI (from which fields' values and masks are made, too),
// the frame.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "flows/field_edit.h"
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

void check_tag_edits(std::span<const std::byte> frame, std::size_t headroom, std::uint16_t tci) {
    std::vector<std::byte> memory(headroom);
    memory.insert(memory.end(), frame.begin(), frame.end());
    const EditableFrame original{memory.data() + headroom, frame.size(), headroom};
    const std::uint16_t tpid = tci % 2 == 0 ? tpid_vlan : tpid_provider;

    const auto tagged = push_vlan(original, tpid, tci);
    require(tagged.has_value() == (headroom >= vlan_tag_bytes && frame.size() >= 12));
    if (tagged && has_vlan_tag(*tagged)) {
        require(tagged->size == frame.size() + vlan_tag_bytes);
        const FlowKey key = key_of({tagged->start, tagged->size});
        require(key.get(field::vlan_tpid) == tpid);
        require(key.get(field::vlan_tci) == (tci | tci_present));
        const EditableFrame back = pop_vlan(*tagged);
        require(std::ranges::equal(frame, std::span(back.start, back.size)));
    }
    if (tagged) return;

    require(std::ranges::equal(frame, std::span(original.start, original.size)));
    set_vlan_tci(original, tci, 0xffff);
    const bool had_tag = has_vlan_tag(original);
    const EditableFrame popped = pop_vlan(original);
    require(popped.size == frame.size() - (had_tag ? vlan_tag_bytes : 0));
    check_key({popped.start, popped.size});
}

std::uint64_t next(std::uint64_t& state) {
    state = state * 6364136223846793005 + 1442695040888963407;
    return state ^ state >> 29;
}

// Also where it makes no sense, in IPv4, as the key has it.
bool is_neighbour_discovery(const FlowKey& key) {
    const std::uint64_t type = key.get(field::tp_src);
    const bool is_ip = key.get(field::eth_type) == 0x86dd || key.get(field::eth_type) == 0x0800;
    return is_ip && key.get(field::ip_proto) == 58 && (type == 135 || type == 136) &&
           key.get(field::tp_dst) == 0;
}

void check_field_edits(std::span<const std::byte> frame, std::uint16_t seed) {
    FlowKey value;
    FlowMask mask;
    std::uint64_t state = seed;
    for (auto& word : value.words) word = next(state);
    // An operation of ARP that needs more bits can be written, but a key does not have it.
    value.set(field::ip_proto, value.get(field::ip_proto) & 0xff);
    for (auto& word : mask.words) {
        const std::uint64_t kind = next(state) >> 62;
        word = kind == 0 ? 0 : kind == 1 ? ~std::uint64_t{0} : next(state);
    }
    // So that these types of ICMPv6 are left and met more often than by chance.
    if (seed % 4 == 0) value.words[10] = std::uint64_t{135u + seed / 4 % 2} << 48;

    const auto copy = std::make_unique<std::byte[]>(frame.size());
    std::ranges::copy(frame, copy.get());
    const EditableFrame edited{copy.get(), frame.size(), 0};
    const FlowKey before = key_of(frame);
    edit_fields(edited, value, mask);
    const std::span<const std::byte> bytes(edited.start, edited.size);
    const FlowKey after = key_of(bytes);

    // Each bit is what it was, or what was asked for.
    const bool same_kind = is_neighbour_discovery(before) == is_neighbour_discovery(after);
    for (std::size_t word = 0; word < flow_words; ++word) {
        if (!same_kind && word >= 11 && word <= 14) continue;
        const std::uint64_t changed = before.words[word] ^ after.words[word];
        require((changed & ~mask.words[word]) == 0);
        require((changed & (value.words[word] ^ after.words[word])) == 0);
    }
    for (const FlowField& kept :
         {field::in_port, field::eth_type, field::vlan_tpid, field::inner_vlan_tpid,
          field::inner_vlan_tci, field::ip_frag, field::tcp_flags})
        require(before.get(kept) == after.get(kept));

    if (!same_kind) return;
    const std::vector<std::byte> once(bytes.begin(), bytes.end());
    edit_fields(edited, value, mask);
    require(std::ranges::equal(once, bytes));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) return 0;
    const std::size_t headroom = data[0] % 9;
    const auto tci = static_cast<std::uint16_t>(data[1] << 8 | data[2]);
    const auto frame = std::as_bytes(std::span(data, size).subspan(3));
    check_key(frame);
    check_tag_edits(frame, headroom, tci);
    check_field_edits(frame, tci);
    return 0;
}
