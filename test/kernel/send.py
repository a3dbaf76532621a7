"""Sends frames through a namespace, in order: send.py HOST_NAMESPACE SINK_NAMESPACE < instructions

Instructions, little-endian: kind u8 (0 frame into an interface, 1 IPv4 packet from the host, 2 IPv6 packet from the
host), length of the interface name u8, length u32, the name of the sink's end of the interface, the bytes.
Received frames are written to the other end of the veth pair with AF_PACKET; packets of the host with raw sockets,
whose file belongs to a user id of its own, by which the namespace's guard tells them from the host's own answers.
Prints what send() refused, by errno, as "NAME COUNT".
"""

import collections
import ctypes
import errno
import os
import socket
import struct
import sys

CLONE_NEWNET = 0x40000000
SENDER_UID = 54321
IP_HDRINCL = 3
libc = ctypes.CDLL(None, use_errno=True)


def enter(name):
    with open(f"/run/netns/{name}") as handle:
        if libc.setns(handle.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")


def main():
    host, sink = sys.argv[1:3]
    data = sys.stdin.buffer.read()
    # veth hands a frame to the receiver's softirq on the sending CPU: one CPU keeps the frames in order.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    instructions = []
    at = 0
    while at < len(data):
        kind, name_length, length = struct.unpack_from("<BBI", data, at)
        at += 6
        name = data[at:at + name_length].decode()
        at += name_length
        instructions.append((kind, name, data[at:at + length]))
        at += length

    enter(sink)
    wires = {}
    for kind, name, _ in instructions:
        if kind == 0 and name not in wires:
            wires[name] = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            wires[name].bind((name, 0))

    enter(host)
    libc.setfsuid(SENDER_UID)
    raw4 = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    raw4.setsockopt(socket.IPPROTO_IP, IP_HDRINCL, 1)
    raw4.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    # A capture does not say whether the sender asked for copies of its multicast; most do not listen to themselves.
    raw4.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
    raw6 = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
    raw6.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 0)
    libc.setfsuid(0)

    refused = collections.Counter()
    for kind, name, payload in instructions:
        try:
            if kind == 0:
                wires[name].send(payload)
            elif kind == 1:
                raw4.sendto(payload, (socket.inet_ntop(socket.AF_INET, payload[16:20]), 0))
            else:
                address = socket.inet_ntop(socket.AF_INET6, payload[24:40])
                scope = socket.if_nametoindex(name) if name else 0
                raw6.sendto(payload, (address, 0, 0, scope))
        except OSError as error:
            refused[errno.errorcode.get(error.errno, str(error.errno))] += 1
    for name, count in sorted(refused.items()):
        print(name, count)


main()
