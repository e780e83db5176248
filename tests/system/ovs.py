"""Open vSwitch's tools as Debian has them, and a real ovs-vswitchd as the oracle."""

import os


class Tools:
    """The tools, pointed at one run directory by their usual variable."""

    def __init__(self, lab, run_dir):
        self.lab = lab
        self.run_dir = run_dir
        self.environment = lab.environment(OVS_RUNDIR=run_dir)

    def appctl(self, *words):
        return self.lab.run(["ovs-appctl", *words], env=self.environment)

    def ofctl(self, *words, version=None, **more):
        option = [] if version is None else ["-O", f"OpenFlow{version}"]
        return self.lab.run(["ovs-ofctl", *option, *words], env=self.environment, **more)

    def flows(self, *words, **more):
        """What a command prints, which must not complain."""
        done = self.ofctl(*words, **more)
        assert done.returncode == 0 and done.stderr == "", done
        return done.stdout


class Oracle:
    """A real ovs-vswitchd of the test's own, with dummy ports p1, p2, ..."""

    def __init__(self, lab, ports=2):
        self.records = 0
        self.dir = lab.path("ovs")
        os.mkdir(self.dir)
        environment = lab.environment(OVS_RUNDIR=self.dir, OVS_DBDIR=self.dir, OVS_LOGDIR=self.dir)
        database = os.path.join(self.dir, "conf.db")
        remote = f"unix:{self.dir}/db.sock"
        made = lab.run(["ovsdb-tool", "create", database,
                        "/usr/share/openvswitch/vswitch.ovsschema"], env=environment)
        assert made.returncode == 0, made
        lab.spawn(["ovsdb-server", database, "--remote=p" + remote, "--pidfile", "--no-chdir"],
                  env=environment)
        lab.spawn(["ovs-vswitchd", remote, "--enable-dummy", "--pidfile", "--no-chdir"],
                  env=environment)
        self.remote = remote
        self.names = names = [f"p{number}" for number in range(1, ports + 1)]
        configured = lab.run(
            ["ovs-vsctl", "--db=" + remote, "--retry", "--timeout=20",
             # Looks behind two tags, as switchd does, and not behind the outer one only.
             "set", "Open_vSwitch", ".", "other_config:vlan-limit=2", "--",
             "add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=dummy"]
            + [word for number, name in enumerate(names, start=1) for word in
               ("--", "add-port", "br0", name, "--", "set", "interface", name, "type=dummy",
                f"ofport_request={number}")],
            env=environment)
        assert configured.returncode == 0, configured
        self.tools = Tools(lab, self.dir)

    def record(self):
        """From now on what leaves a port goes into a new file: their paths, by port."""
        self.records += 1
        files = [os.path.join(self.dir, f"{name}.{self.records}.pcap") for name in self.names]
        set_each = [word for name, file in zip(self.names, files) for word in
                    ("--", "set", "interface", name, f"options:tx_pcap={file}")]
        done = self.tools.lab.run(["ovs-vsctl", "--db=" + self.remote, "--timeout=20",
                                   *set_each[1:]], env=self.tools.environment)
        assert done.returncode == 0, done
        return files
