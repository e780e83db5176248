#include "tests/vde-compat/console_lab.h"

namespace switchd::vde::test {

TEST_CASE("fstp commands answer as vde_switch does") {
    ConsoleLab lab;
    lab.plug_two();
    lab.one_tree();
    auto session = lab.session();
    check_transcript(session, R"(
> fstp/showinfo
0000 DATA END WITH '.'
MAC 00:ff:01:02:03:04 Priority 32768 (0x8000)
FSTP=false
.
1000 Success
> fstp/setfstp 1
0000 DATA END WITH '.'
.
1000 Success
> fstp/showinfo
0000 DATA END WITH '.'
MAC 00:ff:01:02:03:04 Priority 32768 (0x8000)
FSTP=true
.
1000 Success
> fstp/print 5
0000 DATA END WITH '.'
.
1006 No such device or address
> fstp/print 9999
0000 DATA END WITH '.'
.
1022 Invalid argument
> fstp/print -1
0000 DATA END WITH '.'
.
1022 Invalid argument
> fstp/print abc
# vde_switch reads 0
0000 DATA END WITH '.'
.
1022 Invalid argument
> fstp/setedge
1022 Invalid argument
> fstp/setedge 0 1
1022 Invalid argument
> fstp/setedge 0 99 1
1022 Invalid argument
> fstp/setedge 9 1 1
1006 No such device or address
> fstp/setedge 9999 1 1
1022 Invalid argument
> fstp/setedge 0 1 1
1000 Success
> fstp/bonus
1022 Invalid argument
> fstp/bonus 0 1
1022 Invalid argument
> fstp/bonus 0 99 10
1022 Invalid argument
> fstp/bonus 9 1 10
1006 No such device or address
> fstp/bonus 9999 1 10
1022 Invalid argument
> fstp/bonus 0 25 10
1000 Success
> fstp/print
0000 DATA END WITH '.'
FST DATA VLAN 0000 ROOTSWITCH 
 ++ root 80:00:00:ff:01:02:03:04
 ++ designated ff:ff:ff:ff:ff:ff:ff:ff
 ++ rootport 0000 cost 0 age 2 bonusport 0025 bonuscost 10
 -- Port 0001 tagged=0 portcost=20000000 role=Edge
 -- Port 0002 tagged=0 portcost=20000000 role=Designated
.
1000 Success
> fstp/setfstp abc
0000 DATA END WITH '.'
.
1000 Success
> fstp/print 0
0000 DATA END WITH '.'
FST DATA VLAN 0000 ROOTSWITCH FSTP IS DISABLED
 ++ root 80:00:00:ff:01:02:03:04
 ++ designated ff:ff:ff:ff:ff:ff:ff:ff
 ++ rootport 0000 cost 0 age 2 bonusport 0025 bonuscost 10
 -- Port 0001 tagged=0 portcost=20000000 role=Edge
 -- Port 0002 tagged=0 portcost=20000000 role=Designated
.
1000 Success
> port/sethub 1
1000 Success
> fstp/setfstp 1
0000 DATA END WITH '.'
Can't use fstp in hub mode
.
1000 Success
> fstp/showinfo
0000 DATA END WITH '.'
MAC 00:ff:01:02:03:04 Priority 32768 (0x8000)
FSTP=false
.
1000 Success
> fstp
1038 Function not implemented
)");
}

}  // namespace switchd::vde::test
