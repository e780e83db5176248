"""A learning switch as an OpenFlow controller, for os-ken (Debian's python3-os-ken):

    osken-manager examples/learning_controller.py
    switchd --controller tcp:127.0.0.1:6653
"""

from os_ken.base import app_manager
from os_ken.controller import ofp_event
from os_ken.controller.handler import CONFIG_DISPATCHER, MAIN_DISPATCHER, set_ev_cls
from os_ken.lib.packet import ethernet, packet
from os_ken.ofproto import ofproto_v1_3


class LearningSwitch(app_manager.OSKenApp):
    OFP_VERSIONS = [ofproto_v1_3.OFP_VERSION]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.stations = {}  # (switch, address) -> port

    @set_ev_cls(ofp_event.EventOFPSwitchFeatures, CONFIG_DISPATCHER)
    def switch_came(self, event):
        """What no other rule takes comes here."""
        parser = event.msg.datapath.ofproto_parser
        to_controller = parser.OFPActionOutput(ofproto_v1_3.OFPP_CONTROLLER,
                                               ofproto_v1_3.OFPCML_NO_BUFFER)
        self.add_flow(event.msg.datapath, 0, parser.OFPMatch(), [to_controller])

    def add_flow(self, datapath, priority, match, actions):
        parser = datapath.ofproto_parser
        apply = parser.OFPInstructionActions(ofproto_v1_3.OFPIT_APPLY_ACTIONS, actions)
        datapath.send_msg(parser.OFPFlowMod(datapath=datapath, priority=priority, match=match,
                                            instructions=[apply]))

    @set_ev_cls(ofp_event.EventOFPPacketIn, MAIN_DISPATCHER)
    def packet_came(self, event):
        message, datapath = event.msg, event.msg.datapath
        parser, in_port = datapath.ofproto_parser, event.msg.match["in_port"]
        frame = packet.Packet(message.data).get_protocol(ethernet.ethernet)
        self.stations[datapath.id, frame.src] = in_port
        out_port = self.stations.get((datapath.id, frame.dst), ofproto_v1_3.OFPP_FLOOD)
        actions = [parser.OFPActionOutput(out_port)]
        if out_port != ofproto_v1_3.OFPP_FLOOD:
            match = parser.OFPMatch(in_port=in_port, eth_dst=frame.dst, eth_src=frame.src)
            self.add_flow(datapath, 1, match, actions)
        datapath.send_msg(parser.OFPPacketOut(
            datapath=datapath, buffer_id=ofproto_v1_3.OFP_NO_BUFFER, in_port=in_port,
            actions=actions, data=message.data))
