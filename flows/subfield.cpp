#include "flows/subfield.h"

namespace switchd {
namespace {

constexpr unsigned vlan_id_bits = 12;  // moves leave alone whether there is a tag
constexpr unsigned nicira_port_bits = 16;

unsigned shift_of(const Subfield& subfield) {
    return subfield.nicira ? match_field(subfield.field).nxm_shift : 0;
}

// The whole field in the subfield's layout.
FieldValue laid_out(const Subfield& subfield, const FlowKey& key) {
    const FieldValue value = match_field(subfield.field).get(key);
    if (subfield.field == FieldId::in_port && subfield.nicira)
        return {0, port_to_16(static_cast<PortNumber>(value.low))};
    return shifted_left(value, shift_of(subfield));
}

// A number that is no port's is nobody's.
PortNumber port_of(std::uint64_t number, bool nicira) {
    if (nicira) return port_from_16(static_cast<std::uint16_t>(number));
    const auto port = static_cast<PortNumber>(number);
    return valid_port(port) ? port : port_from_16(0xffff);
}

}  // namespace

Subfield whole_field(const MatchField& field, bool nicira) {
    Subfield whole{field.id, field.two_layouts() ? nicira : field.nxm != 0};
    unsigned bits = field.bits + shift_of(whole);
    if (field.id == FieldId::vlan_vid) bits = vlan_id_bits;
    if (field.id == FieldId::in_port && whole.nicira) bits = nicira_port_bits;
    whole.bits = static_cast<std::uint8_t>(bits);
    return whole;
}

Subfield part_of(const Subfield& whole, unsigned first, unsigned bits) {
    return {whole.field, whole.nicira, static_cast<std::uint8_t>(first),
            static_cast<std::uint8_t>(bits)};
}

FieldValue read_subfield(const Subfield& subfield, const FlowKey& key) {
    return shifted_right(laid_out(subfield, key), subfield.first) & lowest_bits(subfield.bits);
}

FieldValue bits_read(const Subfield& subfield) {
    const FieldValue all = match_field(subfield.field).ones();
    if (subfield.field == FieldId::in_port) return all;
    const FieldValue bits = shifted_left(lowest_bits(subfield.bits), subfield.first);
    return shifted_right(bits, shift_of(subfield)) & all;
}

SubfieldChange change_subfield(const Subfield& subfield, const FlowKey& key, FieldValue bits) {
    const FieldValue moved = shifted_left(bits & lowest_bits(subfield.bits), subfield.first);
    const FieldValue mask = bits_read(subfield);
    if (subfield.field == FieldId::in_port) {
        const FieldValue kept = ~shifted_left(lowest_bits(subfield.bits), subfield.first);
        const FieldValue number = (laid_out(subfield, key) & kept) | moved;
        return {{0, port_of(number.low, subfield.nicira)}, mask};
    }
    return {shifted_right(moved, shift_of(subfield)) & mask, mask};
}

}  // namespace switchd
