"""A controller of the test's own: os-ken's codec knows the messages, the test says what is said."""

import socket
import threading

from os_ken.ofproto import ofproto_parser, ofproto_protocol
from os_ken.ofproto import ofproto_v1_3 as ofp
from os_ken.ofproto import ofproto_v1_3_parser as messages

from wait import PATIENCE_S, wait_until

OPENFLOW_1_3 = ofproto_protocol.ProtocolDesc(version=ofp.OFP_VERSION)


class ScriptedController:
    """Listens for one switch. What it hears is kept; signs of life are given by themselves."""

    def __init__(self, port=0):
        self.listener = socket.create_server(("127.0.0.1", port))
        self.listener.settimeout(PATIENCE_S)
        self.port = self.listener.getsockname()[1]
        self.target = f"tcp:127.0.0.1:{self.port}"
        self.stream = None
        self.heard = []
        self.gives_signs_of_life = True

    def accept(self):
        """Waits until the switch has dialed and said hello; it may have been here before."""
        self.stream, _ = self.listener.accept()
        self.heard = []
        threading.Thread(target=self._listen, args=(self.stream, self.heard), daemon=True).start()
        self.send(messages.OFPHello(OPENFLOW_1_3))
        self.wait(messages.OFPHello)

    def _listen(self, stream, heard):
        with stream.makefile("rb") as opened:
            try:
                while head := opened.read(ofp.OFP_HEADER_SIZE):
                    version, kind, size, xid = ofproto_parser.header(head)
                    data = head + opened.read(size - len(head))
                    if kind == ofp.OFPT_ECHO_REQUEST and self.gives_signs_of_life:
                        self.send(messages.OFPEchoReply(OPENFLOW_1_3, b""))
                    # The hello is the first in every version.
                    parse = messages.OFPHello.parser if kind == ofp.OFPT_HELLO else ofproto_parser.msg
                    heard.append(parse(OPENFLOW_1_3, version, kind, size, xid, data))
            except OSError:
                pass  # the connection was cut

    def send(self, message):
        message.serialize()
        self.stream.sendall(message.buf)

    def wait(self, kind, **expected):
        """The first message of the kind and these values, also one of before; it is forgotten."""
        def found():
            for each in self.heard:
                if isinstance(each, kind) and all(getattr(each, name) == value
                                                  for name, value in expected.items()):
                    self.heard.remove(each)
                    return each
            return None

        return wait_until(found, lambda: f"{kind.__name__} {expected} in {self.heard}")

    def has_heard(self, kind):
        """Whether there is such a message among all that the switch has said until now."""
        self.barrier()
        return any(isinstance(each, kind) for each in self.heard)

    def barrier(self):
        self.send(messages.OFPBarrierRequest(OPENFLOW_1_3))
        self.wait(messages.OFPBarrierReply)

    def ask_role(self, role, generation):
        self.send(messages.OFPRoleRequest(OPENFLOW_1_3, role, generation))

    def take_role(self, role, generation):
        self.ask_role(role, generation)
        self.wait(messages.OFPRoleReply, role=role)

    def add_flow(self, output, priority=1, **match):
        actions = [messages.OFPActionOutput(output, ofp.OFPCML_NO_BUFFER)]
        self.send(messages.OFPFlowMod(
            OPENFLOW_1_3, priority=priority, match=messages.OFPMatch(**match),
            instructions=[messages.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, actions)]))

    def hang_up(self):
        """Ends the connection, and the controller with it: who dials again is refused."""
        self.listener.close()
        self.stream.shutdown(socket.SHUT_RDWR)
        self.stream.close()

    def close(self):
        self.listener.close()
        if self.stream:
            self.stream.close()
