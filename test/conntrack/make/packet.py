"""Packets from the IP header on, with right lengths and checksums unless told otherwise."""
import socket, struct

FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = 1, 2, 4, 8, 16, 32, 64, 128
ICMP, TCP, UDP, DCCP, GRE, ESP, AH, ICMPV6, NONE, SCTP, UDPLITE = 1, 6, 17, 33, 47, 50, 51, 58, 59, 132, 136


def total16(data):
    if len(data) & 1:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def checksum(data):
    return ~total16(data) & 0xFFFF


def is_six(address):
    return ":" in address


def packed(address):
    return socket.inet_pton(socket.AF_INET6 if is_six(address) else socket.AF_INET, address)


def pseudo(source, destination, protocol, length):
    if is_six(source):
        return packed(source) + packed(destination) + struct.pack(">II", length, protocol)
    return packed(source) + packed(destination) + struct.pack(">HH", protocol, length)


def ip(source, destination, protocol, payload, ttl=64, tos=0, ident=1, offset=0, options=b"", total=None):
    """`offset` is the IPv4 flags-and-offset word; in IPv6 `options` stands between header and payload."""
    if is_six(source):
        body = options + payload
        first = protocol
        head = struct.pack(">IHBB", 6 << 28 | tos << 20, len(body) if total is None else total, first, ttl)
        return head + packed(source) + packed(destination) + body
    length = 20 + len(options) + len(payload) if total is None else total
    head = struct.pack(">BBHHHBBH", 0x45 + len(options) // 4, tos, length, ident & 0xFFFF, offset, ttl, protocol, 0)
    head += packed(source) + packed(destination) + options
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def with_checksum(source, destination, protocol, segment, at, wrong=False):
    """Fills in the transport checksum at offset `at`; `wrong` spoils it."""
    value = checksum(pseudo(source, destination, protocol, len(segment)) + segment)
    if protocol == UDP and value == 0:
        value = 0xFFFF
    if wrong:
        value ^= 0x5555
    return segment[:at] + struct.pack(">H", value) + segment[at + 2:]


def tcp(source, destination, sport, dport, seq, ack, flags, window=65535, options=b"", payload=b"", wrong=False,
        doff=None, urgent=0, **rest):
    options += b"\x01" * (-len(options) % 4)
    offset = 5 + len(options) // 4 if doff is None else doff
    segment = struct.pack(">HHIIBBHHH", sport, dport, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, offset << 4, flags,
                          min(window, 65535), 0, urgent) + options + payload
    return ip(source, destination, TCP, with_checksum(source, destination, TCP, segment, 16, wrong), **rest)


def udp(source, destination, sport, dport, payload=b"", wrong=False, none=False, protocol=UDP, coverage=None, summed_as=None,
        **rest):
    """`coverage` is the UDP length, or UDPLite's coverage; `summed_as` the protocol of the pseudo header."""
    summed_as = summed_as or protocol
    length = 8 + len(payload) if coverage is None else coverage
    segment = struct.pack(">HHHH", sport, dport, length, 0) + payload
    if not none:
        if protocol == UDPLITE and length not in (0, len(segment)):
            part = segment[:length]
            value = checksum(pseudo(source, destination, summed_as, len(segment)) + part) ^ (0x5555 if wrong else 0)
            segment = segment[:6] + struct.pack(">H", value) + segment[8:]
        else:
            segment = with_checksum(source, destination, summed_as, segment, 6, wrong)
    return ip(source, destination, protocol, segment, **rest)


def icmp(source, destination, kind, code=0, rest=0, payload=b"", wrong=False, **more):
    """ICMP or ICMPv6 by the addresses; `rest` is the second word (id << 16 | sequence)."""
    segment = struct.pack(">BBHI", kind, code, 0, rest & 0xFFFFFFFF) + payload
    if is_six(source):
        return ip(source, destination, ICMPV6, with_checksum(source, destination, ICMPV6, segment, 2, wrong), **more)
    value = checksum(segment) ^ (0x5555 if wrong else 0)
    return ip(source, destination, ICMP, segment[:2] + struct.pack(">H", value) + segment[4:], **more)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def sctp(source, destination, sport, dport, tag, chunks, wrong=False, **rest):
    head = struct.pack(">HHII", sport, dport, tag & 0xFFFFFFFF, 0)
    value = crc32c(head + chunks) ^ (0x55 if wrong else 0)
    return ip(source, destination, SCTP, head[:8] + struct.pack("<I", value) + chunks, **rest)


def chunk(kind, body=b"", flags=0, length=None):
    size = 4 + len(body) if length is None else length
    return struct.pack(">BBH", kind, flags, size) + body + bytes(-len(body) % 4)
