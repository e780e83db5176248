#include "switchd/json_stream.h"

#include "tests/support/catch.h"

using namespace switchd;

TEST_CASE("objects are cut where they end, however they come in", "[json_stream]") {
    const std::string text = R"( {"a":{"b":"}"}}{"c":"\"}\\"}
{})";
    const auto pieces = GENERATE(1U, 2U, 7U, 1000U);
    JsonStream stream{100};
    std::vector<std::string> objects;
    for (std::size_t at = 0; at < text.size(); at += pieces) {
        REQUIRE(stream.append(std::string_view(text).substr(at, pieces)));
        while (const auto object = stream.next()) objects.push_back(*object);
    }
    CHECK(objects == std::vector<std::string>{R"({"a":{"b":"}"}})", R"({"c":"\"}\\"})", "{}"});
    CHECK_FALSE(stream.broken());
}

TEST_CASE("what begins with no object breaks the stream", "[json_stream]") {
    const auto text = GENERATE("x", "[]", "{}1", " \n\"a\"", "}");
    JsonStream stream{100};
    REQUIRE(stream.append(text));
    while (stream.next()) continue;
    CHECK(stream.broken());
    CHECK(stream.append("{}"));
    CHECK_FALSE(stream.next());
}

TEST_CASE("an object without end fills no more than it may", "[json_stream]") {
    JsonStream stream{10};
    CHECK(stream.append("{\"a\":"));
    CHECK_FALSE(stream.next());
    CHECK_FALSE(stream.append("[[[[[["));
}
