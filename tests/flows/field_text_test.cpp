#include "flows/field_text.h"

#include <random>

#include "flows/rule_actions.h"
#include "tests/flows/random_rules.h"
#include "tests/flows/seeds.h"
#include "tests/support/catch.h"

namespace switchd::test {
namespace {

std::optional<PortNumber> port(std::string_view text) {
    TextReader reader(text);
    return read_port(reader, text, [](std::string_view name) -> std::optional<PortNumber> {
        if (name == "vm1") return 7;
        return std::nullopt;
    });
}

}  // namespace

TEST_CASE("ports are numbers, reserved names in any case, or known names", "[flows]") {
    CHECK(port("0") == 0u);
    CHECK(port("65279") == 65279u);
    CHECK(port("LOCAL") == reserved_port::local);
    CHECK(port("in_port") == reserved_port::in_port);
    CHECK(port("Normal") == reserved_port::normal);
    CHECK(port("none") == reserved_port::any);
    CHECK(port("65534") == reserved_port::local);
    CHECK(port("4294967294") == reserved_port::local);
    CHECK(port("65285") == 0xffffff05);
    CHECK(port_text(0xffffff05) == "65285");
    CHECK(port("vm1") == 7u);
    for (const std::string_view wrong : {"", "vm2", "65536", "4294967039", "4294967296", "-1"}) {
        INFO(wrong);
        CHECK_FALSE(port(wrong));
    }
    for (const std::string_view name :
         {"IN_PORT", "TABLE", "NORMAL", "FLOOD", "ALL", "CONTROLLER", "LOCAL", "ANY", "UNSET", "1"})
        CHECK(port_text(*port(name)) == name);
}

TEST_CASE("a printed value reads back, as a match and as an action write it", "[flows][property]") {
    for (const auto seed : seeds(100)) {
        INFO("rerun with seed " << seed);
        std::mt19937_64 random{seed};
        for (const MatchField& field : match_fields()) {
            const MaskedValue value = random_value(random, field);
            if (field.format == FieldFormat::tcp_flags && value.mask.zero()) continue;
            for (const bool in_match : {true, false}) {
                const std::string text =
                    in_match ? match_value_text(field, value) : action_value_text(field, value);
                const std::string_view name = in_match ? field.name : field.action_name;
                INFO(name << '=' << text);
                TextReader reader(text);
                const auto again = read_field_value(reader, field, name, text, {});
                if (!again) FAIL(explained(text, *reader.error()));
                CHECK(again->value == value.value);
                CHECK(again->mask == value.mask);
            }
        }
    }
}

TEST_CASE("a TOS is counted with the bits that are not its own", "[flows]") {
    const MatchField& field = match_field(FieldId::ip_dscp);
    for (const auto& [name, text] : {std::pair{"nw_tos", "32"}, std::pair{"NXM_OF_IP_TOS", "32"},
                                     std::pair{"ip_dscp", "8"}, std::pair{"OXM_OF_IP_DSCP", "8"}}) {
        const std::string_view view = text;
        TextReader reader(view);
        CHECK(read_field_value(reader, field, name, view, {})->value == FieldValue{0, 8});
    }
    CHECK(match_value_text(field, {{0, 8}, field.ones()}) == "32");
    CHECK(action_value_text(field, {{0, 8}, field.ones()}) == "8");
}

}  // namespace switchd::test
