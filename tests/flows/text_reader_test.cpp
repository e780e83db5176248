#include "flows/text_reader.h"

#include <vector>

#include "tests/support/catch.h"

namespace switchd::test {
namespace {

struct Taken {
    std::vector<std::string> parts;  // name, delimiter, value
    std::optional<TextError> error;
};

Taken taken(std::string_view line) {
    Taken result;
    TextReader reader(line);
    std::string_view rest = line;
    while (const auto part = reader.next(rest)) {
        std::string text(part->name);
        if (part->has_value()) text += part->delimiter;
        result.parts.push_back(text + std::string(part->value));
    }
    result.error = reader.error();
    return result;
}

std::optional<std::uint64_t> number(std::string_view text, std::uint64_t max) {
    return TextReader(text).number(text, "n", max);
}

}  // namespace

TEST_CASE("a line is taken apart at commas and blanks", "[flows]") {
    CHECK(taken("").parts.empty());
    CHECK(taken(" , ,").parts.empty());
    CHECK(taken("ip, a=b\tc:d,,e(f,g(h)) i=").parts ==
          std::vector<std::string>{"ip", "a=b", "c:d", "e(f,g(h)", "i="});
    CHECK(taken("set_field:fe80::1->ipv6_src,dl_src=02:00:00:00:00:01").parts ==
          std::vector<std::string>{"set_field:fe80::1->ipv6_src", "dl_src=02:00:00:00:00:01"});
    CHECK(taken("a=b(c,d),e").parts == std::vector<std::string>{"a=b(c,d)", "e"});
}

TEST_CASE("parentheses and names that are missing are told", "[flows]") {
    CHECK(taken("a,(b)").error->position == 2);
    CHECK(taken("a,=b").error->position == 2);
    CHECK(taken("a(b,c").error->position == 5);
    CHECK(taken("a=b(c").error->position == 5);
    CHECK(taken("a)").error->position == 1);
    CHECK(taken("a(b)c").error->position == 4);
    CHECK(taken(std::string(flow_text_max, ',')).error == std::nullopt);
    CHECK(taken(std::string(flow_text_max + 1, ',')).error->position == flow_text_max);
}

TEST_CASE("the first error stands", "[flows]") {
    const std::string_view line = "abc";
    TextReader reader(line);
    reader.fail(line.substr(1), "first", "x");
    reader.fail(line, "second", "y");
    CHECK(reader.error() == TextError{1, "first", "x"});
}

TEST_CASE("a value is there or not as it must", "[flows]") {
    const std::string_view line = "a=1,b";
    TextReader reader(line);
    std::string_view rest = line;
    const auto with = reader.next(rest), without = reader.next(rest);
    CHECK(reader.value_of(*with, "a value") == "1");
    CHECK(with->whole() == "a=1");
    CHECK(without->whole() == "b");
    CHECK(reader.bare(*without));
    CHECK_FALSE(reader.value_of(*without, "a value"));
    CHECK(reader.error()->position == 5);
    TextReader other(line);
    CHECK_FALSE(other.bare(*with));
    CHECK(other.error()->position == 2);
}

TEST_CASE("numbers are decimal or hexadecimal and not too large", "[flows]") {
    CHECK(number("0", 0) == 0);
    CHECK(number("010", 10) == 10);
    CHECK(number("0xFf", 255) == 255);
    CHECK(number("18446744073709551615", ~0ull) == ~0ull);
    CHECK(number("0xffffffffffffffff", ~0ull) == ~0ull);
    for (const std::string_view wrong : {"", "0x", "1a", "-1", "+1", " 1", "0xg", "256", "0x100",
                                         "18446744073709551616", "0x10000000000000000"}) {
        INFO(wrong);
        CHECK_FALSE(number(wrong, 255));
    }
    TextReader reader("0x1000000000000000000000000000000f");
    const auto wide = reader.wide_number("0x1000000000000000000000000000000f", "n", {~0ull, ~0ull});
    REQUIRE(wide);
    CHECK(*wide == FieldValue{0x1000000000000000, 0xf});
}

TEST_CASE("a message quotes a little of the line", "[flows]") {
    CHECK(quoted("a\nb") == "\"a?b\"");
    CHECK(quoted(std::string(50, 'x')) == '"' + std::string(40, 'x') + "...\"");
}

TEST_CASE("text is divided where the divider first stands", "[flows]") {
    CHECK(divided("a->b->c", "->").front == "a");
    CHECK(divided("a->b->c", "->").back == "b->c");
    CHECK(divided("a", "/").front == "a");
    CHECK(divided("a", "/").back == std::nullopt);
    CHECK(divided("a/", "/").back == "");
}

}  // namespace switchd::test
