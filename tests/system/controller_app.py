"""An os-ken application that tells a test what it hears, a JSON object a line, and obeys the frames
that come: the switch's tests drive it through them."""

import json
import os

from os_ken.base import app_manager
from os_ken.controller import ofp_event
from os_ken.controller.handler import CONFIG_DISPATCHER, MAIN_DISPATCHER, set_ev_cls
from os_ken.ofproto import ofproto_v1_3 as ofp

LLDP, SHORT_LIVED = 0x88CC, 0x88B6


class Witness(app_manager.OSKenApp):
    OFP_VERSIONS = [ofp.OFP_VERSION]

    def tell(self, what, **more):
        with open(os.environ["WITNESS"], "a", encoding="ascii") as out:
            out.write(json.dumps({"what": what, **more}) + "\n")

    @set_ev_cls(ofp_event.EventOFPSwitchFeatures, CONFIG_DISPATCHER)
    def features(self, event):
        datapath = event.msg.datapath
        parser = datapath.ofproto_parser
        datapath.send_msg(parser.OFPRoleRequest(datapath, ofp.OFPCR_ROLE_MASTER, 1))
        datapath.send_msg(parser.OFPFlowMod(
            datapath=datapath, command=ofp.OFPFC_DELETE, table_id=ofp.OFPTT_ALL,
            out_port=ofp.OFPP_ANY, out_group=ofp.OFPG_ANY))
        to_controller = [parser.OFPActionOutput(ofp.OFPP_CONTROLLER, ofp.OFPCML_NO_BUFFER)]
        datapath.send_msg(parser.OFPFlowMod(
            datapath=datapath, priority=0, cookie=0x2A, instructions=[
                parser.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, to_controller)]))
        datapath.send_msg(parser.OFPBarrierRequest(datapath))

    @set_ev_cls(ofp_event.EventOFPRoleReply, MAIN_DISPATCHER)
    def role(self, event):
        self.tell("role", role=event.msg.role, generation=event.msg.generation_id)

    @set_ev_cls(ofp_event.EventOFPBarrierReply, MAIN_DISPATCHER)
    def barrier(self, event):
        self.tell("barrier")

    @set_ev_cls(ofp_event.EventOFPErrorMsg, MAIN_DISPATCHER)
    def error(self, event):
        self.tell("error", type=event.msg.type, code=event.msg.code)

    @set_ev_cls(ofp_event.EventOFPPortStatus, MAIN_DISPATCHER)
    def port(self, event):
        self.tell("port", reason=event.msg.reason, port=event.msg.desc.port_no,
                  state=event.msg.desc.state)

    @set_ev_cls(ofp_event.EventOFPFlowRemoved, MAIN_DISPATCHER)
    def removed(self, event):
        self.tell("removed", reason=event.msg.reason, cookie=event.msg.cookie,
                  packets=event.msg.packet_count, priority=event.msg.priority)

    @set_ev_cls(ofp_event.EventOFPPacketIn, MAIN_DISPATCHER)
    def packet(self, event):
        message, datapath = event.msg, event.msg.datapath
        parser = datapath.ofproto_parser
        self.tell("packet", reason=message.reason, table=message.table_id, cookie=message.cookie,
                  port=message.match["in_port"], data=message.data.hex())
        ethertype = int.from_bytes(message.data[12:14], "big")
        if ethertype == SHORT_LIVED:  # a rule for such frames that goes when it was idle
            datapath.send_msg(parser.OFPFlowMod(
                datapath=datapath, priority=7, cookie=0x51, idle_timeout=1,
                flags=ofp.OFPFF_SEND_FLOW_REM, match=parser.OFPMatch(eth_type=SHORT_LIVED),
                instructions=[parser.OFPInstructionActions(
                    ofp.OFPIT_APPLY_ACTIONS, [parser.OFPActionOutput(2)])]))
        elif ethertype == LLDP:  # a slave's flow mod is refused
            datapath.send_msg(parser.OFPRoleRequest(datapath, ofp.OFPCR_ROLE_SLAVE, 2))
            datapath.send_msg(parser.OFPFlowMod(datapath=datapath, priority=9))
            return
        datapath.send_msg(parser.OFPPacketOut(
            datapath=datapath, buffer_id=ofp.OFP_NO_BUFFER, in_port=message.match["in_port"],
            actions=[parser.OFPActionOutput(ofp.OFPP_FLOOD)], data=message.data))
