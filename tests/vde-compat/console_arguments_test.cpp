#include "vde-compat/console_arguments.h"

#include "tests/support/catch.h"

namespace switchd::vde::test {

TEST_CASE("a number is one whole word") {
    CHECK(ConsoleArguments(" 42 7").number() == 42);
    CHECK(ConsoleArguments("-1").number() == -1);
    CHECK(ConsoleArguments("+3").number() == 3);
    CHECK(ConsoleArguments("007").number() == 7);
    CHECK(ConsoleArguments("2147483647").number() == 2147483647);
    for (const auto* wrong : {"", "abc", "7x", "0x7", "1.5", "--1", "+-1", "-", "2147483648",
                              "99999999999999999999", "4294967297"}) {
        INFO(wrong);
        CHECK_FALSE(ConsoleArguments(wrong).number());
    }
}

TEST_CASE("commands with several arguments take hexadecimal and octal numbers too") {
    ConsoleArguments arguments("0x10 010 10 0 -0x2 08");
    CHECK(arguments.any_number() == 16);
    CHECK(arguments.any_number() == 8);
    CHECK(arguments.any_number() == 10);
    CHECK(arguments.any_number() == 0);
    CHECK(arguments.any_number() == -2);
    CHECK_FALSE(arguments.any_number());
    CHECK_FALSE(arguments.any_number());
}

TEST_CASE("the rest is what follows the words taken, without blanks around it") {
    ConsoleArguments arguments("  a \t b  c \r\n");
    CHECK(arguments.word() == "a");
    CHECK(arguments.rest() == "b  c");
    CHECK(ConsoleArguments(" \t ").rest().empty());
    CHECK(ConsoleArguments(" \t ").word().empty());
}

TEST_CASE("a loose number is whatever number a text starts with") {
    CHECK(loose_number("12x") == 12);
    CHECK(loose_number(" -4 ") == -4);
    CHECK(loose_number("+1") == 1);
    CHECK(loose_number("abc") == 0);
    CHECK(loose_number("") == 0);
}

}  // namespace switchd::vde::test
