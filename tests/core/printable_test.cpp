#include "switchd/core/printable.h"

#include "tests/support/catch.h"

using namespace switchd;

TEST_CASE("text that can be shown stays as it is", "[printable]") {
    const char* const text =
        GENERATE("", "QEMU user=ann pid=21740", "~ !\"#%'\\", "d\u00e9j\u00e0 vu", "\u00a0\u07ff",
                 "\u0800\u2027\u202f\ud7ff\ue000\uffff", "\U00010000 \U0001f50c \U0010ffff");
    CHECK(printable(text) == text);
}

TEST_CASE("a control character becomes one question mark", "[printable]") {
    for (int c = 0; c < 0x20; ++c) {
        INFO("byte " << c);
        CHECK(printable(std::string{'a', static_cast<char>(c), 'b'}) == "a?b");
    }
    CHECK(printable("a\x7f") == "a?");
    CHECK(printable("two\nlines\r\n\t\x1b[2J") == "two?lines????[2J");
}

// In UTF-8 they have two bytes, U+009B being as good as ESC [, or three.
TEST_CASE("what moves the cursor or ends a line above ASCII is no text either", "[printable]") {
    CHECK(printable("\xc2\x80.\xc2\x9b.2J.\xc2\x9f") == "??.??.2J.??");
    CHECK(printable("\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xae") == "?????????");
}

TEST_CASE("bytes that are no UTF-8 are replaced, each alone", "[printable]") {
    CHECK(printable("\xff\xfe") == "??");
    CHECK(printable("M\xfcller") == "M?ller");
    CHECK(printable("\x80\xbf") == "??");         // the second byte of nothing
    CHECK(printable("\xc3") == "?");              // cut
    CHECK(printable("\xe2\x82") == "??");         // cut
    CHECK(printable("\xf0\x9f\x94x") == "???x");  // cut
    CHECK(printable("\xc0\xaf") == "??");         // '/' spelled too long
    CHECK(printable("\xe0\x80\xaf\xe0\x9f\xbf") == "??????");
    CHECK(printable("\xf0\x8f\xbf\xbf") == "????");
    CHECK(printable("\xed\xa0\x80") == "???");            // half of a UTF-16 pair
    CHECK(printable("\xf4\x90\x80\x80") == "????");       // above U+10FFFF
    CHECK(printable("\xf8\x88\x80\x80\x80") == "?????");  // five bytes
    CHECK(printable("\xc3\xc3\xa9") == "?\u00e9");        // and what follows is found again
    CHECK(printable(std::string("\0\0", 2)) == "??");
}
