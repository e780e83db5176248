// A random frame that knows where its fields stand and what its checksums cover, so that reading
// and writing fields can be held against something that shares no line with them.
//
// Ethernet or IEEE 802.3 with up to two tags; ARP, IPv4 with options, IPv6 with extension headers;
// whole packets, first and later fragments; lengths odd and even, and padding behind the packet.
#pragma once

#include <algorithm>
#include <random>
#include <vector>

#include "flows/flow_key.h"
#include "tests/flows/frames.h"

namespace switchd::test {

// Bits [bit, bit + field.bits) of the frame, if the frame has at least `needs` bytes.
struct FieldPlace {
    FlowField field;
    std::size_t bit;
    std::size_t needs;
};

// The sum of 16-bit words in one's complement.
inline std::uint32_t internet_sum(const Bytes& bytes) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        sum += std::to_integer<std::uint64_t>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint32_t>(sum);
}

inline std::uint32_t crc32c(const Bytes& bytes) {
    std::uint32_t crc = 0xffffffff;
    for (const std::byte byte : bytes) {
        crc ^= std::to_integer<std::uint32_t>(byte);
        for (int i = 0; i < 8; ++i) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78 : 0);
    }
    return ~crc;
}

class RandomFrame {
public:
    explicit RandomFrame(std::mt19937& random) : random_(random) {
        ethernet();
        switch (below(8)) {
            case 0: some_arp(0x0806); break;
            case 1: some_arp(0x8035); break;
            case 2: type(0x88cc), add(some(below(60))); break;
            case 3:
            case 4: some_ipv4(); break;
            default: some_ipv6(); break;
        }
        if (below(2) == 0) add(some(below(50)));
    }

    const Bytes& frame() const { return frame_; }
    // Of the fields that can be written.
    const std::vector<FieldPlace>& places() const { return places_; }

    // The bytes where a checksum stands: [begin, end).
    struct Range {
        std::size_t begin;
        std::size_t end;
    };
    std::vector<Range> checksums() const {
        std::vector<Range> ranges;
        for (const Checksum& checksum : checksums_)
            ranges.push_back({checksum.at, checksum.at + (checksum.kind == Kind::crc ? 4 : 2)});
        return ranges;
    }

    // How far each checksum is from being right: 0 is right. `frame` is this one, edited.
    static constexpr std::uint32_t no_checksum = 0x10000, zeros_only = 0x20000;
    std::vector<std::uint32_t> errors(const Bytes& frame) const {
        std::vector<std::uint32_t> all;
        for (const Checksum& checksum : checksums_) all.push_back(error(checksum, frame));
        return all;
    }

    // Makes each checksum wrong.
    void spoil_checksums() {
        for (const Checksum& checksum : checksums_) {
            frame_[checksum.at] ^= static_cast<std::byte>(below(256));
            frame_[checksum.at + 1] ^= static_cast<std::byte>(1 + below(255));
        }
    }

private:
    enum class Kind { header, message, with_pseudo_header, udp, crc };
    struct Checksum {
        Kind kind;
        std::size_t at;
    };

    unsigned below(std::size_t count) { return static_cast<unsigned>(random_() % count); }
    std::byte some_byte() { return static_cast<std::byte>(random_()); }
    // Extremes are where sums go wrong.
    Bytes some(std::size_t count) {
        Bytes result(count);
        const std::size_t kind = below(6);
        for (auto& byte : result)
            byte = kind == 0 ? std::byte{0} : kind == 1 ? std::byte{0xff} : some_byte();
        return result;
    }
    unsigned some16() { return below(0x10000); }

    void add(const Bytes& more) { frame_ = frame_ + more; }
    void place(const FlowField& field, std::size_t byte, std::size_t needs, std::size_t bit = 0) {
        places_.push_back({field, byte * 8 + bit, needs});
    }

    void ethernet() {
        add(some(12));
        place(field::eth_dst, 0, 6);
        place(field::eth_src, 6, 12);
        const std::size_t tags = below(3);
        for (std::size_t i = 0; i < tags; ++i)
            add(vlan_tag(some16(), below(2) == 0 ? tpid_vlan : tpid_provider));
        if (tags != 0) {
            place(field::vlan_pcp, 14, 18);
            place({"vid", 3, 32, 12}, 14, 18, 4);
        }
    }

    void type(unsigned number) {
        if (below(6) == 0) add(be16_bytes(below(0x600)) + hex("aaaa03 000000"));
        add(be16_bytes(number));
    }

    void some_arp(unsigned number) {
        type(number);
        const std::size_t at = frame_.size(), needs = at + 28;
        add(hex("0001 0800 06 04") + some(22));
        place(field::ip_proto, at + 6, needs);
        place(field::arp_sha, at + 8, needs);
        place(field::ip_src, at + 14, needs);
        place(field::arp_tha, at + 18, needs);
        place(field::ip_dst, at + 24, needs);
    }

    void some_ipv4() {
        type(0x0800);
        network_ = frame_.size();
        source_and_destination_ = some(8);
        const std::size_t option_words = below(2) == 0 ? 0 : below(11);
        constexpr unsigned protocols[]{6, 17, 136, 132, 1, 47};
        make_message(protocols[below(6)]);
        const std::size_t cut = cut_message();
        const unsigned fragment = cut == 0      ? 0x4000 * below(2)
                                  : later_part_ ? 1 + below(0x3fff)
                                                : 0x2000;

        const std::size_t header_bytes = 20 + option_words * 4;
        add(bytes({static_cast<unsigned>(0x40 + header_bytes / 4)}) + some(1) +
            be16_bytes(static_cast<unsigned>(header_bytes + message_.size())) + some(2) +
            be16_bytes(later_part_ && (fragment & 0x1fff) == 0 ? 1 : fragment) + some(1) +
            bytes({protocol_}) + hex("0000") + source_and_destination_ + some(option_words * 4));
        const std::size_t needs = network_ + 20;
        place(field::ip_tos, network_ + 1, needs);
        place(field::ip_ttl, network_ + 8, needs);
        place(field::ip_src, network_ + 12, needs);
        place(field::ip_dst, network_ + 16, needs);
        const Bytes header(frame_.begin() + static_cast<std::ptrdiff_t>(network_), frame_.end());
        store16(network_ + 10, ~internet_sum(header));
        checksums_.push_back({Kind::header, network_ + 10});
        network_end_ = frame_.size();
        add_message();
    }

    void some_ipv6() {
        type(0x86dd);
        network_ = frame_.size();
        ipv6_ = true;
        const Bytes addresses = some(32);
        source_and_destination_ = addresses;
        constexpr unsigned protocols[]{6, 17, 136, 132, 58, 58, 58, 47};
        unsigned next = protocols[below(8)];

        // From the last to the first; the order that a sender would choose does not matter.
        struct Extension {
            unsigned number;
            Bytes after_next_header;
        };
        std::vector<Extension> extensions;
        for (std::size_t i = below(4); i > 0; --i) {
            const unsigned more = below(3);
            switch (below(3)) {
                case 0:
                    extensions.push_back(
                        {below(2) == 0 ? 0u : 60u, bytes({more}) + some(6 + more * 8)});
                    break;
                case 1:
                    extensions.push_back({51, bytes({more * 2 + 1}) + some(10 + more * 8)});
                    break;
                default: {
                    const bool stops_left = below(2) == 0;
                    const Bytes final_stop = some(16);
                    extensions.push_back(
                        {43, bytes({2, 0, stops_left ? 1u : 0u, 0, 0, 0, 0}) + final_stop});
                    // What the checksum covers is the address where the packet ends.
                    if (stops_left) final_destination_ = final_stop;
                    break;
                }
            }
        }
        make_message(next);
        if (const std::size_t cut = cut_message(); cut != 0 || below(8) == 0) {
            unsigned offset_and_more = cut == 0 ? 0 : 1;
            if (later_part_) offset_and_more = 8 * (1 + below(1000)) + below(2);
            extensions.insert(extensions.begin(),
                              {44, hex("00") + be16_bytes(offset_and_more) + some(4)});
        }

        Bytes chain;
        for (const Extension& extension : extensions) {
            chain = bytes({next}) + extension.after_next_header + chain;
            next = extension.number;
        }
        const auto length = static_cast<unsigned>(chain.size() + message_.size());
        add(bytes({0x60 + below(16)}) + some(3) + be16_bytes(length) + bytes({next}) + some(1) +
            addresses);
        const std::size_t needs = network_ + 40;
        place(field::ip_tos, network_, needs, 4);
        place(field::ipv6_label, network_, needs, 12);
        place(field::ip_ttl, network_ + 7, needs);
        place(field::ipv6_src_high, network_ + 8, needs);
        place(field::ipv6_src_low, network_ + 16, needs);
        place(field::ipv6_dst_high, network_ + 24, needs);
        place(field::ipv6_dst_low, network_ + 32, needs);
        add(chain);
        network_end_ = frame_.size();
        add_message();
    }

    // The whole datagram's, its checksum still zero, with places counted from its start.
    void make_message(unsigned protocol) {
        protocol_ = protocol;
        const Bytes payload = some(below(60));
        const auto say = [&](const FlowField& field, std::size_t byte, std::size_t needs) {
            message_places_.push_back({field, byte * 8, needs});
        };
        const auto say_ports = [&] {
            say(field::tp_src, 0, 4);
            say(field::tp_dst, 2, 4);
        };
        switch (protocol) {
            case 6: {
                const std::size_t options = below(11);
                message_ = some(12) + bytes({static_cast<unsigned>((5 + options) << 4)}) + some(3) +
                           hex("0000") + some(2 + options * 4) + payload;
                say_ports();
                message_checksum_ = {Kind::with_pseudo_header, 16};
                break;
            }
            case 17:
            case 136:
                message_ = some(4) + be16_bytes(static_cast<unsigned>(8 + payload.size())) +
                           hex("0000") + payload;
                say_ports();
                message_checksum_ = {Kind::udp, 6};
                break;
            case 132:
                message_ = some(8) + hex("00000000") + payload;
                say_ports();
                message_checksum_ = {Kind::crc, 8};
                break;
            case 1:
            case 58: {
                const bool discovery = protocol == 58 && below(3) != 0;
                if (discovery) {
                    message_ = bytes({135 + below(2), 0, 0, 0}) + some(20);
                    say(field::nd_target_high, 8, 24);
                    say(field::nd_target_low, 16, 24);
                    add_nd_options();
                } else {
                    // Not all zeros, for which a checksum of zero would be an error of its own; and
                    // not neighbour discovery by chance.
                    message_ = bytes({below(128), below(256), 0, 0}) + bytes({1 + below(255)}) +
                               some(3) + payload;
                }
                say({"icmp_type", 10, 48, 8}, 0, 2);
                say({"icmp_code", 10, 32, 8}, 1, 2);
                message_checksum_ = {protocol == 1 ? Kind::message : Kind::with_pseudo_header, 2};
                break;
            }
            default: message_ = some(8) + payload; break;
        }
        fill_checksum();
    }

    void add_nd_options() {
        unsigned types[]{1, 2, 5};
        std::ranges::shuffle(types, random_);
        for (std::size_t i = below(4); i > 0; --i) {
            const unsigned option = types[i - 1];
            const std::size_t at = message_.size();
            if (option == 5) {
                message_ = message_ + hex("05 02") + some(14);
                continue;
            }
            message_ = message_ + bytes({option, 1}) + some(6);
            message_places_.push_back(
                {option == 1 ? field::arp_sha : field::arp_tha, (at + 2) * 8, at + 8});
        }
    }

    Bytes pseudo_header(const Bytes& source_and_destination, std::size_t length) const {
        const auto low = static_cast<unsigned>(length);
        return source_and_destination + be16_bytes(low) + be16_bytes(protocol_);
    }
    Bytes covered_addresses(Bytes source_and_destination) const {
        if (!final_destination_.empty())
            std::ranges::copy(final_destination_, source_and_destination.begin() + 16);
        return source_and_destination;
    }

    void fill_checksum() {
        const std::size_t at = message_checksum_.at;
        if (at == 0) return;
        if (message_checksum_.kind == Kind::crc) {
            const std::uint32_t crc = crc32c(message_);
            for (std::size_t i = 0; i < 4; ++i)
                message_[at + i] = static_cast<std::byte>(crc >> (8 * i));
            return;
        }
        const bool udp = message_checksum_.kind == Kind::udp;
        if (udp && below(4) == 0) return;
        Bytes covered = message_;
        if (message_checksum_.kind != Kind::message)
            covered = pseudo_header(covered_addresses(source_and_destination_), message_.size()) +
                      covered;
        unsigned checksum = ~internet_sum(covered) & 0xffff;
        if (udp && checksum == 0) checksum = 0xffff;
        message_[at] = static_cast<std::byte>(checksum >> 8);
        message_[at + 1] = static_cast<std::byte>(checksum);
    }

    // Sometimes leaves only a part of the message: says how much is missing.
    std::size_t cut_message() {
        message_bytes_ = message_.size();
        if (message_.size() <= 8 || below(4) != 0) return 0;
        const auto middle = static_cast<std::ptrdiff_t>(8 * (1 + below((message_.size() - 1) / 8)));
        later_part_ = below(2) == 0;
        const Bytes first(message_.begin(), message_.begin() + middle);
        const Bytes second(message_.begin() + middle, message_.end());
        message_ = later_part_ ? second : first;
        tail_ = second;
        return message_bytes_ - message_.size();
    }

    void add_message() {
        const std::size_t at = frame_.size();
        add(message_);
        message_end_ = frame_.size();
        if (later_part_) return;
        for (const FieldPlace& place : message_places_)
            if (place.needs <= message_.size())
                places_.push_back({place.field, at * 8 + place.bit, at + place.needs});
        const bool is_crc = message_checksum_.kind == Kind::crc;
        const std::size_t end = message_checksum_.at + (is_crc ? 4 : 2);
        // The CRC of a datagram cannot follow what is done to a part of it.
        if (message_checksum_.at == 0 || end > message_.size() || (is_crc && !tail_.empty()))
            return;
        checksums_.push_back({message_checksum_.kind, at + message_checksum_.at});
    }

    void store16(std::size_t at, unsigned value) {
        frame_[at] = static_cast<std::byte>(value >> 8);
        frame_[at + 1] = static_cast<std::byte>(value);
    }

    std::uint32_t error(const Checksum& checksum, const Bytes& frame) const {
        const auto part = [&](std::size_t begin, std::size_t end) {
            return Bytes(frame.begin() + static_cast<std::ptrdiff_t>(begin),
                         frame.begin() + static_cast<std::ptrdiff_t>(end));
        };
        Bytes covered = checksum.kind == Kind::header ? part(network_, network_end_)
                                                      : part(network_end_, message_end_) + tail_;
        if (checksum.kind == Kind::crc) {
            std::uint32_t said = 0;
            for (std::size_t i = 0; i < 4; ++i) {
                said |= std::to_integer<std::uint32_t>(frame[checksum.at + i]) << (8 * i);
                covered[8 + i] = std::byte{0};
            }
            return said ^ crc32c(covered);
        }
        if (checksum.kind == Kind::udp && part(checksum.at, checksum.at + 2) == Bytes(2))
            return no_checksum;
        if (checksum.kind == Kind::udp || checksum.kind == Kind::with_pseudo_header) {
            const std::size_t at = network_ + (ipv6_ ? 8 : 12);
            covered =
                pseudo_header(covered_addresses(part(at, at + (ipv6_ ? 32 : 8))), message_bytes_) +
                covered;
        }
        const std::uint32_t sum = internet_sum(covered);
        return sum == 0 ? zeros_only : sum % 0xffff;
    }

    std::mt19937& random_;
    Bytes frame_;
    std::vector<FieldPlace> places_;
    std::vector<Checksum> checksums_;

    // Of IP packets.
    bool ipv6_ = false;
    std::size_t network_ = 0;      // where its header begins
    std::size_t network_end_ = 0;  // behind options and extension headers
    std::size_t message_end_ = 0;
    unsigned protocol_ = 0;
    Bytes source_and_destination_;
    Bytes final_destination_;  // where a routing header sends the packet in the end
    Bytes message_;            // what the transport protocol sends; the part in this packet
    std::size_t message_bytes_ = 0;
    std::vector<FieldPlace> message_places_;
    Checksum message_checksum_{};
    bool later_part_ = false;
    Bytes tail_;  // in another fragment
};

}  // namespace switchd::test
