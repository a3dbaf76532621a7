"""UDP, UDPLite, ICMP, ICMPv6, SCTP, DCCP, GRE and whatever else, zones, marks, checksums: one small scenario each."""
import random, struct
import packet as p
from packet import ACK, FIN, PSH, RST, SYN

A4, B4, A6, B6 = "10.0.0.9", "10.0.1.9", "2001:db8::9", "2001:db8:1::9"
PAIRS = ((A4, B4), (A6, B6))
N = "net.netfilter.nf_conntrack_"


class Talk(list):
    """Packets of a scenario; `pause` puts seconds before the next one."""

    def __init__(self):
        super().__init__()
        self.waiting = 0

    def pause(self, seconds):
        self.waiting += seconds

    def a(self, packet):
        self.append([self.waiting, 0, packet])
        self.waiting = 0

    def b(self, packet):
        self.append([self.waiting, 1, packet])
        self.waiting = 0


def mangle(*rules):
    return "\n".join(rules)


def udp_streams():
    t = Talk()
    both = lambda port, first, end, **more: [p.udp(*(pair if end == 0 else pair[::-1]), *((port, 53) if end == 0 else (53, port)), b"q", **more) for pair in PAIRS]
    for port in (1001, 1002, 1003, 1004):
        for one in both(port, True, 0): t.a(one)
    for port in (1001, 1002):
        for one in both(port, True, 1): t.b(one)
    for one in both(1001, True, 0): t.a(one)
    for one in both(1003, True, 0): t.a(one)
    t.pause(1.5)
    for one in both(1001, True, 0): t.a(one)
    for one in both(1001, True, 1): t.b(one)
    t.pause(0.8)
    for one in both(1001, True, 0): t.a(one)
    for one in both(1002, True, 1): t.b(one)
    for one in both(1003, True, 1): t.b(one)
    for one in both(1003, True, 0): t.a(one)
    for one in both(1004, True, 0): t.a(one)
    t.pause(0.3)
    for port in (1001, 1002, 1003, 1004):
        for one in both(port, True, 0): t.a(one)
        for one in both(port, True, 1): t.b(one)
    return t


def udp_timeouts():
    t = Talk()
    go = lambda port, end: t.a(p.udp(A4, B4, port, 53, b"q")) if end == 0 else t.b(p.udp(B4, A4, 53, port, b"r"))
    for port in (1, 2, 3): go(port, 0)
    go(2, 1); go(3, 1)
    t.pause(0.7)
    go(1, 0); go(3, 0)
    t.pause(0.7)
    for port in (1, 2, 3): go(port, 0)  # 2 is new again
    go(3, 1)
    t.pause(0.8)
    go(3, 0); go(1, 1)  # a stream now
    t.pause(1.3)
    go(3, 1); go(1, 0); go(2, 1)
    t.pause(3.3)
    go(3, 0); go(1, 1); go(2, 0)
    return t


def udp_headers():
    t = Talk()
    for a, b in PAIRS:
        t.a(p.udp(a, b, 2001, 53, b"fine"))
        t.a(p.udp(a, b, 2002, 53, b"bad", wrong=True))
        t.a(p.udp(a, b, 2003, 53, b"none", none=True))
        t.b(p.udp(b, a, 53, 2003, b"none", none=True))
        t.a(p.udp(a, b, 0, 53, b"zero"))
        t.a(p.udp(a, b, 2004, 0, b"zero"))
        t.a(p.udp(a, b, 2005, 53, b"a length too great", coverage=60))
        t.a(p.udp(a, b, 2006, 53, b"a length too small", coverage=12))
        t.a(p.udp(a, b, 2007, 53, b"less than a header", coverage=7))
        t.a(p.udp(a, b, 2008, 53, b"zero in the length", coverage=0))
        t.a(p.ip(a, b, p.UDP, b"\7\xd9\0\x35\0\x08\0"))  # seven bytes
        t.a(p.ip(a, b, p.UDP, b"\7\xda\0"))
        t.a(p.ip(a, b, p.UDP, b""))
        t.a(p.udp(a, b, 2011, 53, b"odd"))
        t.b(p.udp(b, a, 53, 2002, b"to one that was not", wrong=True))
    return t


def udplite():
    t = Talk()
    for a, b in PAIRS:
        for port, coverage in ((1, 0), (2, 8), (3, 9), (4, 7), (5, 1), (6, 18), (7, 19), (8, 65535)):
            t.a(p.udp(a, b, port, 99, b"0123456789", protocol=p.UDPLITE, coverage=coverage))
        t.b(p.udp(b, a, 99, 1, b"0123456789", protocol=p.UDPLITE, coverage=8))
        t.a(p.udp(a, b, 9, 99, b"0123456789", protocol=p.UDPLITE, coverage=8, wrong=True))
        t.a(p.udp(a, b, 10, 99, b"0123456789", protocol=p.UDPLITE, wrong=True))
        t.a(p.udp(a, b, 11, 99, b"0123456789", protocol=p.UDPLITE, none=True))
        t.a(p.ip(a, b, p.UDPLITE, b"\0\1\0\2\0\0\0"))
        # Linux sums up UDPLite with the pseudo header of UDP.
        for port, coverage in ((21, 0), (22, 8), (23, 9), (24, 18), (25, 19)):
            t.a(p.udp(a, b, port, 99, b"0123456789", protocol=p.UDPLITE, coverage=coverage, summed_as=p.UDP))
        t.b(p.udp(b, a, 99, 21, b"0123456789", protocol=p.UDPLITE, coverage=8, summed_as=p.UDP))
        t.b(p.udp(b, a, 99, 22, b"0123456789", protocol=p.UDPLITE, coverage=18, summed_as=p.UDP, wrong=True))
    t.pause(2.2)
    t.a(p.udp(A4, B4, 1, 99, b"0123456789", protocol=p.UDPLITE))
    t.b(p.udp(B4, A4, 99, 1, b"0123456789", protocol=p.UDPLITE))
    return t


def icmp_queries():
    t, a, b = Talk(), A4, B4
    for request, reply in ((8, 0), (13, 14), (15, 16), (17, 18)):
        t.a(p.icmp(a, b, request, rest=request << 16 | 1, payload=bytes(12)))
        t.b(p.icmp(b, a, reply, rest=request << 16 | 1, payload=bytes(12)))
        t.b(p.icmp(b, a, reply, rest=request << 16 | 2, payload=bytes(12)))
        t.b(p.icmp(b, a, reply, rest=9 << 16 | 1, payload=bytes(12)))  # another id
        t.a(p.icmp(a, b, reply, rest=request << 16 | 1, payload=bytes(12)))  # wrong way
        t.a(p.icmp(a, b, request, rest=request << 16 | 2, payload=bytes(12)))
        t.b(p.icmp(b, a, request, rest=request << 16 | 1, payload=bytes(12)))  # the same id from the other end
        t.a(p.icmp(a, b, reply, rest=request << 16 | 1, payload=bytes(12)))
        t.a(p.icmp(a, b, request, code=3, rest=request << 16 | 1))  # another code is another tuple
        t.b(p.icmp(b, a, reply, code=3, rest=request << 16 | 1))
    for kind in list(range(0, 45)) + [128, 129, 253, 255]:
        t.a(p.icmp(a, b, kind, rest=77 << 16 | 1, payload=bytes(20)))
    t.a(p.icmp(a, b, 8, rest=31 << 16, wrong=True))
    t.b(p.icmp(b, a, 0, rest=31 << 16))
    for length in (7, 5, 4, 1, 0):
        t.a(p.ip(a, b, p.ICMP, (b"\x08\0" + struct.pack(">H", p.checksum(b"\x08\0\0\0\0\x20\0")) + b"\0\x20\0")[:length]))
    return t


def icmp6_queries():
    t, a, b = Talk(), A6, B6
    for request, reply in ((128, 129), (139, 140)):
        t.a(p.icmp(a, b, request, rest=request << 16 | 1, payload=bytes(8)))
        t.b(p.icmp(b, a, reply, rest=request << 16 | 1, payload=bytes(8)))
        t.b(p.icmp(b, a, reply, rest=9 << 16 | 1, payload=bytes(8)))
        t.a(p.icmp(a, b, reply, rest=request << 16 | 1, payload=bytes(8)))
        t.a(p.icmp(a, b, request, rest=request << 16 | 2, payload=bytes(8)))
        t.b(p.icmp(b, a, request, rest=request << 16 | 1, payload=bytes(8)))
        t.a(p.icmp(a, b, request, code=1, rest=request << 16 | 1, payload=bytes(8)))
    for kind in [0, 1, 2, 3, 4, 5, 100, 127] + list(range(130, 164)) + [200, 201, 255]:
        t.a(p.icmp(a, b, kind, rest=77 << 16 | 1, payload=bytes(24)))
    for kind in (130, 131, 132, 133, 134, 135, 136, 137, 143):
        t.a(p.icmp(a, "ff02::1", kind, rest=0, payload=bytes(16), ttl=255))
        t.a(p.icmp("fe80::9", "2001:db8::1", kind, rest=0, payload=bytes(16), ttl=255))
        t.a(p.icmp(a, b, kind, rest=0, payload=bytes(16), wrong=True))
    t.a(p.icmp(a, b, 128, rest=31 << 16, wrong=True))
    for length in (7, 5, 4, 1, 0):
        t.a(p.ip(a, b, p.ICMPV6, p.icmp(a, b, 128, rest=0x200000)[40:][:length]))
    return t


def flows(t, a, b, echo):
    """One flow of each kind; returns packets of the original and of the reply direction, by name."""
    six = p.is_six(a)
    ways = {}
    def flow(name, there, back, known=True, answered=True):
        ways[name] = (there, back)
        if known:
            t.a(there)
            if answered:
                t.b(back)
    flow("udp", p.udp(a, b, 3000, 53, b"question"), p.udp(b, a, 53, 3000, b"answer"))
    flow("udp-unanswered", p.udp(a, b, 3001, 53, b"question"), p.udp(b, a, 53, 3001, b"answer"), answered=False)
    flow("udp-unknown", p.udp(a, b, 3002, 53, b"question"), p.udp(b, a, 53, 3002, b"answer"), known=False)
    flow("syn", p.tcp(a, b, 3003, 80, 100, 0, SYN), p.tcp(b, a, 80, 3003, 200, 101, SYN | ACK), answered=False)
    flow("tcp", p.tcp(a, b, 3004, 80, 100, 0, SYN), p.tcp(b, a, 80, 3004, 200, 101, SYN | ACK))
    t.a(p.tcp(a, b, 3004, 80, 101, 201, ACK))
    flow("tcp-unknown", p.tcp(a, b, 3005, 80, 100, 0, SYN), p.tcp(b, a, 80, 3005, 200, 101, SYN | ACK), known=False)
    flow("echo", p.icmp(a, b, echo[0], rest=3 << 16 | 1), p.icmp(b, a, echo[1], rest=3 << 16 | 1))
    flow("echo-unknown", p.icmp(a, b, echo[0], rest=4 << 16 | 1), p.icmp(b, a, echo[1], rest=4 << 16 | 1), known=False)
    flow("generic", p.ip(a, b, 99, b"anything at all"), p.ip(b, a, 99, b"anything at all"))
    flow("gre", p.ip(a, b, p.GRE, b"\0\0\x08\0" + bytes(8)), p.ip(b, a, p.GRE, b"\0\0\x08\0" + bytes(8)))
    init = p.chunk(1, struct.pack(">IIHHI", 7, 1000, 1, 1, 1))
    flow("sctp", p.sctp(a, b, 3006, 9, 0, init), p.sctp(b, a, 9, 3006, 7, p.chunk(2, struct.pack(">IIHHI", 8, 1000, 1, 1, 1))))
    flow("udplite", p.udp(a, b, 3007, 53, b"question", protocol=p.UDPLITE), p.udp(b, a, 53, 3007, b"answer", protocol=p.UDPLITE))
    if six:
        flow("hop-by-hop", p.ip(a, b, 0, b"\x11\0\1\4\0\0\0\0" + p.udp(a, b, 3008, 53, b"q")[40:]), p.udp(b, a, 53, 3008, b"r"))
    else:
        flow("options", p.ip(a, b, p.UDP, p.udp(a, b, 3008, 53, b"q")[20:], options=b"\1\1\1\0"), p.udp(b, a, 53, 3008, b"r"))
    return ways


def icmp_errors(six):
    t = Talk()
    a, b = PAIRS[six]
    error = (lambda s, d, kind, code, inner, rest=0, **more: p.icmp(s, d, kind, code, rest, inner, **more))
    kinds = [(1, code) for code in range(8)] + [(2, 0), (3, 0), (3, 1), (4, 0), (4, 1), (4, 2)] if six else \
        [(3, code) for code in (0, 1, 2, 3, 4, 9, 10, 13, 15)] + [(4, 0), (5, 0), (5, 1), (11, 0), (11, 1), (12, 0), (12, 1)]
    main = (1, 4) if six else (3, 3)
    ways = flows(t, a, b, (128, 129) if six else (8, 0))
    head = 40 if six else 20
    other = "2001:db8:1::77" if six else "10.0.1.77"
    for kind, code in kinds:
        for name in ("udp", "tcp-unknown"):
            t.b(error(b, a, kind, code, ways[name][0]))
    for there, back in ways.values():
        t.b(error(b, a, *main, there))  # from the far end, about what came to it
        t.b(error(other, a, *main, there))  # from a router on the way
        t.a(error(a, b, *main, back))  # the near end about the answer
        t.a(error(a, b, *main, there))  # wrong way: about its own packet
        t.b(error(b, other if not six else "2001:db8::77", *main, there))  # to another than the sender of the inner packet
        t.b(error(b, a, *main, back))
    for name in ("udp", "tcp", "echo", "sctp", "generic", "gre", "udplite"):
        there = ways[name][0]
        for length in (head + 8, head + 7, head + 4, head + 3, head + 1, head, head - 1, 8, 1, 0):
            t.b(error(b, a, *main, there[:length]))
    there = ways["udp"][0]
    if six:
        t.b(error(b, a, *main, b"\x40" + there[1:]))
        t.b(error(b, a, *main, there[:6] + b"\x3b" + there[7:]))  # no next header
        t.b(error(b, a, *main, p.ip(a, b, 44, b"\x11\0\0\1\0\0\0\7" + there[40:])))  # a first fragment
        t.b(error(b, a, *main, p.ip(a, b, 44, b"\x11\0\0\x09\0\0\0\7" + there[40:])))  # a later one
    else:
        t.b(error(b, a, *main, b"\x44" + there[1:]))  # a header too short
        t.b(error(b, a, *main, b"\x65" + there[1:]))  # version 6
        t.b(error(b, a, *main, b"\x4f" + there[1:]))  # a header longer than what is there
        t.b(error(b, a, *main, there[:6] + b"\x20\0" + there[8:]))  # a first fragment
        t.b(error(b, a, *main, there[:6] + b"\0\1" + there[8:]))  # a later one
        t.b(error(b, a, *main, there[:8] + b"\0" + there[9:]))  # its checksum no longer right
        t.b(error(b, a, *main, there[:2] + b"\xff\xff" + there[4:]))  # total length
    t.b(error(b, a, *main, there, wrong=True))
    t.b(error(b, a, *main, error(a, b, *main, ways["udp"][1])))  # an error about an error
    t.b(error(b, a, *main, ways["udp-unknown"][0]))
    t.b(p.udp(b, a, 53, 3002, b"answer"))  # from here on this tuple is known the other way round
    t.b(error(b, a, *main, ways["udp-unknown"][0]))
    t.a(error(a, b, *main, ways["udp-unknown"][1]))
    return t


CHUNKS = {"DATA": 0, "INIT": 1, "INIT_ACK": 2, "SACK": 3, "HEARTBEAT": 4, "HEARTBEAT_ACK": 5, "ABORT": 6, "SHUTDOWN": 7,
          "SHUTDOWN_ACK": 8, "ERROR": 9, "COOKIE_ECHO": 10, "COOKIE_ACK": 11, "SHUTDOWN_COMPLETE": 14}


def sctp_chunk(name, tag=0, **more):
    if name in ("INIT", "INIT_ACK"):
        return p.chunk(CHUNKS[name], struct.pack(">IIHHI", tag, 1000, 1, 1, 1), **more)
    if name == "DATA":
        return p.chunk(0, struct.pack(">IHHI", 1, 0, 0, 0) + b"data", 3, **more)
    return p.chunk(CHUNKS[name], b"" if "ACK" in name or name == "ABORT" else b"cook", **more)


def sctp_lives():
    t = Talk()
    for index, (a, b) in enumerate(PAIRS):
        port = 100
        def go(end, name, tag, init=0, **more):
            names = name.split("+")
            chunks = b"".join(sctp_chunk(one, init, **more) for one in names)
            (t.a if end == "a" else t.b)(p.sctp(*((a, b, port, 9) if end == "a" else (b, a, 9, port)), tag, chunks))
        def opened(answer=True):
            nonlocal port
            port += 1
            go("a", "INIT", 0, 0xA); go("b", "INIT_ACK", 0xA, 0xB); go("a", "COOKIE_ECHO", 0xB); go("b", "COOKIE_ACK", 0xA)
        opened(); go("a", "DATA", 0xB); go("b", "SACK", 0xA); go("b", "SACK+DATA", 0xA); go("a", "HEARTBEAT", 0xB); go("b", "HEARTBEAT_ACK", 0xA)
        go("a", "SHUTDOWN", 0xB); go("b", "SHUTDOWN_ACK", 0xA); go("a", "SHUTDOWN_COMPLETE", 0xB); go("b", "DATA", 0xA)
        opened(); go("a", "DATA", 0xA); go("b", "DATA", 0xB); go("a", "DATA", 0); go("a", "ABORT", 0xA); go("a", "ABORT", 0xB, ); go("a", "INIT", 0, 0xC)
        opened(); go("b", "ABORT", 0xA); go("b", "DATA", 0xA)
        opened(); go("b", "ABORT", 0xB, flags=1); go("a", "DATA", 0xB)
        opened(); go("b", "SHUTDOWN", 0xA); go("a", "SHUTDOWN", 0xB); go("a", "SHUTDOWN_ACK", 0xB); go("b", "SHUTDOWN_ACK", 0xA); go("a", "SHUTDOWN_COMPLETE", 0xA, flags=1)
        opened(); go("a", "INIT", 0, 0xAA); go("b", "INIT_ACK", 0xAA, 0xBB); go("a", "COOKIE_ECHO", 0xBB); go("b", "COOKIE_ACK", 0xAA); go("a", "DATA", 0xBB)  # restart
        opened(); go("b", "INIT", 0, 0xBB); go("a", "INIT_ACK", 0xBB, 0xAA); go("b", "COOKIE_ECHO", 0xAA); go("a", "COOKIE_ACK", 0xBB)
        port += 1; go("a", "INIT", 0, 0xA); go("b", "INIT", 0, 0xB); go("a", "INIT_ACK", 0xB, 0xA); go("b", "INIT_ACK", 0xA, 0xB); go("a", "COOKIE_ECHO", 0xB); go("b", "COOKIE_ACK", 0xA)
        port += 1; go("a", "INIT", 5, 0xA); go("a", "INIT", 0, 0)
        port += 1; go("a", "INIT", 0, 0xA); go("b", "ABORT", 0xA); go("a", "INIT", 0, 0xA)
        port += 1; go("a", "INIT", 0, 0xA); go("a", "INIT", 0, 0xA); go("b", "INIT_ACK", 0xC, 0xB); go("b", "INIT_ACK", 0xA, 0xB); go("b", "COOKIE_ACK", 0xA); go("a", "COOKIE_ECHO+DATA", 0xB)
        port += 1; go("a", "INIT+DATA", 0, 0xA)
        port += 1; go("a", "DATA+INIT", 0, 0xA)
        port += 1; go("a", "INIT", 0, 0xA, length=3)
        for name in CHUNKS:  # midstream
            port += 1; go("a", name, 0xB, 0xA); go("b", "DATA", 0xA); go("a", "HEARTBEAT", 0xB); go("b", "HEARTBEAT_ACK", 0xA); go("b", "DATA", 0xA); go("a", "SACK", 0xB)
        port += 1; go("a", "HEARTBEAT", 0xB); go("b", "HEARTBEAT_ACK", 0xD); go("a", "HEARTBEAT", 0xC); go("b", "HEARTBEAT", 0xD); go("b", "HEARTBEAT", 0xE); go("a", "ABORT", 0xC); go("a", "ABORT", 0xB)
        port += 1
        t.a(p.sctp(a, b, port, 9, 0, b""))
        t.a(p.sctp(a, b, port, 9, 0, b"\1\0"))
        t.a(p.sctp(a, b, port, 9, 0, p.chunk(1, b"\0\0\0\1")))
        t.a(p.sctp(a, b, port, 9, 0, p.chunk(200, b"what")))
        t.a(p.sctp(a, b, port, 9, 0, p.chunk(200, b"what") + sctp_chunk("INIT", 3)))
        t.a(p.sctp(a, b, port + 1, 9, 0, sctp_chunk("INIT", 3), wrong=True))
        t.a(p.ip(a, b, p.SCTP, p.sctp(a, b, port + 2, 9, 0, b"")[-12:][:11]))
    return t


def sctp_random(seed):
    dice, t = random.Random(seed), Talk()
    for port in range(1, 25):
        a, b = PAIRS[port % 4 == 0]
        tags = {"a": 0xA0 + port, "b": 0xB0 + port}
        script = [("a", "INIT"), ("b", "INIT_ACK"), ("a", "COOKIE_ECHO"), ("b", "COOKIE_ACK"), ("a", "DATA"), ("b", "SACK"),
                  ("a", "SHUTDOWN"), ("b", "SHUTDOWN_ACK"), ("a", "SHUTDOWN_COMPLETE")]
        while script:
            end, name = script.pop(0) if dice.random() < 0.6 else (dice.choice("ab"), dice.choice(list(CHUNKS)))
            if dice.random() < 0.05:
                continue
            tag = 0 if name == "INIT" else tags["b" if end == "a" else "a"]
            if dice.random() < 0.08:
                tag = dice.choice([0, 1, tags[end]])
            flags = 1 if dice.random() < 0.1 else 0
            if name in ("INIT", "INIT_ACK") and dice.random() < 0.1:
                tags[end] += 0x100
            chunks = sctp_chunk(name, tags[end], flags=flags) if name != "DATA" else sctp_chunk(name)
            if dice.random() < 0.15:
                chunks += sctp_chunk(dice.choice(["DATA", "SACK", "HEARTBEAT", "ABORT", "COOKIE_ACK"]))
            (t.a if end == "a" else t.b)(p.sctp(*((a, b, port, 9) if end == "a" else (b, a, 9, port)), tag, chunks))
    return t


def sctp_expiry():
    t = Talk()
    go = lambda end, port, name, tag, init=0: (t.a if end == "a" else t.b)(
        p.sctp(*((A4, B4, port, 9) if end == "a" else (B4, A4, 9, port)), tag, sctp_chunk(name, init)))
    for port in (1, 2, 3):
        go("a", port, "INIT", 0, 0xA)
    go("b", 2, "INIT_ACK", 0xA, 0xB); go("a", 2, "COOKIE_ECHO", 0xB)
    go("b", 3, "INIT_ACK", 0xA, 0xB); go("a", 3, "COOKIE_ECHO", 0xB); go("b", 3, "COOKIE_ACK", 0xA)
    t.pause(1.6)
    go("a", 1, "INIT", 0, 0xA); go("b", 2, "COOKIE_ACK", 0xA); go("a", 3, "SHUTDOWN", 0xB)
    t.pause(1.6)
    go("b", 1, "INIT_ACK", 0xA, 0xB); go("b", 2, "DATA", 0xA); go("b", 3, "SHUTDOWN_ACK", 0xA)
    t.pause(1.6)
    go("a", 1, "COOKIE_ECHO", 0xB); go("a", 2, "DATA", 0xB); go("a", 3, "SHUTDOWN_COMPLETE", 0xB)
    return t


def dccp():
    t = Talk()
    for a, b in PAIRS:
        def go(end, kind, long=True, wrong=False):
            body = bytes([0, 1]) + bytes(10) if kind in (1, 3) else bytes(8)
            head = struct.pack(">HHBBHBBHI", *((5000, 5001) if end == "a" else (5001, 5000)), (16 + len(body)) // 4, 0, 0,
                               kind << 1 | 1, 0, 0, 7)
            s, d = (a, b) if end == "a" else (b, a)
            (t.a if end == "a" else t.b)(p.ip(s, d, p.DCCP, p.with_checksum(s, d, p.DCCP, head + body, 6, wrong)))
        go("a", 0); go("b", 1); go("a", 3); go("b", 2); go("a", 6); go("b", 7); go("a", 2, wrong=True)
        t.a(p.ip(a, b, p.DCCP, b"\x13"))
    return t


def gre():
    t = Talk()
    for a, b in PAIRS:
        key = lambda n: b"\x20\0\x08\0" + struct.pack(">I", n) + b"payload!"
        pptp = lambda call, flags=0x3001: struct.pack(">HHHHI", flags, 0x880B, 4, call, 1) + b"data"
        for end, body in ((0, b"\0\0\x08\0plain payload"), (1, b"\0\0\x08\0plain payload"), (0, key(1)), (0, key(2)), (1, key(1)),
                          (0, pptp(7)), (1, pptp(8)), (1, pptp(7)), (0, pptp(7)), (0, pptp(9, 0x3081)), (0, pptp(9, 0x2001)),
                          (0, b"\0\2\x08\0version 2"), (0, b"\x20\0\x88\x0b" + bytes(8)), (0, b"\0\0\x08"), (0, b"\x30\1\x88\x0b\0\4\0"),
                          (0, b"\x30\1\x88\x0b\0\0\0"), (0, b"\x30\1\x08\0" + bytes(8)), (0, b"")):
            s, d = (a, b) if end == 0 else (b, a)
            (t.a if end == 0 else t.b)(p.ip(s, d, p.GRE, body))
    t.pause(1.0)
    t.a(p.ip(A4, B4, p.GRE, b"\0\0\x08\0plain payload"))
    t.b(p.ip(B4, A4, p.GRE, b"\0\0\x08\0plain payload"))
    return t


def others():
    t = Talk()
    for a, b in PAIRS:
        six = p.is_six(a)
        for protocol in (2, 3, 4, 41, 50, 51, 89, 94, 97, 99, 103, 108, 112, 115, 118, 137, 139, 142, 200, 253, 255) + ((59, 135, 140) if six else (0, 43, 44, 58, 59, 60)):
            t.a(p.ip(a, b, protocol, b"\x3b\0\0\0" + bytes(12)))
            t.b(p.ip(b, a, protocol, b"\x3b\0\0\0" + bytes(12)))
        t.a(p.ip(a, b, 99, b""))
        t.a(p.ip(a, b, 50, b"\0"))
        t.a(p.ip(a, b, 99, b"again"))
    a, b = PAIRS[1]
    segment = p.udp(a, b, 6000, 53, b"q")[40:]
    hop, dest, route = b"\0\1\4\0\0\0\0", b"\0\1\4\0\0\0\0", b"\0\4\0\0\0\0\0"
    chain = lambda *parts: p.ip(a, b, parts[0][0], b"".join(bytes([(parts[i + 1][0] if i + 1 < len(parts) else 17)]) + parts[i][1] for i in range(len(parts))) + segment)
    t.a(chain((0, hop)))
    t.a(chain((60, dest)))
    t.a(chain((43, route)))
    t.a(chain((0, hop), (60, dest), (43, route), (60, dest)))
    t.a(chain((60, dest), (0, hop)))
    t.a(p.ip(a, b, 0, b"\x3b\0\1\4\0\0\0\0"))  # then no next header
    t.a(p.ip(a, b, 60, b"\x11\0\1\4\0\0\0"))  # cut short
    t.a(p.ip(a, b, 60, b"\x11\1\1\4\0\0\0\0" + segment))  # longer than what is there
    t.a(p.ip(a, b, 51, b"\x11\4" + bytes(22) + segment))  # AH before UDP
    t.a(p.ip(a, b, 60, b"\x33\0\1\4\0\0\0\0" + b"\x11\4" + bytes(22) + segment))
    t.a(p.ip(a, b, 60, b"\x63\0\1\4\0\0\0\0" + segment))  # protocol 99 behind
    t.a(p.ip(a, b, 44, b"\x11\0\0\0\0\0\0\5" + segment))  # an atomic fragment
    t.b(p.udp(b, a, 53, 6000, b"r"))
    return t


def generic_expiry():
    t = Talk()
    t.a(p.ip(A4, B4, 99, b"x")); t.a(p.icmp(A4, B4, 8, rest=1 << 16)); t.a(p.icmp(A6, B6, 128, rest=1 << 16)); t.a(p.ip(A4, B4, p.GRE, bytes(8)))
    t.b(p.ip(B4, A4, p.GRE, bytes(8))); t.b(p.icmp(B4, A4, 0, rest=1 << 16))
    t.pause(1.4)
    t.b(p.ip(B4, A4, 99, b"x")); t.b(p.icmp(B4, A4, 0, rest=1 << 16)); t.b(p.icmp(B6, A6, 129, rest=1 << 16)); t.b(p.ip(B4, A4, p.GRE, bytes(8)))
    t.pause(1.3)
    t.a(p.ip(A4, B4, 99, b"x")); t.a(p.icmp(A4, B4, 8, rest=1 << 16)); t.a(p.ip(A4, B4, p.GRE, bytes(8)))
    t.pause(2.3)
    t.a(p.ip(A4, B4, p.GRE, bytes(8)))
    return t


def exchange(t, a, b, port, dport=80, udp=True):
    """A UDP exchange and a TCP connection up to data."""
    if udp:
        t.a(p.udp(a, b, port, dport, b"q")); t.b(p.udp(b, a, dport, port, b"r")); t.a(p.udp(a, b, port, dport, b"q"))
    t.a(p.tcp(a, b, port, dport, 100, 0, SYN)); t.b(p.tcp(b, a, dport, port, 500, 101, SYN | ACK))
    t.a(p.tcp(a, b, port, dport, 101, 501, ACK)); t.a(p.tcp(a, b, port, dport, 101, 501, ACK | PSH, payload=b"hello"))
    t.b(p.tcp(b, a, dport, port, 501, 106, ACK))


def zones():
    """Connections, then an ICMP error about each."""
    t = Talk()
    for a, b in PAIRS:
        exchange(t, a, b, 4000)
        kind = (1, 4) if p.is_six(a) else (3, 3)
        t.b(p.icmp(b, a, *kind, payload=p.udp(a, b, 4000, 80, b"q")))
        t.a(p.icmp(a, b, *kind, payload=p.udp(b, a, 80, 4000, b"r")))
        t.b(p.udp(b, a, 80, 4001, b"first from the other end")); t.a(p.udp(a, b, 4001, 80, b"answered"))
    return t


def marked():
    t = Talk()
    for a, b in PAIRS:
        for port in (4000, 4001, 4002):
            exchange(t, a, b, port, 80 + port % 3)
        t.b(p.icmp(b, a, *((1, 4) if p.is_six(a) else (3, 3)), payload=p.udp(a, b, 4000, 80 + 4000 % 3, b"q")))
    return t


def clustered():
    t = Talk()
    for number in range(24):
        for a, b in ((f"10.0.0.{20 + number * 9}", B4), (f"2001:db8::{20 + number * 7:x}", B6)):
            t.a(p.udp(a, b, 4000, 80, b"q")); t.b(p.udp(b, a, 80, 4000, b"r"))
    return t


def unconfirmed():
    """New packets that are dropped, or that do not get out, leave no entry."""
    t = Talk()
    for a, b in PAIRS:
        for _ in range(2):
            t.a(p.udp(a, b, 4000, 81, b"dropped by a rule"))
            t.a(p.udp(a, b, 4001, 80, b"time to live 1", ttl=1))
            t.a(p.udp(a, "2001:db8:77::1" if p.is_six(a) else "172.16.0.1", 4002, 80, b"no route"))
            t.a(p.udp(a, "2001:db8::1" if p.is_six(a) else "10.0.0.1", 4003, 80, b"to the router itself"))
            t.a(p.udp(a, "ff02::fb" if p.is_six(a) else "224.0.0.251", 4004, 80, b"multicast"))
            t.a(p.udp(a, "2001:db8::77" if p.is_six(a) else "10.0.0.255", 4005, 80, b"to its own network", ))
            t.a(p.tcp(a, b, 4006, 81, 1, 0, SYN))
        t.b(p.udp(b, a, 81, 4000, b"the other way round")); t.a(p.udp(a, b, 4000, 81, b"so this is a reply, and dropped"))
        t.a(p.udp(a, b, 4000, 81, b"again"))
    return t


CT = lambda zone4: {"rules4": zone4, "rules6": zone4}


def scenarios():
    from record import counting_rules as rules
    both = lambda raw="", mangle="": {"rules4": rules(raw, mangle), "rules6": rules(raw, mangle)}
    yield {"name": "udp-streams", "watch": True, "about": "replies, and packets more than 2 s after the first", "packets": udp_streams()}
    yield {"name": "udp-timeouts", "sysctls": {N + "udp_timeout": "1", N + "udp_timeout_stream": "3"}, "packets": udp_timeouts()}
    for value in ("1", "0"):
        checksums = {N + "checksum": value}
        yield {"name": f"udp-headers-checksum-{value}", "sysctls": checksums, "packets": udp_headers()}
        yield {"name": f"udplite-checksum-{value}", "sysctls": checksums, "packets": udplite()}
        yield {"name": f"icmp-queries-checksum-{value}", "sysctls": checksums, "packets": icmp_queries()}
        yield {"name": f"icmp6-queries-checksum-{value}", "sysctls": checksums, "packets": icmp6_queries()}
        yield {"name": f"icmp-errors-checksum-{value}", "sysctls": checksums, "packets": icmp_errors(False)}
        yield {"name": f"icmp6-errors-checksum-{value}", "sysctls": checksums, "packets": icmp_errors(True)}
        yield {"name": f"sctp-lives-checksum-{value}", "sysctls": checksums, "watch": value == "1", "packets": sctp_lives()}
        yield {"name": f"dccp-checksum-{value}", "sysctls": checksums, "packets": dccp()}
    for seed in range(1, 5):
        yield {"name": f"sctp-random-{seed}", "seed": seed, "packets": sctp_random(seed)}
    yield {"name": "sctp-expiry", "packets": sctp_expiry(), "sysctls": {
        N + "sctp_timeout_" + name: seconds for name, seconds in (("cookie_wait", "2"), ("cookie_echoed", "2"), ("established", "3"), ("shutdown_sent", "2"))}}
    yield {"name": "gre", "packets": gre()}
    yield {"name": "other-protocols", "packets": others()}
    yield {"name": "generic-expiry", "packets": generic_expiry(), "sysctls": {
        N + "generic_timeout": "1", N + "icmp_timeout": "2", N + "icmpv6_timeout": "2", N + "gre_timeout": "2", N + "gre_timeout_stream": "3"}}
    for name, raw, zone in (
        ("both", ["-i eth0 -j CT --zone 7", "-i eth1 -j CT --zone 7"], 7),
        ("one-side", ["-i eth0 -j CT --zone 7"], 7),
        ("different", ["-i eth0 -j CT --zone 7", "-i eth1 -j CT --zone 8"], 7),
        ("original", ["-i eth0 -j CT --zone-orig 7"], 0),
        ("reply", ["-i eth0 -j CT --zone-reply 7", "-i eth1 -j CT --zone 7"], 0),
        ("reply-unmet", ["-i eth0 -j CT --zone-reply 7"], 0),
        ("original-and-reply", ["-i eth0 -j CT --zone-orig 7", "-i eth1 -j CT --zone-reply 7"], 0),
        ("mark", ["-i eth0 -p udp -j MARK --set-mark 0x10005", "-i eth1 -p udp -j MARK --set-mark 5", "-j CT --zone mark"], 5),
    ):
        yield {"name": f"zone-{name}", "lookupZone": zone, "packets": zones(), **both("\n".join("-A PREROUTING " + one for one in raw))}
    for name, raw in (
        ("both", ["-p udp -j NOTRACK", "-p tcp -j CT --notrack"]),
        ("one-side", ["-i eth0 -p udp -j NOTRACK", "-i eth1 -p tcp -j CT --notrack"]),
        ("errors", ["-p icmp -j CT --notrack"]),
    ):
        text = "\n".join("-A PREROUTING " + one for one in raw)
        yield {"name": f"notrack-{name}", "packets": zones(), "rules4": rules(text), "rules6": rules(text.replace("icmp", "icmpv6"))}
    yield {"name": "ctevents", "watch": True, "packets": zones(), **both(
        "-A PREROUTING -p tcp -j CT --ctevents new,destroy\n-A PREROUTING -p udp -j CT --ctevents assured,reply")}
    yield {"name": "connmark", "watch": True, "packets": marked(), **both("", mangle(
        "-A PREROUTING -j CONNMARK --restore-mark",
        "-A PREROUTING -m mark --mark 0x0 -p tcp -m conntrack --ctstate NEW -j MARK --set-xmark 0x1234/0xffffffff",
        "-A PREROUTING -p udp --dport 81 -j CONNMARK --set-xmark 0xff00/0xffff",
        "-A PREROUTING -p udp --dport 82 -j CONNMARK --or-mark 0x7",
        "-A FORWARD -p tcp -j CONNMARK --save-mark --nfmask 0xff0 --ctmask 0xfff",
        "-A FORWARD -m connmark --mark 0x234", "-A FORWARD -m connmark --mark 0xff00/0xff00", "-A FORWARD -m connmark ! --mark 0",
        "-A FORWARD -m mark --mark 0x230/0xff0",
        "-A FORWARD -p tcp --dport 81 -j CONNMARK --and-mark 0xf0", "-A FORWARD -p tcp --dport 82 -j CONNMARK --xor-mark 0x3",
        "-A POSTROUTING -j CONNMARK --restore-mark --nfmask 0xff --ctmask 0xff", "-A POSTROUTING -m mark --mark 0x7"))}
    yield {"name": "matches", "packets": marked(), **both("", mangle(*[f"-A FORWARD -m {one}" for one in (
        "state --state NEW,RELATED", "state --state ESTABLISHED", "state ! --state INVALID",
        "conntrack --ctproto 6", "conntrack ! --ctproto udp", "conntrack --ctorigsrcport 4000:4001", "conntrack --ctrepldstport 4000",
        "conntrack --ctorigdstport 81:83", "conntrack --ctreplsrcport 81", "conntrack ! --ctorigsrcport 4000", "conntrack --ctexpire 100:200",
        "conntrack --ctexpire 0:60", "conntrack ! --ctexpire 300:432000", "conntrack --ctdir ORIGINAL --ctstate ESTABLISHED",
        "conntrack --ctstate SNAT,DNAT", "conntrack ! --ctstatus SEEN_REPLY", "conntrack --ctstatus ASSURED,SEEN_REPLY", "conntrack ! --ctstate NEW,ESTABLISHED",
        "connbytes --connbytes 2:3 --connbytes-dir original --connbytes-mode packets", "connbytes --connbytes 3: --connbytes-dir both --connbytes-mode packets",
        "connbytes --connbytes 100: --connbytes-dir reply --connbytes-mode bytes", "connbytes --connbytes 40:45 --connbytes-dir both --connbytes-mode avgpkt",
        "connbytes ! --connbytes 0:2 --connbytes-dir reply --connbytes-mode packets", "connbytes --connbytes 41:60 --connbytes-dir original --connbytes-mode avgpkt",
        "cluster --cluster-total-nodes 2 --cluster-local-node 1 --cluster-hash-seed 0xdeadbeef", "cluster --cluster-total-nodes 2 --cluster-local-node 2 --cluster-hash-seed 0xdeadbeef",
        "cluster --cluster-total-nodes 5 --cluster-local-nodemask 0x15 --cluster-hash-seed 1", "connlabel --label 5", "connlabel ! --label 5", "helper --helper ftp",
        'helper --helper ""')], "-A PREROUTING -p udp -m udp --dport 81 -m connlabel --label 5 --set", "-A PREROUTING -p tcp -m tcp --dport 82 -m connlabel --label 127 --set"))}
    yield {"name": "cluster", "packets": clustered(), **both("", mangle(*[
        f"-A {chain} -m cluster --cluster-total-nodes {total} --cluster-local-nodemask {mask} --cluster-hash-seed {seed}"
        for chain in ("PREROUTING", "FORWARD") for total, mask, seed in (
            (2, "0x1", "0xdeadbeef"), (2, "0x2", "0xdeadbeef"), (3, "0x4", "0xdeadbeef"), (3, "0x4", "0x1"), (5, "0x15", "0x1"), (32, "0x1b", "0xffffffff"))]))}
    yield {"name": "no-accounting", "sysctls": {N + "acct": "0"}, "packets": marked()}
    # A connbytes rule turns accounting on, whatever the sysctl said before.
    yield {"name": "no-accounting-connbytes", "sysctls": {N + "acct": "0"}, "packets": marked(), **both("", mangle(
        "-A FORWARD -m connbytes --connbytes 2:3 --connbytes-dir original --connbytes-mode packets", "-A FORWARD -m connbytes ! --connbytes 2:3 --connbytes-dir original --connbytes-mode packets"))}
    yield {"name": "timestamps", "watch": True, "sysctls": {N + "timestamp": "1"}, "packets": zones()}
    yield {"name": "unconfirmed", "packets": unconfirmed(), **both("", "-A FORWARD -p udp -m udp --dport 81 -j DROP\n-A FORWARD -p tcp -m tcp --dport 81 -j DROP")}
