"""A cable between two switches: an unmodified vde_plug that copies frames both ways."""


class Cable:
    def __init__(self, lab, one, other):
        self.ends = [(each, len(each.descriptions()) + 1) for each in (one, other)]
        self.process = lab.spawn(["vde_plug", one.directory, other.directory])
        self.await_plugged()

    def await_plugged(self):
        for switch, count in self.ends:
            switch.await_endpoints(count)

    def cut(self):
        """Both ends leave at once, as if somebody had pulled the cable."""
        left = [(switch, len(switch.descriptions()) - 1) for switch, _ in self.ends]
        self.process.stop()
        for switch, count in left:
            switch.await_endpoints(count)
