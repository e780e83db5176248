#include "tests/vde-compat/console_lab.h"

namespace switchd::vde::test {

TEST_CASE("debug and plugin commands answer as vde_switch does") {
    ConsoleLab lab;
    lab.plug_two();
    auto session = lab.session();
    check_transcript(session, R"(
> debug/list
0000 DATA END WITH '.'
CATEGORY               TAG STATUS HELP
------------           --- ------ ----
hash/+                 011 OFF    hash: new element
hash/-                 012 OFF    hash: discarded element
fstp/status            044 OFF    fstp: status change
fstp/root              045 OFF    fstp: rootswitch/port change
fstp/+                 041 OFF    fstp: port becomes active
fstp/-                 042 OFF    fstp: port becomes inactive
port/+                 021 OFF    new port
port/-                 022 OFF    closed port
port/descr             023 OFF    set port description
port/ep/+              031 OFF    new endpoint
port/ep/-              032 OFF    closed endpoint
.
1000 Success
> debug/list port
0000 DATA END WITH '.'
CATEGORY               TAG STATUS HELP
------------           --- ------ ----
port/+                 021 OFF    new port
port/-                 022 OFF    closed port
port/descr             023 OFF    set port description
port/ep/+              031 OFF    new endpoint
port/ep/-              032 OFF    closed endpoint
.
1000 Success
> debug/list zzz
0000 DATA END WITH '.'
CATEGORY               TAG STATUS HELP
------------           --- ------ ----
.
1002 No such file or directory
> debug/add zzz
1022 Invalid argument
> debug/add port/+ foo
1022 Invalid argument
> debug/add port/+
1000 Success
> debug/add port/+
1017 File exists
> debug/add port
1000 Success
> debug/add port
1017 File exists
> debug/list port/ep
0000 DATA END WITH '.'
CATEGORY               TAG STATUS HELP
------------           --- ------ ----
port/ep/+              031 ON     new endpoint
port/ep/-              032 ON     closed endpoint
.
1000 Success
> debug/list port/ep/+x
0000 DATA END WITH '.'
CATEGORY               TAG STATUS HELP
------------           --- ------ ----
.
1002 No such file or directory
> debug/add
1000 Success
> debug/add
1017 File exists
> debug/del zzz
1022 Invalid argument
> debug/del port/+
1000 Success
> debug/del port/+
1002 No such file or directory
> debug/del
1000 Success
> debug/del
1002 No such file or directory
> debug/list hash
0000 DATA END WITH '.'
CATEGORY               TAG STATUS HELP
------------           --- ------ ----
hash/+                 011 OFF    hash: new element
hash/-                 012 OFF    hash: discarded element
.
1000 Success
> plugin/list
0000 DATA END WITH '.'
NAME                   HELP
------------           ----
.
1002 No such file or directory
> plugin/list zz
0000 DATA END WITH '.'
NAME                   HELP
------------           ----
.
1002 No such file or directory
> plugin/add
1022 Invalid argument
> plugin/add zzz
1002 No such file or directory
> plugin/add /etc/passwd
1002 No such file or directory
> plugin/add ../../x
1002 No such file or directory
> plugin/add dump
1000 Success
> plugin/add dump
1017 File exists
> plugin/add dump.so
1017 File exists
> plugin/list
0000 DATA END WITH '.'
NAME                   HELP
------------           ----
dump                   dump packets
.
1000 Success
> plugin/list du
0000 DATA END WITH '.'
NAME                   HELP
------------           ----
dump                   dump packets
.
1000 Success
> plugin/list zz
0000 DATA END WITH '.'
NAME                   HELP
------------           ----
.
1002 No such file or directory
> debug/list dump
0000 DATA END WITH '.'
CATEGORY               TAG STATUS HELP
------------           --- ------ ----
dump/packetin          101 OFF    dump incoming packet
dump/packetout         102 OFF    dump outgoing packet
.
1000 Success
> help dump
0000 DATA END WITH '.'
COMMAND PATH       SYNTAX          HELP
------------       --------------  ------------
dump               ============    DUMP Packets
dump/active        0/1             start dumping data
.
1000 Success
> plugin/del zzz
1002 No such file or directory
> plugin/del du
1000 Success
> debug/list dump
0000 DATA END WITH '.'
CATEGORY               TAG STATUS HELP
------------           --- ------ ----
.
1002 No such file or directory
> dump/active 1
1038 Function not implemented
> plugin/del
1002 No such file or directory
> plugin/add pdump
1000 Success
> plugin/list
0000 DATA END WITH '.'
NAME                   HELP
------------           ----
pdump                  dump packets to file, in pcap format
.
1000 Success
> help pdump
0000 DATA END WITH '.'
COMMAND PATH       SYNTAX          HELP
------------       --------------  ------------
pdump              ============    DUMP Packets to file
pdump/active       0/1             start dumping data
pdump/filename     <file>          set/show output filename (default: vde_dump.cap)
pdump/buffered     0/1             set buffered/unbuffered dump
.
1000 Success
> plugin/add iplog
# vde_switch has this plugin
1002 iplog is not built in (dump and pdump are)
)");
}

TEST_CASE("a plugin is known by its file's name and path too") {
    ConsoleLab lab;
    auto session = lab.session();
    drain(session);
    CHECK(ask(session, "plugin/add /usr/lib/vde2/plugins/pdump.so\n") == "1000 Success\n");
    CHECK(lab.dump.added(Plugin::pdump));
    CHECK(ask(session, "plugin/add pdump\n") == "1017 File exists\n");
}

TEST_CASE("what a session hears ends with the plugin that says it") {
    ConsoleLab lab;
    auto session = lab.session();
    drain(session);
    ask(session, "plugin/add dump\ndebug/add dump\n");
    CHECK(lab.events.wanted(DebugCategory::packet_in));
    ask(session, "plugin/del dump\n");
    CHECK_FALSE(lab.events.wanted(DebugCategory::packet_in));
    CHECK(ask(session, "dump/active 1\n") == "1038 Function not implemented\n");
}

}  // namespace switchd::vde::test
