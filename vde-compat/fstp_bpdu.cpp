#include "vde-compat/fstp_bpdu.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "switchd/core/bytes.h"

namespace switchd::vde {

namespace {

constexpr std::array<std::uint8_t, 6> address{0x01, 0x80, 0xc2, 0x00, 0x00, 0x00};
constexpr std::uint16_t tag_ethertype = 0x8100;
constexpr std::uint16_t llc_size = 0x0027;  // length field: LLC header and message

// Bits of the flags byte.
constexpr unsigned flag_topology_change = 0x01;
constexpr unsigned flag_proposal = 0x02;
constexpr unsigned role_shift = 2;
constexpr unsigned flag_learning = 0x10;
constexpr unsigned flag_forwarding = 0x20;
constexpr unsigned flag_agreement = 0x40;

// What follows the Ethernet header, untagged: bytes only, so that nothing is aligned.
struct WireMessage {
    std::array<std::uint8_t, 3> llc;
    std::array<std::uint8_t, 2> protocol;
    std::uint8_t version;
    std::uint8_t type;
    std::uint8_t flags;
    FstpBridgeId root;
    std::array<std::uint8_t, 4> cost;
    FstpBridgeId bridge;
    std::array<std::uint8_t, 2> port;
    std::array<std::uint8_t, 2> age, max_age, hello, forward_delay;
    std::uint8_t version1_size;
};
static_assert(sizeof(WireMessage) == 39);
constexpr std::size_t ethernet_header_size = 14;
constexpr std::size_t message_size_min = 51 - ethernet_header_size;

constexpr std::array<std::uint8_t, 3> llc_bpdu{0x42, 0x42, 0x03};

std::uint16_t le16(std::array<std::uint8_t, 2> wire) {
    return static_cast<std::uint16_t>(wire[0] | wire[1] << 8);
}

unsigned flags(const FstpBpdu& message) {
    return (message.topology_change ? flag_topology_change : 0) |
           (message.proposal ? flag_proposal : 0) |
           static_cast<unsigned>(message.role) << role_shift |
           (message.learning ? flag_learning : 0) | (message.forwarding ? flag_forwarding : 0) |
           (message.agreement ? flag_agreement : 0);
}

}  // namespace

FstpBridgeId fstp_bridge_id(std::uint16_t priority, MacAddress mac) {
    FstpBridgeId id{static_cast<std::uint8_t>(priority >> 8), static_cast<std::uint8_t>(priority)};
    std::copy(mac.bytes.begin(), mac.bytes.end(), id.begin() + 2);
    return id;
}

FstpFrame::FstpFrame(const FstpBpdu& message, std::optional<std::uint16_t> vlan) {
    for (const auto byte : address) put(byte);
    for (std::size_t i = 2; i < message.bridge.size(); ++i) put(message.bridge[i]);
    if (vlan) {
        put_be16(tag_ethertype);
        put_be16(*vlan);
    }
    put_be16(llc_size);
    for (const auto byte : llc_bpdu) put(byte);
    put_be16(0);  // protocol
    put(2);       // version
    put(2);       // type
    put(static_cast<std::uint8_t>(flags(message)));
    put_id(message.root);
    put_be16(static_cast<std::uint16_t>(message.cost >> 16));
    put_be16(static_cast<std::uint16_t>(message.cost));
    put_id(message.bridge);
    put_be16(message.port);
    put_le16(message.age_s);
    put_le16(message.max_age_s);
    put_le16(message.hello_s);
    put_le16(message.forward_delay_s);
    put(0);  // no version 1 part
}

void FstpFrame::put_be16(std::uint16_t value) {
    put(static_cast<std::uint8_t>(value >> 8));
    put(static_cast<std::uint8_t>(value));
}

void FstpFrame::put_le16(std::uint16_t value) {
    put(static_cast<std::uint8_t>(value));
    put(static_cast<std::uint8_t>(value >> 8));
}

void FstpFrame::put_id(const FstpBridgeId& id) {
    for (const auto byte : id) put(byte);
}

bool is_fstp_address(std::span<const std::byte> frame) {
    return frame.size() >= address.size() &&
           std::memcmp(frame.data(), address.data(), address.size()) == 0;
}

std::optional<FstpBpdu> fstp_decode(std::span<const std::byte> frame) {
    if (!is_fstp_address(frame)) return std::nullopt;
    HeaderReader reader(frame);
    if (!reader.skip(2 * address.size())) return std::nullopt;
    auto type_or_size = reader.take<be16>();
    if (type_or_size && type_or_size->host() == tag_ethertype) {
        if (!reader.skip(sizeof(be16))) return std::nullopt;
        type_or_size = reader.take<be16>();
    }
    if (!type_or_size || reader.rest().size() < message_size_min) return std::nullopt;

    WireMessage wire{};
    std::memcpy(&wire, reader.rest().data(), std::min(reader.rest().size(), sizeof wire));
    if (wire.llc != llc_bpdu || wire.version != 2 || wire.type != 2) return std::nullopt;

    const unsigned bits = wire.flags;
    FstpBpdu message;
    message.role = static_cast<FstpRole>(bits >> role_shift & 3);
    message.topology_change = (bits & flag_topology_change) != 0;
    message.proposal = (bits & flag_proposal) != 0;
    message.learning = (bits & flag_learning) != 0;
    message.forwarding = (bits & flag_forwarding) != 0;
    message.agreement = (bits & flag_agreement) != 0;
    message.root = wire.root;
    message.cost = std::bit_cast<be32>(wire.cost).host();
    message.bridge = wire.bridge;
    message.port = std::bit_cast<be16>(wire.port).host();
    message.age_s = le16(wire.age);
    message.max_age_s = le16(wire.max_age);
    message.hello_s = le16(wire.hello);
    message.forward_delay_s = le16(wire.forward_delay);
    return message;
}

}  // namespace switchd::vde
