#include "tests/vde-compat/console_lab.h"

namespace switchd::vde::test {

TEST_CASE("hash commands answer as vde_switch does") {
    ConsoleLab lab;
    lab.plug_two();
    auto session = lab.session();
    check_transcript(session, R"(
> hash/showinfo
0000 DATA END WITH '.'
Hash size 128
GC interval 2 secs
GC expire 100 secs
Min persistence 3 secs
.
1000 Success
> hash/find
0000 DATA END WITH '.'
.
1022 Invalid argument
> hash/find zz
0000 DATA END WITH '.'
.
1022 Invalid argument
> hash/find 02:00:00:00:00
0000 DATA END WITH '.'
.
1022 Invalid argument
> hash/find 02:00:00:00:00:99
0000 DATA END WITH '.'
.
1019 No such device
> hash/find 02:00:00:00:00:01 1
0000 DATA END WITH '.'
.
1019 No such device
> hash/find 02:00:00:00:00:01 4096
0000 DATA END WITH '.'
.
1019 No such device
> hash/find 02:00:00:00:00:01 -1
0000 DATA END WITH '.'
.
1019 No such device
> hash/setgcint 7
1000 Success
> hash/setexpire 12x
1000 Success
> hash/setminper abc
1000 Success
> hash/showinfo
0000 DATA END WITH '.'
Hash size 128
GC interval 7 secs
GC expire 12 secs
Min persistence 0 secs
.
1000 Success
> hash/setgcint
1000 Success
> hash/showinfo
0000 DATA END WITH '.'
Hash size 128
GC interval 0 secs
GC expire 12 secs
Min persistence 0 secs
.
1000 Success
> hash/setsize
1022 Invalid argument
> hash/setsize 0
1022 Invalid argument
> hash/setsize -3
1022 Invalid argument
> hash/setsize abc
1022 Invalid argument
> hash/setsize 100
1000 Success
> hash/print
0000 DATA END WITH '.'
.
1000 Success
> hash/showinfo
0000 DATA END WITH '.'
Hash size 128
GC interval 0 secs
GC expire 12 secs
Min persistence 0 secs
.
1000 Success
> hash
1038 Function not implemented
)");
}

TEST_CASE("an address is found with its real port, in every spelling") {
    ConsoleLab lab;
    lab.model.mac_table = {
        {MacAddress::from_u64(0x020000000001), 258, 31, std::chrono::seconds{12}}};
    auto session = lab.session();
    drain(session);
    const auto spelling = GENERATE("02:00:00:00:00:01", "02.00.00.00.00.01", "2:0:0:0:0:1");
    const auto reply = ask(session, std::string("hash/find ") + spelling + " 258\n");
    CHECK(reply.starts_with("0000 DATA END WITH '.'\nHash: 0"));
    CHECK(
        reply.ends_with(" Addr: 02:00:00:00:00:01 VLAN 0258 to port: 031  age 12 secs\n.\n"
                        "1000 Success\n"));
}

TEST_CASE("a table of 100,000 addresses is printed whole") {
    ConsoleLab lab;
    for (unsigned i = 0; i < 100'000; ++i)
        lab.model.mac_table.push_back({MacAddress::from_u64(0x020000000000 + i), 0, 1});
    auto session = lab.session();
    drain(session);
    const auto reply = ask(session, "hash/print\n");
    CHECK(std::ranges::count(reply, '\n') == 100'003);
    CHECK(reply.ends_with("\n.\n1000 Success\n"));
}

TEST_CASE("changing the size of the hash table forgets its addresses") {
    ConsoleLab lab;
    lab.model.mac_table = {{MacAddress::from_u64(0x020000000001), 0, 1}};
    auto session = lab.session();
    drain(session);
    CHECK(ask(session, "hash/setsize 1000\n") == "1000 Success\n");
    CHECK(lab.model.mac_table.empty());
    CHECK(lab.model.settings.hash_size == 1024);
    CHECK(ask(session, "hash/setsize 99999999\n") == "1012 Cannot allocate memory\n");
}

}  // namespace switchd::vde::test
