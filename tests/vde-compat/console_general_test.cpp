#include <unistd.h>

#include "tests/vde-compat/console_lab.h"

namespace switchd::vde::test {

TEST_CASE("general commands answer as vde_switch does") {
    ConsoleLab lab;
    lab.plug_two();
    auto session = lab.session();
    check_transcript(session, R"(
> ds/showinfo
0000 DATA END WITH '.'
ctl dir /run/sw
std mode 0600
.
1000 Success
> help
# vde_switch 2.3.2 has another, wrong text for vlan/delport
0000 DATA END WITH '.'
COMMAND PATH       SYNTAX          HELP
------------       --------------  ------------
ds                 ============    DATA SOCKET MENU
ds/showinfo                        show ds info
help               [arg]           Help (limited to arg when specified)
logout                             logout from this mgmt terminal
shutdown                           shutdown of the switch
showinfo                           show switch version and info
load               path            load a configuration script
debug              ============    DEBUG MENU
debug/list                         list debug categories
debug/add          dbgpath         enable debug info for a given category
debug/del          dbgpath         disable debug info for a given category
plugin             ============    PLUGINS MENU
plugin/list                        list plugins
plugin/add         library         load a plugin
plugin/del         name            unload a plugin
hash               ============    HASH TABLE MENU
hash/showinfo                      show hash info
hash/setsize       N               change hash size
hash/setgcint      N               change garbage collector interval
hash/setexpire     N               change hash entries expire time
hash/setminper     N               minimum persistence time
hash/print                         print the hash table
hash/find          MAC [VLAN]      MAC lookup
fstp               ============    FAST SPANNING TREE MENU
fstp/showinfo                      show fstp info
fstp/setfstp       0/1             Fast spanning tree protocol 1=ON 0=OFF
fstp/setedge       VLAN PORT 1/0   Define an edge port for a vlan 1=Y 0=N
fstp/bonus         VLAN PORT COST  set the port bonus for a vlan
fstp/print         [N]             print fst data for the defined vlan
port               ============    PORT STATUS MENU
port/showinfo                      show port info
port/setnumports   N               set the number of ports
port/sethub        0/1             1=HUB 0=switch
port/setvlan       N VLAN          set port VLAN (untagged)
port/createauto                    create a port with an automatically allocated id (inactive|notallocatable)
port/create        N               create the port N (inactive|notallocatable)
port/remove        N               remove the port N
port/allocatable   N 0/1           Is the port allocatable as unnamed? 1=Y 0=N
port/setuser       N user          access control: set user
port/setgroup      N user          access control: set group
port/epclose       N ID            remove the endpoint port N/id ID
port/resetcounter  [N]             reset the port (N) counters
port/print         [N]             print the port/endpoint table
port/allprint      [N]             print the port/endpoint table (including inactive port)
vlan               ============    VLAN MANAGEMENT MENU
vlan/create        N               create the VLAN with tag N
vlan/remove        N               remove the VLAN with tag N
vlan/addport       N PORT          add port to the vlan N (tagged)
vlan/delport       N PORT          delete port from the vlan N (tagged)
vlan/print         [N]             print the list of defined vlan
vlan/allprint      [N]             print the list of defined vlan (including inactive port)
.
1000 Success
> help port/print
0000 DATA END WITH '.'
COMMAND PATH       SYNTAX          HELP
------------       --------------  ------------
port/print         [N]             print the port/endpoint table
.
1000 Success
> help zzz
0000 DATA END WITH '.'
COMMAND PATH       SYNTAX          HELP
------------       --------------  ------------
.
1000 Success
> helpme
0000 DATA END WITH '.'
COMMAND PATH       SYNTAX          HELP
------------       --------------  ------------
.
1000 Success
> help vlan
# the same
0000 DATA END WITH '.'
COMMAND PATH       SYNTAX          HELP
------------       --------------  ------------
vlan               ============    VLAN MANAGEMENT MENU
vlan/create        N               create the VLAN with tag N
vlan/remove        N               remove the VLAN with tag N
vlan/addport       N PORT          add port to the vlan N (tagged)
vlan/delport       N PORT          delete port from the vlan N (tagged)
vlan/print         [N]             print the list of defined vlan
vlan/allprint      [N]             print the list of defined vlan (including inactive port)
.
1000 Success
> SHOWINFO
1038 Function not implemented
> show
1038 Function not implemented
> ds
1038 Function not implemented
> bogus
1038 Function not implemented
> load
1002 No such file or directory
> load /nonexistent
1002 No such file or directory
)");
}

TEST_CASE("showinfo tells version, process, address and management socket") {
    ConsoleLab lab;
    auto session = lab.session();
    drain(session);
    const auto expected =
        fmt::format("0000 DATA END WITH '.'\n{}\npid {} MAC 00:ff:01:02:03:04 uptime 7\n",
                    console_banner, ::getpid());
    CHECK(ask(session, "showinfo\n") == expected + "mgmt mg perm 0600\n.\n1000 Success\n");
    lab.model.facts.management_socket.clear();
    CHECK(ask(session, "showinfo\n") == expected + ".\n1000 Success\n");
}

TEST_CASE("the banner is one that programs can find the version in") {
    CHECK(console_banner.find("V.2.3.3\n") != std::string_view::npos);
    CHECK(console_banner.find("$ ") == std::string_view::npos);
}

TEST_CASE("plain help lists what vde_switch has, help with an argument the rest too") {
    ConsoleLab lab;
    auto session = lab.session();
    drain(session);
    CHECK(ask(session, "help\n").find("port/drops") == std::string::npos);
    CHECK(ask(session, "help port/d\n").find("\nport/drops         [N] ") != std::string::npos);
}

}  // namespace switchd::vde::test
