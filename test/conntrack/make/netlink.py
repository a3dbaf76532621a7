"""The three nfnetlink conversations of a recording: NFLOG records, conntrack events, and one entry by its tuple."""
import os, socket, struct

NETLINK_NETFILTER = 12
CTNETLINK, ULOG = 1, 4
LISTEN = {"n": 1, "u": 2, "d": 4}  # RTNLGRP bits: NFNLGRP_CONNTRACK_NEW, UPDATE, DESTROY


def attribute(kind, data):
    return struct.pack("<HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


def nested(kind, *parts):
    return attribute(kind | 0x8000, b"".join(parts))


def attributes(data):
    found, at = {}, 0
    while at + 4 <= len(data):
        length, kind = struct.unpack_from("<HH", data, at)
        if length < 4:
            break
        found[kind & 0x3FFF] = data[at + 4:at + length]
        at += length + (-length & 3)
    return found


def messages(data):
    at = 0
    while at + 16 <= len(data):
        length, kind, flags = struct.unpack_from("<IHH", data, at)
        yield kind, flags, data[at + 16:at + length]
        at += length + (-length & 3)


class Socket:
    def __init__(self, groups=0):
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
        self.socket.setsockopt(socket.SOL_SOCKET, 33, 1 << 23)  # SO_RCVBUFFORCE
        self.socket.bind((0, groups))
        self.sequence = 1

    def ask(self, kind, flags, body, family=0, group=0):
        """Sends a request; returns the payload of an answer that is not an acknowledgement, or None."""
        self.sequence += 1
        head = struct.pack("<IHHII", 20 + len(body), kind, 1 | flags, self.sequence, 0)
        self.socket.send(head + struct.pack(">BBH", family, 0, group) + body)
        for got, _, payload in messages(self.socket.recv(1 << 16)):
            if got == 2:  # NLMSG_ERROR
                code = -struct.unpack_from("<i", payload)[0]
                if code not in (0, 2, 22):  # 22: a tuple that cannot be asked for
                    raise OSError(code, os.strerror(code))
                return None
            return payload

    def waiting(self):
        while True:
            try:
                data = self.socket.recv(1 << 18, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            yield from messages(data)


class PacketLog(Socket):
    """NFLOG records of a group, each handed over at once (queue threshold 1)."""

    def __init__(self, group):
        super().__init__()
        send = lambda body: self.ask(ULOG << 8 | 1, 4, body, group=group)
        send(attribute(1, b"\1"))  # NFULA_CFG_CMD: bind
        send(attribute(2, struct.pack(">IBB", 0xFFFF, 2, 0)))  # NFULA_CFG_MODE: copy packets
        send(attribute(5, struct.pack(">I", 1)))  # NFULA_CFG_QTHRESH
        send(attribute(3, struct.pack(">I", 1 << 17)))  # NFULA_CFG_NLBUFSIZ

    def records(self):
        """(prefix, packet from the IP header on)"""
        for kind, _, payload in self.waiting():
            if kind == ULOG << 8:
                found = attributes(payload[4:])
                yield found.get(10, b"\0")[:-1].decode(), found.get(9, b"")


class Events(Socket):
    def __init__(self):
        super().__init__(LISTEN["n"] | LISTEN["u"] | LISTEN["d"])

    def letters(self):
        """One letter an event: N new, U update, D destroyed."""
        found = ""
        for kind, flags, _ in self.waiting():
            if kind >> 8 == CTNETLINK:
                found += "D" if kind & 255 == 2 else "N" if flags & 0x600 else "U"
        return found


class Entries(Socket):
    def get(self, six, source, destination, protocol, first, second, icmp=None, zone=0):
        """What the table holds for a tuple: dict of attributes, or None. Addresses are packed, ports numbers."""
        address = nested(1, attribute(3 if six else 1, source), attribute(4 if six else 2, destination))
        parts = [attribute(1, bytes([protocol]))]
        if icmp is not None:
            base = 7 if six else 4
            parts += [attribute(base, struct.pack(">H", icmp[2])), attribute(base + 1, bytes([icmp[0]])),
                      attribute(base + 2, bytes([icmp[1]]))]
        elif first is not None:
            parts += [attribute(2, struct.pack(">H", first)), attribute(3, struct.pack(">H", second))]
        body = nested(1, address, nested(2, *parts))
        if zone:
            body += attribute(18, struct.pack(">H", zone))
        payload = self.ask(CTNETLINK << 8 | 1, 0, body, family=10 if six else 2)
        return None if payload is None else attributes(payload[4:])
