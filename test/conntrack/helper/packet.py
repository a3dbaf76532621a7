"""Packets with right checksums, and TCP and UDP conversations between the two sides."""
import ipaddress, struct

SIDES = {4: {'client': '10.0.0.2', 'server': '192.168.7.2'}, 6: {'client': 'fd00:a::2', 'server': 'fd00:b::2'}}


def checksum(data):
    if len(data) & 1:
        data += b'\0'
    total = sum(struct.unpack(f'>{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ip(source, destination, proto, payload):
    s, d = ipaddress.ip_address(source).packed, ipaddress.ip_address(destination).packed
    if len(s) == 4:
        head = struct.pack('>BBHHHBBH', 0x45, 0, 20 + len(payload), 1, 0x4000, 64, proto, 0) + s + d
        return head[:10] + struct.pack('>H', checksum(head)) + head[12:] + payload
    return struct.pack('>IHBB', 6 << 28, len(payload), proto, 64) + s + d + payload


def transport(source, destination, proto, head, at, payload):
    s, d = ipaddress.ip_address(source).packed, ipaddress.ip_address(destination).packed
    body = head + payload
    pseudo = s + d + struct.pack('>II', len(body), proto)
    body = body[:at] + struct.pack('>H', checksum(pseudo + body)) + body[at + 2:]
    return ip(source, destination, proto, body)


def udp(source, destination, sport, dport, payload):
    head = struct.pack('>HHHH', sport, dport, 8 + len(payload), 0)
    return transport(source, destination, 17, head, 6, payload)


def tcp(source, destination, sport, dport, seq, ack, flags, payload=b'', options=b''):
    head = struct.pack('>HHIIBBHHH', sport, dport, seq & 0xffffffff, ack & 0xffffffff,
                       (20 + len(options)) // 4 << 4, flags, 29200, 0, 0) + options
    return transport(source, destination, 6, head, 16, payload)


def gre(source, destination, call, payload=b'data'):
    """Version 1, as PPTP has it (RFC 2637), with key and sequence number."""
    return ip(source, destination, 47, struct.pack('>HHHHI', 0x3001, 0x880b, len(payload), call, 1) + payload)


class Udp:
    def __init__(self, family=4, sport=40000, dport=69):
        self.address, self.ports = SIDES[family], {'client': sport, 'server': dport}

    def data(self, side, payload, sport=None, dport=None):
        other = 'server' if side == 'client' else 'client'
        return side, udp(self.address[side], self.address[other], self.ports[side] if sport is None else sport,
                         self.ports[other] if dport is None else dport, payload)


class Tcp:
    def __init__(self, family=4, sport=40000, dport=21, isn=1000):
        self.address, self.ports = SIDES[family], {'client': sport, 'server': dport}
        self.seq = {'client': isn, 'server': 500000}
        self.options = b''

    def packet(self, side, flags, payload=b'', seq=None):
        other = 'server' if side == 'client' else 'client'
        ack = self.seq[other] if flags & 16 else 0
        out = side, tcp(self.address[side], self.address[other], self.ports[side], self.ports[other],
                        self.seq[side] if seq is None else seq, ack, flags, payload, self.options)
        return out

    def open(self):
        steps = [self.packet('client', 2)]
        self.seq['client'] += 1
        steps.append(self.packet('server', 18))
        self.seq['server'] += 1
        steps.append(self.packet('client', 16))
        return steps

    def data(self, side, payload, seq=None):
        out = self.packet(side, 24, payload, seq)
        if seq is None:
            self.seq[side] += len(payload)
        return out

    def syn(self, side, sport, dport, target=None, source=None):
        """A first packet of another connection between the same two."""
        other = 'server' if side == 'client' else 'client'
        return side, tcp(source or self.address[side], target or self.address[other], sport, dport, 77, 0, 2)
