#include "tests/vde-compat/console_lab.h"

namespace switchd::vde::test {

TEST_CASE("port commands answer as vde_switch does") {
    ConsoleLab lab;
    lab.plug_two();
    auto session = lab.session();
    check_transcript(session, R"(
> port/showinfo
0000 DATA END WITH '.'
Numports=32
HUB=false
counters=true
.
1000 Success
> port/print
0000 DATA END WITH '.'
Port 0001 untagged_vlan=0000 ACTIVE - Unnamed Allocatable
 Current User: root Access Control: (User: NONE - Group: NONE)
 IN:  pkts          1          bytes                   60
 OUT: pkts          1          bytes                   60
  -- endpoint ID 0003 module unix prog   : first
Port 0002 untagged_vlan=0000 ACTIVE - Unnamed Allocatable
 Current User: root Access Control: (User: NONE - Group: NONE)
 IN:  pkts          1          bytes                   60
 OUT: pkts          1          bytes                   60
  -- endpoint ID 0009 module unix prog   : 
  -- endpoint ID 0007 module unix prog   : second
.
1000 Success
> port/print 2
0000 DATA END WITH '.'
Port 0002 untagged_vlan=0000 ACTIVE - Unnamed Allocatable
 Current User: root Access Control: (User: NONE - Group: NONE)
 IN:  pkts          1          bytes                   60
 OUT: pkts          1          bytes                   60
  -- endpoint ID 0009 module unix prog   : 
  -- endpoint ID 0007 module unix prog   : second
.
1000 Success
> port/print2
0000 DATA END WITH '.'
Port 0002 untagged_vlan=0000 ACTIVE - Unnamed Allocatable
 Current User: root Access Control: (User: NONE - Group: NONE)
 IN:  pkts          1          bytes                   60
 OUT: pkts          1          bytes                   60
  -- endpoint ID 0009 module unix prog   : 
  -- endpoint ID 0007 module unix prog   : second
.
1000 Success
> port/print 1 2
0000 DATA END WITH '.'
Port 0001 untagged_vlan=0000 ACTIVE - Unnamed Allocatable
 Current User: root Access Control: (User: NONE - Group: NONE)
 IN:  pkts          1          bytes                   60
 OUT: pkts          1          bytes                   60
  -- endpoint ID 0003 module unix prog   : first
.
1000 Success
> port/print 3
0000 DATA END WITH '.'
.
1006 No such device or address
> port/print 99
0000 DATA END WITH '.'
.
1022 Invalid argument
> port/print -1
0000 DATA END WITH '.'
.
1022 Invalid argument
> port/print abc
# vde_switch reads 0
0000 DATA END WITH '.'
.
1022 Invalid argument
> port/print 0x2
# vde_switch reads 0
0000 DATA END WITH '.'
.
1022 Invalid argument
> port/allprint 5
0000 DATA END WITH '.'
.
1006 No such device or address
> port/allprint 100
0000 DATA END WITH '.'
.
1022 Invalid argument
> port/create 5
1000 Success
> port/create 5
1017 File exists
> port/create -1
1022 Invalid argument
> port/create 99
1022 Invalid argument
> port/create 7x
# vde_switch creates port 7
1022 Invalid argument
> port/create
# vde_switch reads 0: any port
1022 Invalid argument
> port/create 31
1000 Success
> port/create 0
1000 Success
> port/createauto
0000 DATA END WITH '.'
Port 0004
.
1000 Success
> port/allprint 5
0000 DATA END WITH '.'
Port 0005 untagged_vlan=0000 INACTIVE - NOT Unnamed Allocatable
 Current User: NONE Access Control: (User: NONE - Group: NONE)
 IN:  pkts          0          bytes                    0
 OUT: pkts          0          bytes                    0
.
1000 Success
> port/remove 4
1000 Success
> port/remove 3
1000 Success
> port/remove 5
1000 Success
> port/remove 5
1006 No such device or address
> port/remove 1
1098 Address already in use
> port/remove abc
# vde_switch reads 0
1022 Invalid argument
> port/remove 99
1022 Invalid argument
> port/allocatable
1022 Invalid argument
> port/allocatable 1
1022 Invalid argument
> port/allocatable a b
1022 Invalid argument
> port/allocatable 0x1 0
1000 Success
> port/allocatable 1 7
1000 Success
> port/allocatable 50 1
1022 Invalid argument
> port/allocatable 5 1
1006 No such device or address
> port/allocatable 31 1
1000 Success
> port/allprint 31
0000 DATA END WITH '.'
Port 0031 untagged_vlan=0000 INACTIVE - Unnamed Allocatable
 Current User: NONE Access Control: (User: NONE - Group: NONE)
 IN:  pkts          0          bytes                    0
 OUT: pkts          0          bytes                    0
.
1000 Success
> port/setvlan
1022 Invalid argument
> port/setvlan 1
1022 Invalid argument
> port/setvlan 1 4096
1022 Invalid argument
> port/setvlan 1 -1
1022 Invalid argument
> port/setvlan -1 0
1022 Invalid argument
> port/setvlan 99 0
1022 Invalid argument
> port/setvlan 5 0
1006 No such device or address
> port/setvlan 1 77
1006 No such device or address
> port/setvlan 1 4095
1000 Success
> port/setvlan 1 0x0
1000 Success
> port/setuser
1022 Invalid argument
> port/setuser 2
1022 Invalid argument
> port/setuser 2 none
1022 Invalid argument
> port/setuser 2 zzznoone
1022 Invalid argument
> port/setuser 2 -5
1022 Invalid argument
> port/setuser 2 12x
# vde_switch takes user 12
1022 Invalid argument
> port/setuser 2 nobody extra
1022 Invalid argument
> port/setuser 25 nobody
1006 No such device or address
> port/setuser 99 nobody
1022 Invalid argument
> port/setuser -1 nobody
1022 Invalid argument
> port/setuser 2 ANY
1000 Success
> port/setuser 2 nobody
1000 Success
> port/setgroup
1022 Invalid argument
> port/setgroup 2
1022 Invalid argument
> port/setgroup 2 zzz
1022 Invalid argument
> port/setgroup 25 daemon
1006 No such device or address
> port/setgroup 99 daemon
1022 Invalid argument
> port/setgroup 2 NONE
1000 Success
> port/setgroup 2 daemon
1000 Success
> port/epclose
1022 Invalid argument
> port/epclose 2
1022 Invalid argument
> port/epclose 2 a
1022 Invalid argument
> port/epclose 2 99
1006 No such device or address
> port/epclose 99 1
1022 Invalid argument
> port/epclose -1 1
1022 Invalid argument
> port/epclose 25 1
1006 No such device or address
> port/epclose 2 9
1000 Success
> port/resetcounter 2
1000 Success
> port/resetcounter 25
1000 Success
> port/resetcounter 99
1022 Invalid argument
> port/resetcounter -1
1022 Invalid argument
> port/resetcounter abc
# vde_switch reads 0
1022 Invalid argument
> port/print
# vde_switch shows the current user as "User", too
0000 DATA END WITH '.'
Port 0001 untagged_vlan=0000 ACTIVE - Unnamed Allocatable
 Current User: root Access Control: (User: NONE - Group: NONE)
 IN:  pkts          1          bytes                   60
 OUT: pkts          1          bytes                   60
  -- endpoint ID 0003 module unix prog   : first
Port 0002 untagged_vlan=0000 ACTIVE - Unnamed Allocatable
 Current User: root Access Control: (User: nobody - Group: daemon)
 IN:  pkts          0          bytes                    0
 OUT: pkts          0          bytes                    0
  -- endpoint ID 0007 module unix prog   : second
.
1000 Success
> port/resetcounter
1000 Success
> port/setnumports
1022 Invalid argument
> port/setnumports 0
1022 Invalid argument
> port/setnumports -5
1022 Invalid argument
> port/setnumports abc
1022 Invalid argument
> port/setnumports 20
1098 Address already in use
> port/setnumports 64
1000 Success
> port/setnumports 100000
# vde_switch allows what no plug could ask for
1022 Invalid argument
> port/sethub 1
1000 Success
> port/showinfo
0000 DATA END WITH '.'
Numports=64
HUB=true
counters=true
.
1000 Success
> port/sethub abc
1000 Success
> port/setmacaddr
1038 Function not implemented
> port
1038 Function not implemented
)");
}

TEST_CASE("a port shows users and groups that no database knows by their number") {
    ConsoleLab lab;
    auto& port = lab.model.plug(7, {{1234567, "tuntap", "tap0"}});
    port.current_user = 4000000000;
    port.user = 1234567;
    port.group = 100001;
    port.in = {12345678901, 98765432109876};
    auto session = lab.session();
    check_transcript(session, R"(
> port/print 7
0000 DATA END WITH '.'
Port 0007 untagged_vlan=0000 ACTIVE - Unnamed Allocatable
 Current User: 4000000000 Access Control: (User: 1234567 - Group: 100001)
 IN:  pkts 12345678901          bytes       98765432109876
 OUT: pkts          0          bytes                    0
  -- endpoint ID 1234567 module tuntap      : tap0
.
1000 Success
> port/setuser 7 4294967295
1022 Invalid argument
> port/setuser 7 4294967294
1000 Success
)");
    CHECK(lab.model.port_table.at(7).user == 4294967294);
}

TEST_CASE("a description cannot break out of its line") {
    ConsoleLab lab;
    lab.model.plug(1, {{5, "unix prog", "evil\n.\n1000 Success\r\x7f \xc3\xa9"}});
    auto session = lab.session();
    drain(session);
    CHECK(ask(session, "port/print\n")
              .ends_with("  -- endpoint ID 0005 module unix prog   : evil?.?1000 Success?? "
                         "\xc3\xa9\n.\n1000 Success\n"));
}

TEST_CASE("creating a port when all are taken says that there is no space") {
    ConsoleLab lab;
    lab.model.facts.port_count = 2;
    lab.plug_two();
    auto session = lab.session();
    check_transcript(session, R"(
> port/createauto
0000 DATA END WITH '.'
.
1028 No space left on device
> port/create 0
1028 No space left on device
)");
}

TEST_CASE("ports have colours, a command that vde_switch lacks") {
    ConsoleLab lab;
    lab.plug_two();
    auto session = lab.session();
    check_transcript(session, R"(
> port/setcolourful 1
1000 Success
> port/setcolour 2 3
1000 Success
> port/setcolour 2
1022 Invalid argument
> port/setcolour 9 1
1006 No such device or address
)");
    CHECK(lab.model.colourful);
    CHECK(lab.model.port_table.at(2).colour == 3);
}

TEST_CASE("dropped frames are shown by reason, in a command of its own") {
    ConsoleLab lab;
    lab.plug_two();
    lab.model.drop_table[2] = {{"queue full", 17}, {"too long", 1}};
    auto session = lab.session();
    check_transcript(session, R"(
> port/drops
0000 DATA END WITH '.'
Port 0001
Port 0002
 queue full                               17
 too long                                  1
.
1000 Success
> port/drops 2
0000 DATA END WITH '.'
Port 0002
 queue full                               17
 too long                                  1
.
1000 Success
> port/drops 3
0000 DATA END WITH '.'
.
1006 No such device or address
)");
}

TEST_CASE("hub mode ends the spanning tree") {
    ConsoleLab lab;
    lab.fstp.on = true;
    auto session = lab.session();
    drain(session);
    ask(session, "port/sethub 1\n");
    CHECK(lab.model.facts.hub);
    CHECK_FALSE(lab.fstp.on);
}

}  // namespace switchd::vde::test
