#include "flows/field_edit.h"

#include <array>

#include "flows/packet_headers.h"
#include "switchd/core/bytes.h"

namespace switchd {
namespace {

// What was done to the 16-bit words that an Internet checksum covers.
class ChecksumChange {
public:
    // Up to four whole words, right-justified, before and after.
    void add(std::uint64_t before, std::uint64_t after) {
        if (before == after) return;
        for (int shift = 0; shift < 64; shift += 16)
            sum_ += static_cast<std::uint16_t>(~(before >> shift)) +
                    std::uint64_t{static_cast<std::uint16_t>(after >> shift)};
    }
    void add(const ChecksumChange& other) { sum_ += other.sum_; }
    // The sum over the packet is what it was.
    bool none() const { return sum_ == 0; }
    // RFC 1624, equation 3.
    std::uint16_t applied_to(std::uint16_t checksum) const {
        std::uint64_t sum = sum_ + static_cast<std::uint16_t>(~checksum);
        while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
        return static_cast<std::uint16_t>(~sum);
    }

private:
    std::uint64_t sum_ = 0;
};

// CRC32c as polynomials over GF(2): bit 31 is the coefficient of 1, bit 0 that of x^31.
namespace crc32c {

constexpr std::uint32_t times_x(std::uint32_t a) {
    constexpr std::uint32_t polynomial = 0x82f63b78;
    return (a >> 1) ^ (polynomial & -(a & 1));
}

constexpr std::uint32_t product(std::uint32_t a, std::uint32_t b) {
    std::uint32_t sum = 0;
    for (; a != 0; a <<= 1, b = times_x(b)) sum ^= b & -(a >> 31);
    return sum;
}

// x^(8 * 2^n): what 2^n bytes behind a change make of it.
constexpr auto powers = [] {
    std::array<std::uint32_t, 16> result{0x00800000};
    for (std::size_t n = 1; n < result.size(); ++n)
        result[n] = product(result[n - 1], result[n - 1]);
    return result;
}();

// What becomes of the CRC of a message of so many bytes when its first four change: `change` is the
// exclusive or of before and after, the first byte least significant.
std::uint32_t of_change_in_front(std::uint32_t change, std::uint16_t bytes) {
    for (std::size_t n = 0; n < powers.size(); ++n)
        if ((bytes >> n & 1) != 0) change = product(powers[n], change);
    return change;
}

}  // namespace crc32c

constexpr FlowField low_byte(const FlowField& of) {
    return {of.name, of.word, of.shift, 8};
}
constexpr FlowField icmp_type = low_byte(field::tp_src), icmp_code = low_byte(field::tp_dst);

class FieldEdit {
public:
    FieldEdit(const EditableFrame& frame, const FlowKey& value, const FlowMask& mask,
              std::optional<std::size_t> unsummed_from)
        : frame_(frame), value_(value), mask_(mask), unsummed_from_(unsummed_from) {}

    void write_layer_2();
    void write_layers_3_and_4();

private:
    // Where one may write what `rest` reads at this offset.
    std::byte* place(const Rest& rest, std::size_t offset) const {
        return frame_.start + (rest.at() - frame_.start) + offset;
    }

    // Writes a field that stands in the Unsigned at this place, `shift` above its least significant
    // bit, and notes it for a checksum.
    template <class Unsigned>
    void write(std::byte* at, const FlowField& field, unsigned shift, ChecksumChange& change) {
        const auto bits = static_cast<Unsigned>(mask_.get(field) << shift);
        if (bits == 0) return;
        const auto before = load_big_endian<Unsigned>(at);
        const auto after = static_cast<Unsigned>(
            (before & ~bits) | (static_cast<Unsigned>(value_.get(field) << shift) & bits));
        store_big_endian(at, after);
        change.add(before, after);
    }
    template <class Unsigned>
    void write(std::byte* at, const FlowField& field, unsigned shift = 0) {
        ChecksumChange of_no_interest;
        write<Unsigned>(at, field, shift, of_no_interest);
    }
    void write_mac(std::byte* at, const FlowField& field, ChecksumChange& change);
    void write_mac(std::byte* at, const FlowField& field) {
        ChecksumChange of_no_interest;
        write_mac(at, field, of_no_interest);
    }

    void write_ipv4(const Rest& rest);
    void write_ipv6(const Rest& rest);
    void write_arp(const Rest& rest);
    void write_transport(const Transport& transport, ChecksumChange pseudo_header);
    void write_ports(const Rest& rest, ChecksumChange& change);
    void write_sctp(const Transport& transport);
    void write_icmp(const Transport& transport, ChecksumChange& change);
    // Brings the checksum at this offset up to date, if it is there; `zero` is how zero is written.
    void follow(const Rest& rest, std::size_t offset, const ChecksumChange& change,
                std::uint16_t zero = 0);
    // The same where the checksum is still the sum of the pseudo header.
    void follow_unsummed(const Rest& rest, std::size_t offset, const ChecksumChange& pseudo_header);
    bool is_unsummed(const Rest& rest) const {
        return unsummed_from_ && frame_.start + *unsummed_from_ == rest.at();
    }

    const EditableFrame& frame_;
    const FlowKey& value_;
    const FlowMask& mask_;
    std::optional<std::size_t> unsummed_from_;
};

void FieldEdit::write_mac(std::byte* at, const FlowField& field, ChecksumChange& change) {
    const auto upper = static_cast<std::uint8_t>(field.shift + 16);
    write<std::uint32_t>(at, {field.name, field.word, upper, 32}, 0, change);
    write<std::uint16_t>(at + 4, {field.name, field.word, field.shift, 16}, 0, change);
}

void FieldEdit::write_layer_2() {
    if (frame_.size >= 6) write_mac(frame_.start, field::eth_dst);
    if (frame_.size >= 12) write_mac(frame_.start + 6, field::eth_src);
    constexpr unsigned vid_and_priority = 0xffff & ~unsigned{tci_present};
    if (const auto bits = mask_.get(field::vlan_tci) & vid_and_priority; bits != 0)
        set_vlan_tci(frame_, static_cast<std::uint16_t>(value_.get(field::vlan_tci)),
                     static_cast<std::uint16_t>(bits));
}

void FieldEdit::write_layers_3_and_4() {
    if (frame_.size < ether::header_bytes) return;
    Rest rest{{frame_.start, frame_.size}};
    rest.skip(ether::addresses_bytes);
    take_vlan_tags(rest);
    switch (take_eth_type(rest)) {
        case ether::ipv4: return write_ipv4(rest);
        case ether::ipv6: return write_ipv6(rest);
        case ether::arp:
        case ether::rarp: return write_arp(rest);
        default: return;
    }
}

void FieldEdit::write_ipv4(const Rest& rest) {
    if (!has_ipv4(rest)) return;
    ChecksumChange addresses, header;
    write<std::uint32_t>(place(rest, 12), field::ip_src, 0, addresses);
    write<std::uint32_t>(place(rest, 16), field::ip_dst, 0, addresses);
    header.add(addresses);
    write<std::uint16_t>(place(rest, 0), field::ip_tos, 0, header);
    write<std::uint16_t>(place(rest, 8), field::ip_ttl, 8, header);
    follow(rest, 10, header);
    write_transport(ipv4_transport(rest), addresses);
}

void FieldEdit::write_ipv6(const Rest& rest) {
    if (!has_ipv6(rest)) return;
    const Transport transport = ipv6_transport(rest);
    ChecksumChange pseudo_header, of_a_stop;
    ChecksumChange& destination = transport.routed_elsewhere ? of_a_stop : pseudo_header;
    write<std::uint64_t>(place(rest, 8), field::ipv6_src_high, 0, pseudo_header);
    write<std::uint64_t>(place(rest, 16), field::ipv6_src_low, 0, pseudo_header);
    write<std::uint64_t>(place(rest, 24), field::ipv6_dst_high, 0, destination);
    write<std::uint64_t>(place(rest, 32), field::ipv6_dst_low, 0, destination);
    write<std::uint32_t>(place(rest, 0), field::ipv6_label);
    write<std::uint32_t>(place(rest, 0), field::ip_tos, 20);
    write<std::uint8_t>(place(rest, 7), field::ip_ttl);
    write_transport(transport, pseudo_header);
}

void FieldEdit::write_arp(const Rest& rest) {
    if (!has_arp(rest)) return;
    // The key has none where it needs more than eight bits, so the bits that stay are zeros then.
    if (rest.u16(6) > 0xff && mask_.get(field::ip_proto) != 0)
        store_big_endian(place(rest, 6), std::uint16_t{0});
    write<std::uint16_t>(place(rest, 6), field::ip_proto);
    write_mac(place(rest, 8), field::arp_sha);
    write<std::uint32_t>(place(rest, 14), field::ip_src);
    write_mac(place(rest, 18), field::arp_tha);
    write<std::uint32_t>(place(rest, 24), field::ip_dst);
}

void FieldEdit::write_transport(const Transport& transport, ChecksumChange change) {
    if (!transport.readable) return;
    const Rest& rest = transport.rest;
    if (is_unsummed(rest) && (transport.protocol == ip::tcp || transport.protocol == ip::udp)) {
        follow_unsummed(rest, transport.protocol == ip::tcp ? 16 : 6, change);
        write_ports(rest, change);
        return;
    }
    switch (transport.protocol) {
        case ip::tcp:
            write_ports(rest, change);
            follow(rest, 16, change);
            return;
        case ip::udp:
        case ip::udp_lite:
            write_ports(rest, change);
            if (rest.has(8) && rest.u16(6) == 0) return;  // none
            follow(rest, 6, change, 0xffff);
            return;
        case ip::sctp: write_sctp(transport); return;
        case ip::icmp: {
            ChecksumChange message;
            write_icmp(transport, message);
            // Zero is wrong for a message that is all zeros; the other zero is right for any.
            const bool may_be_zeros = rest.has(2) && rest.u16(0) == 0;
            follow(rest, 2, message, may_be_zeros ? 0xffff : 0);
            return;
        }
        case ip::icmpv6:
            write_icmp(transport, change);
            follow(rest, 2, change);
            return;
        default: return;
    }
}

void FieldEdit::write_ports(const Rest& rest, ChecksumChange& change) {
    if (!rest.has(4)) return;
    write<std::uint16_t>(place(rest, 0), field::tp_src, 0, change);
    write<std::uint16_t>(place(rest, 2), field::tp_dst, 0, change);
}

void FieldEdit::write_sctp(const Transport& transport) {
    const Rest& rest = transport.rest;
    if (!rest.has(4)) return;
    const std::uint32_t before = rest.u32(0);
    ChecksumChange of_no_interest;
    write_ports(rest, of_no_interest);
    const std::uint32_t changed = before ^ rest.u32(0);
    const bool whole = transport.fragment == 0 && transport.bytes != 0;
    if (changed == 0 || !whole || !rest.has(12)) return;
    // The wire has the CRC with its least significant byte first.
    const std::uint32_t crc = crc32c::of_change_in_front(std::byteswap(changed), transport.bytes);
    store_big_endian(place(rest, 8), rest.u32(8) ^ std::byteswap(crc));
}

void FieldEdit::write_icmp(const Transport& transport, ChecksumChange& change) {
    const Rest& rest = transport.rest;
    if (!rest.has(2)) return;
    if (is_neighbour_discovery(transport.protocol, rest)) {
        write<std::uint64_t>(place(rest, 8), field::nd_target_high, 0, change);
        write<std::uint64_t>(place(rest, 16), field::nd_target_low, 0, change);
        for_each_nd_address(rest, [&](const Rest& option) {
            write_mac(place(option, 2), option.u8(0) == 1 ? field::arp_sha : field::arp_tha,
                      change);
        });
    }
    write<std::uint16_t>(place(rest, 0), icmp_type, 8, change);
    write<std::uint16_t>(place(rest, 0), icmp_code, 0, change);
}

void FieldEdit::follow(const Rest& rest, std::size_t offset, const ChecksumChange& change,
                       std::uint16_t zero) {
    if (change.none() || !rest.has(offset + 2)) return;
    const std::uint16_t checksum = change.applied_to(rest.u16(offset));
    store_big_endian(place(rest, offset), checksum == 0 ? zero : checksum);
}

void FieldEdit::follow_unsummed(const Rest& rest, std::size_t offset,
                                const ChecksumChange& pseudo_header) {
    if (pseudo_header.none() || !rest.has(offset + 2)) return;
    const auto complement = static_cast<std::uint16_t>(~rest.u16(offset));
    store_big_endian(place(rest, offset),
                     static_cast<std::uint16_t>(~pseudo_header.applied_to(complement)));
}

}  // namespace

void edit_fields(const EditableFrame& frame, const FlowKey& value, const FlowMask& mask,
                 std::optional<std::size_t> unsummed_from) noexcept {
    FieldEdit edit{frame, value, mask, unsummed_from};
    edit.write_layer_2();
    if (mask.beyond_layer_2()) edit.write_layers_3_and_4();
}

}  // namespace switchd
