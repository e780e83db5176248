#include "tests/vde-compat/console_lab.h"

namespace switchd::vde::test {

TEST_CASE("vlan commands answer as vde_switch does") {
    ConsoleLab lab;
    lab.plug_two();
    auto session = lab.session();
    check_transcript(session, R"(
> vlan/create 5
1000 Success
> vlan/create 5
1017 File exists
> vlan/create
1022 Invalid argument
> vlan/create 0
1022 Invalid argument
> vlan/create -3
1022 Invalid argument
> vlan/create 6abc
# vde_switch creates VLAN 6
1022 Invalid argument
> vlan/create 4093
1000 Success
> vlan/create 4094
# vde_switch refuses 4094, a valid VLAN
1000 Success
> vlan/create 4095
1022 Invalid argument
> vlan/create 4096
1022 Invalid argument
> port/create 12
1000 Success
> port/setvlan 12 5
1000 Success
> vlan/print
0000 DATA END WITH '.'
VLAN 0000
 -- Port 0001 tagged=0 active=1 status=Forwarding
 -- Port 0002 tagged=0 active=1 status=Forwarding
VLAN 0005
VLAN 4093
VLAN 4094
.
1000 Success
> vlan/allprint
0000 DATA END WITH '.'
VLAN 0000
 -- Port 0001 tagged=0 active=1 status=Forwarding
 -- Port 0002 tagged=0 active=1 status=Forwarding
VLAN 0005
 -- Port 0012 tagged=0 active=0 status=Learning
VLAN 4093
VLAN 4094
.
1000 Success
> vlan/print 0
0000 DATA END WITH '.'
VLAN 0000
 -- Port 0001 tagged=0 active=1 status=Forwarding
 -- Port 0002 tagged=0 active=1 status=Forwarding
.
1000 Success
> vlan/allprint 0
# vde_switch refuses VLAN 0 here alone
0000 DATA END WITH '.'
VLAN 0000
 -- Port 0001 tagged=0 active=1 status=Forwarding
 -- Port 0002 tagged=0 active=1 status=Forwarding
.
1000 Success
> vlan/print 5
0000 DATA END WITH '.'
VLAN 0005
.
1000 Success
> vlan/allprint 5
0000 DATA END WITH '.'
VLAN 0005
 -- Port 0012 tagged=0 active=0 status=Learning
.
1000 Success
> vlan/print 99
0000 DATA END WITH '.'
.
1006 No such device or address
> vlan/print 4095
0000 DATA END WITH '.'
.
1022 Invalid argument
> vlan/print -1
0000 DATA END WITH '.'
.
1022 Invalid argument
> vlan/print abc
# vde_switch reads 0
0000 DATA END WITH '.'
.
1022 Invalid argument
> vlan/allprint 77
0000 DATA END WITH '.'
.
1006 No such device or address
> vlan/allprint 4095
0000 DATA END WITH '.'
.
1022 Invalid argument
> vlan/addport
1022 Invalid argument
> vlan/addport 5
1022 Invalid argument
> vlan/addport 5 1
1000 Success
> vlan/addport 5 1
1000 Success
> vlan/addport 0x5 2
1000 Success
> vlan/addport 5 25
1006 No such device or address
> vlan/addport 99 2
1006 No such device or address
> vlan/addport 5 99
1022 Invalid argument
> vlan/addport 4095 2
1022 Invalid argument
> vlan/addport -1 2
1022 Invalid argument
> vlan/addport 5 -2
1022 Invalid argument
> vlan/print 5
0000 DATA END WITH '.'
VLAN 0005
 -- Port 0001 tagged=1 active=1 status=Forwarding
 -- Port 0002 tagged=1 active=1 status=Forwarding
.
1000 Success
> vlan/delport
1022 Invalid argument
> vlan/delport 5 2
1000 Success
> vlan/delport 5 2
1000 Success
> vlan/delport 5 12
1098 Address already in use
> vlan/delport 0 2
1098 Address already in use
> vlan/delport 99 2
1006 No such device or address
> vlan/delport 5 25
1006 No such device or address
> vlan/delport 5 99
1022 Invalid argument
> vlan/delport 4096 2
1022 Invalid argument
> vlan/remove 5
1098 Address already in use
> vlan/remove 99
1006 No such device or address
> vlan/remove 0
1098 Address already in use
> vlan/remove 4093
1000 Success
> vlan/remove -1
1022 Invalid argument
> vlan/remove 4095
1022 Invalid argument
> vlan/remove
# vde_switch reads 0
1022 Invalid argument
> vlan/remove abc
# vde_switch reads 0
1022 Invalid argument
> vlan
1038 Function not implemented
)");
}

TEST_CASE("the state of a port in a VLAN is shown, of an inactive port always as learning") {
    ConsoleLab lab;
    lab.plug_two();
    auto session = lab.session();
    check_transcript(session, R"(
> port/create 9
1000 Success
> vlan/allprint
0000 DATA END WITH '.'
VLAN 0000
 -- Port 0001 tagged=0 active=1 status=Forwarding
 -- Port 0002 tagged=0 active=1 status=Forwarding
 -- Port 0009 tagged=0 active=0 status=Learning
.
1000 Success
)");
    lab.model.state = PortState::discarding;
    check_transcript(session, R"(
> vlan/print
0000 DATA END WITH '.'
VLAN 0000
 -- Port 0001 tagged=0 active=1 status=Discarding
 -- Port 0002 tagged=0 active=1 status=Discarding
.
1000 Success
)");
}

}  // namespace switchd::vde::test
