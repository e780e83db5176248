"""A client that comes and goes as fast as it can, in every way in which a client can go.

    python3 storm.py DIRECTORY PLACE ROUNDS SINK

Each round is five connections to the switch in DIRECTORY, of which one is a plug that sends a frame
to the station SINK. PLACE is where the client's own sockets lie. Prints how many plugs there were,
and why others were refused, for which there was room.
"""

import os
import socket
import sys

from frame import mac, numbered
from plug import Knock, Plug, Refused, request


def go_without_a_word(directory, _name):
    Knock(directory).close()


def go_in_the_middle_of_the_request(directory, name):
    knock = Knock(directory)
    knock.send(request(name)[:61])
    knock.close()


def go_without_the_reply(directory, name):
    knock = Knock(directory)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as data:
        data.bind(name)
        knock.send(request(name))
        knock.close()
    os.unlink(name)


def ask_for_a_port_that_is_not_there(directory, name):
    try:
        Plug(directory, 0x7FFFFF, name=name)
    except Refused:
        return
    raise AssertionError("there is no such port")


def main(directory, place, rounds, sink):
    plugged, refused, pid = 0, [], os.getpid()
    mine = 1 << 31 | pid % (1 << 19) << 12
    for number in range(rounds):
        name = os.path.join(place, f"{pid}-{number}")
        try:
            plug = Plug(directory, name=name, abstract=number % 2 == 1, connect=number % 2 == 0)
            plug.send(numbered(number, destination=mac(sink), source=mac(mine + number)))
            plug.close()
            plugged += 1
        except Refused as refusal:
            refused.append(str(refusal))
        for go in (go_without_a_word, go_in_the_middle_of_the_request, go_without_the_reply,
                   ask_for_a_port_that_is_not_there):
            go(directory, name)
    print(f"{plugged} plugged in, refused: {refused}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
