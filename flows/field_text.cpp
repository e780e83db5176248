#include "flows/field_text.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>

#include "flows/rule_actions.h"
#include "switchd/core/mac_address.h"

namespace switchd {
namespace {

struct NamedPort {
    std::string_view name;
    PortNumber port;
};
constexpr NamedPort named_ports[] = {
    {"IN_PORT", reserved_port::in_port}, {"TABLE", reserved_port::table},
    {"NORMAL", reserved_port::normal},   {"FLOOD", reserved_port::flood},
    {"ALL", reserved_port::all},         {"CONTROLLER", reserved_port::controller},
    {"LOCAL", reserved_port::local},     {"ANY", reserved_port::any},
    {"NONE", reserved_port::any},        {"UNSET", reserved_port::unset},
};

// OpenFlow 1.0 has the reserved ports in the uppermost of 16 bits.
constexpr PortNumber reserved_first = 0xffffff00, reserved_first_16 = 0xff00, ordinary_max = 0xfeff;

// Of 16 bits, the lower ones tell operations apart.
constexpr std::uint64_t arp_operation_max = 0xff;

bool equal_in_any_case(std::string_view text, std::string_view upper) {
    return std::ranges::equal(text, upper, [](char a, char b) {
        return (a >= 'a' && a <= 'z' ? static_cast<char>(a - 'a' + 'A') : a) == b;
    });
}

struct FragmentName {
    std::string_view name;
    MaskedValue value;
};
// Bit 0: a fragment, bit 1: not the first. The first of a name is what it is read as.
constexpr FragmentName fragment_names[] = {
    {"no", {{0, 0}, {0, 3}}},    {"first", {{0, 1}, {0, 3}}}, {"later", {{0, 3}, {0, 3}}},
    {"yes", {{0, 1}, {0, 1}}},   {"no", {{0, 0}, {0, 1}}},    {"not_later", {{0, 0}, {0, 2}}},
    {"later", {{0, 2}, {0, 2}}},
};

constexpr std::string_view flag_names[] = {"fin", "syn", "rst", "psh",   "ack",   "urg",
                                           "ece", "cwr", "ns",  "[200]", "[400]", "[800]"};
constexpr std::string_view flags_expected =
    "a number, \"+syn-ack\" or \"syn|ack\" of fin, syn, rst, psh, ack, urg, ece, cwr, ns";

// inet_pton() wants a terminated string; no address is longer.
bool parse_address(int family, std::string_view text, std::span<std::uint8_t> bytes) {
    char terminated[INET6_ADDRSTRLEN] = {};
    if (text.size() >= sizeof terminated) return false;
    std::ranges::copy(text, terminated);
    return inet_pton(family, terminated, bytes.data()) == 1;
}

std::optional<FieldValue> parse_ipv4(std::string_view text) {
    std::array<std::uint8_t, 4> bytes;
    if (!parse_address(AF_INET, text, bytes)) return std::nullopt;
    FieldValue value;
    for (const auto byte : bytes) value.low = value.low << 8 | byte;
    return value;
}

std::optional<FieldValue> parse_ipv6(std::string_view text) {
    std::array<std::uint8_t, 16> bytes;
    if (!parse_address(AF_INET6, text, bytes)) return std::nullopt;
    FieldValue value;
    for (std::size_t i = 0; i < 8; ++i) {
        value.high = value.high << 8 | bytes[i];
        value.low = value.low << 8 | bytes[8 + i];
    }
    return value;
}

std::string ipv4_text(FieldValue value) {
    return fmt::format("{}.{}.{}.{}", value.low >> 24 & 0xff, value.low >> 16 & 0xff,
                       value.low >> 8 & 0xff, value.low & 0xff);
}

std::string ipv6_text(FieldValue value) {
    std::array<std::uint8_t, 16> bytes;
    for (std::size_t i = 0; i < 8; ++i) {
        bytes[i] = static_cast<std::uint8_t>(value.high >> (56 - 8 * i));
        bytes[8 + i] = static_cast<std::uint8_t>(value.low >> (56 - 8 * i));
    }
    char text[INET6_ADDRSTRLEN];
    return inet_ntop(AF_INET6, bytes.data(), text, sizeof text);
}

// The uppermost `length` of `bits` bits.
FieldValue prefix_mask(unsigned length, unsigned bits) {
    const auto upper = [](unsigned count) {
        return count == 0 ? 0 : ~std::uint64_t{0} << (64 - std::min(count, 64u));
    };
    if (bits == 128) return {upper(std::min(length, 64u)), length > 64 ? upper(length - 64) : 0};
    return {0, upper(length) >> (64 - bits)};
}

std::optional<unsigned> prefix_length(FieldValue mask, unsigned bits) {
    const unsigned length =
        static_cast<unsigned>(std::popcount(mask.high) + std::popcount(mask.low));
    if (prefix_mask(length, bits) != mask) return std::nullopt;
    return length;
}

std::string hexadecimal_text(FieldValue value, int width = 0) {
    if (value.high != 0) return fmt::format("{:#x}{:016x}", value.high, value.low);
    if (width != 0) return fmt::format("0x{:0{}x}", value.low, width);
    return value.low == 0 ? "0" : fmt::format("{:#x}", value.low);
}

std::string flags_text(const MatchField& field, const MaskedValue& value) {
    std::string text;
    const bool exact = value.mask == field.ones();
    if (exact && value.value.zero()) return "0";
    for (std::size_t i = 0; i < std::size(flag_names); ++i) {
        const bool masked = (value.mask.low >> i & 1) != 0, set = (value.value.low >> i & 1) != 0;
        if (!masked || (exact && !set)) continue;
        if (!exact)
            text += set ? '+' : '-';
        else if (!text.empty())
            text += '|';
        text += flag_names[i];
    }
    return text;
}

std::string fragment_text(const MaskedValue& value) {
    for (const FragmentName& named : fragment_names)
        if (named.value.value == value.value && named.value.mask == value.mask)
            return std::string(named.name);
    return fmt::format("{:#x}/{:#x}", value.value.low, value.mask.low);
}

std::string value_text(const MatchField& field, const MaskedValue& value, bool in_match) {
    const bool exact = value.mask == field.ones();
    const auto with_mask = [&](auto format) {
        std::string text = format(value.value);
        if (!exact) text += '/' + format(value.mask);
        return text;
    };
    const auto address = [&](auto format) {
        const auto length = prefix_length(value.mask, field.bits);
        if (exact || !length) return with_mask(format);
        return fmt::format("{}/{}", format(value.value), *length);
    };
    const int digits = in_match ? (field.bits + 3) / 4 : 0;

    switch (field.format) {
        case FieldFormat::decimal:
            if (exact) return fmt::format("{}", value.value.low);
            if (in_match) return fmt::format("{:#x}/{:#x}", value.value.low, value.mask.low);
            return fmt::format("{}/{:#x}", value.value.low, value.mask.low);
        case FieldFormat::hexadecimal:
            return with_mask([](FieldValue part) { return hexadecimal_text(part); });
        case FieldFormat::hexadecimal_padded:
            return with_mask([&](FieldValue part) { return hexadecimal_text(part, digits); });
        case FieldFormat::port:
            if (!exact) return fmt::format("{:#x}/{:#x}", value.value.low, value.mask.low);
            return port_text(static_cast<PortNumber>(value.value.low));
        case FieldFormat::mac:
            return with_mask(
                [](FieldValue part) { return MacAddress::from_u64(part.low).to_string(); });
        case FieldFormat::ipv4: return address(ipv4_text);
        case FieldFormat::ipv6: return address(ipv6_text);
        case FieldFormat::fragment: return fragment_text(value);
        case FieldFormat::tcp_flags: return flags_text(field, value);
    }
    return {};
}

// One value of one field on its way from text.
class ValueReader {
public:
    ValueReader(TextReader& reader, const MatchField& field, std::string_view name,
                const PortResolver& ports)
        : reader_(reader), field_(field), name_(name), ports_(ports) {}

    std::optional<MaskedValue> read(std::string_view text) {
        if (field_.format == FieldFormat::fragment) return fragment(text);
        if (field_.format == FieldFormat::tcp_flags && !text.empty() &&
            (text[0] < '0' || text[0] > '9'))
            return flags(text);

        const Divided parts = divided(text, "/");
        const auto value = one(parts.front, false);
        if (!value) return std::nullopt;
        if (!parts.back) return MaskedValue{*value, field_.ones()};
        const auto mask = mask_of(*parts.back);
        if (!mask) return std::nullopt;
        if (!field_.maskable && *mask != field_.ones())
            return reader_.fail(*parts.back, fmt::format("{} cannot have a mask", name_),
                                "the whole value");
        return MaskedValue{*value & *mask, *mask};
    }

private:
    std::optional<FieldValue> mask_of(std::string_view text) {
        const bool address =
            field_.format == FieldFormat::ipv4 || field_.format == FieldFormat::ipv6;
        if (address && text.find_first_of(".:") == text.npos) {
            const auto length = reader_.number(text, "the prefix length", field_.bits);
            if (!length) return std::nullopt;
            return prefix_mask(static_cast<unsigned>(*length), field_.bits);
        }
        return one(text, true);
    }

    std::optional<FieldValue> one(std::string_view text, bool is_mask) {
        const auto checked = [&](std::optional<FieldValue> value, std::string_view expected) {
            if (!value)
                reader_.fail(text, fmt::format("{} cannot be {}", name_, quoted(text)),
                             std::string(expected));
            return value;
        };
        switch (field_.format) {
            case FieldFormat::mac: {
                const auto mac = MacAddress::parse(text);
                return checked(mac ? std::optional(FieldValue{0, mac->to_u64()}) : std::nullopt,
                               "an address like 02:00:00:00:00:01");
            }
            case FieldFormat::ipv4: return checked(parse_ipv4(text), "an address like 10.0.0.1");
            case FieldFormat::ipv6: return checked(parse_ipv6(text), "an address like fe80::1");
            case FieldFormat::port:
                if (!is_mask) {
                    const auto port = read_port(reader_, text, ports_);
                    if (!port) return std::nullopt;
                    return FieldValue{0, *port};
                }
                break;
            default: break;
        }
        const unsigned shift = text_shift(field_, name_);
        FieldValue max = field_.ones();
        if (field_.id == FieldId::arp_op) max.low = arp_operation_max;
        max.low = max.low << shift | ((1u << shift) - 1);
        auto value = reader_.wide_number(text, name_, max);
        if (value) value->low >>= shift;
        return value;
    }

    std::optional<MaskedValue> fragment(std::string_view text) {
        for (const FragmentName& named : fragment_names)
            if (named.name == text) return named.value;
        return reader_.fail(text, fmt::format("{} cannot be {}", name_, quoted(text)),
                            "no, yes, first, later or not_later");
    }

    // "+syn-ack": these flags; "syn|ack": exactly these flags.
    std::optional<MaskedValue> flags(std::string_view text) {
        const bool exact = text[0] != '+' && text[0] != '-';
        MaskedValue flags;
        while (!text.empty()) {
            const char sign = text[0];
            if (!exact) {
                if (sign != '+' && sign != '-') break;
                text.remove_prefix(1);
            }
            const std::string_view name = text.substr(0, text.find_first_of("+-|"));
            const auto it = std::ranges::find(flag_names, name);
            if (it == std::end(flag_names))
                return reader_.fail(text, fmt::format("there is no TCP flag {}", quoted(name)),
                                    std::string(flags_expected));
            const std::uint64_t bit = 1u << (it - std::begin(flag_names));
            if ((flags.mask.low & bit) != 0)
                return reader_.fail(text, fmt::format("the TCP flag {} is said twice", name),
                                    "each flag once");
            flags.mask.low |= bit;
            if (exact || sign == '+') flags.value.low |= bit;
            text.remove_prefix(name.size());
            if (exact && text.size() > 1 && text[0] == '|')
                text.remove_prefix(1);
            else if (exact)
                break;
        }
        if (!text.empty())
            return reader_.fail(text, fmt::format("{} cannot go on with {}", name_, quoted(text)),
                                std::string(flags_expected));
        if (exact) flags.mask = field_.ones();
        return flags;
    }

    TextReader& reader_;
    const MatchField& field_;
    std::string_view name_;
    const PortResolver& ports_;
};

}  // namespace

std::optional<PortNumber> read_port(TextReader& reader, std::string_view text,
                                    const PortResolver& ports) {
    for (const NamedPort& named : named_ports)
        if (equal_in_any_case(text, named.name)) return named.port;
    if (!text.empty() && text[0] >= '0' && text[0] <= '9') {
        const auto number = reader.number(text, "port", 0xffffffff);
        if (!number) return std::nullopt;
        const auto port = static_cast<PortNumber>(*number);
        if (port <= ordinary_max || port >= reserved_first) return port;
        if (port >= reserved_first_16 && port <= 0xffff) return port | 0xffff0000;
        return reader.fail(text, fmt::format("{} is no port number", text),
                           fmt::format("a number from 0 to {}, or a name", ordinary_max));
    }
    if (ports)
        if (const auto port = ports(text)) return port;
    return reader.fail(
        text, fmt::format("there is no port {}", quoted(text)),
        "a port's number, its name while it exists, or one of IN_PORT, TABLE, NORMAL, FLOOD, ALL, "
        "CONTROLLER, LOCAL, ANY");
}

bool is_reserved_port_name(std::string_view text) {
    return std::ranges::any_of(
        named_ports, [&](const NamedPort& named) { return equal_in_any_case(text, named.name); });
}

std::string port_text(PortNumber port) {
    for (const NamedPort& named : named_ports)
        if (named.port == port) return std::string(named.name);
    return fmt::format("{}", port >= reserved_first ? port_to_16(port) : port);
}

unsigned text_shift(const MatchField& field, std::string_view name) {
    return name == field.name || name == field.nxm_name ? field.nxm_shift : 0;
}

std::optional<MaskedValue> read_field_value(TextReader& reader, const MatchField& field,
                                            std::string_view name, std::string_view text,
                                            const PortResolver& ports) {
    return ValueReader(reader, field, name, ports).read(text);
}

std::string match_value_text(const MatchField& field, const MaskedValue& value) {
    const unsigned shift = field.nxm_shift;
    if (shift == 0) return value_text(field, value, true);
    if (value.mask == field.ones()) return fmt::format("{}", value.value.low << shift);
    return fmt::format("{:#x}/{:#x}", value.value.low << shift, value.mask.low << shift);
}

std::string action_value_text(const MatchField& field, const MaskedValue& value) {
    return value_text(field, value, false);
}

}  // namespace switchd
