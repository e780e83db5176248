#include "flows/text_error.h"

#include "tests/support/catch.h"

namespace switchd::test {

TEST_CASE("an error is shown with a caret below its place and a sentence", "[flows]") {
    CHECK(explained("priority=x", {9, "priority \"x\" is no number", "a number"}) ==
          "priority=x\n"
          "         ^\n"
          "priority \"x\" is no number; expected a number.\n");
    CHECK(explained("", {0, "nothing", "something"}) == "\n^\nnothing; expected something.\n");
}

TEST_CASE("of a long line only the surroundings of the error are shown", "[flows]") {
    const std::string line = std::string(100, 'a') + 'X' + std::string(100, 'b');
    CHECK(explained(line, {100, "w", "e"}) == "..." + std::string(60, 'a') + 'X' +
                                                  std::string(39, 'b') + "...\n" +
                                                  std::string(63, ' ') + "^\nw; expected e.\n");
}

TEST_CASE("what would do something to a terminal is not shown", "[flows]") {
    CHECK(explained("a\x1b[2J\n", {1, "w", "e"}) == "a?[2J?\n ^\nw; expected e.\n");
}

}  // namespace switchd::test
