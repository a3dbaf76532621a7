"""Fragments on their way through conntrack's defragmentation: any order, duplicates, overlaps, ECN, gaps, by seed."""
import random, struct
import packet as p
from protocol import A4, A6, B4, B6, N, PAIRS, Talk

MORE, DONT = 0x2000, 0x4000
used = [1000]


def ident():
    """No identification twice in a run: what is left of a scenario must not meet the next one."""
    used[0] += 1
    return used[0]


def fragment(whole, number, start, end, more, tos=None, ttl=None, options=None, flags=0, before=b"", header=None):
    """Bytes `start` to `end` of a packet's payload as a fragment of its own."""
    six = whole[0] >> 4 == 6
    if six:
        payload = whole[40:][start:end]
        head = struct.pack(">BBHI", header if header is not None else whole[6], 0, start | (1 if more else 0), number)
        if before:
            return whole[:4] + struct.pack(">HB", len(before) + 8 + len(payload), 0) + whole[7:40] + before + head + payload
        packet = whole[:4] + struct.pack(">HB", 8 + len(payload), 44) + whole[7:40] + head + payload
        if tos is not None:
            packet = struct.pack(">I", 6 << 28 | tos << 20) + packet[4:]
        return packet
    payload = whole[20:][start:end]
    source, destination = (".".join(map(str, whole[at:at + 4])) for at in (12, 16))
    return p.ip(source, destination, whole[9], payload, ttl=ttl or whole[8], tos=tos or 0, ident=number,
                offset=flags | (MORE if more else 0) | start >> 3, options=options or b"")


def cut(whole, sizes):
    """(start, end, more) of each piece; sizes in bytes, the last one takes the rest."""
    length = len(whole) - (40 if whole[0] >> 4 == 6 else 20)
    pieces, at = [], 0
    for size in sizes:
        if at + size >= length:
            break
        pieces.append((at, at + size, True))
        at += size
    return pieces + [(at, length, False)]


def datagram(dice, six, port, reply):
    a, b = PAIRS[six] if not reply else PAIRS[six][::-1]
    text = bytes(dice.randrange(256) for _ in range(dice.randrange(20, 90)))
    kind = dice.random()
    if kind < 0.7:
        return p.udp(a, b, *((port, 53) if not reply else (53, port)), text)
    if kind < 0.85:
        return p.icmp(a, b, *((128 if not reply else 129,) if six else (8 if not reply else 0,)), rest=port << 16, payload=text)
    return p.tcp(a, b, *((port, 80) if not reply else (80, port)), 1, 0, p.SYN if not reply else p.SYN | p.ACK, payload=text)


def torn(dice, whole):
    """The fragments of a datagram as they may come: list of packets."""
    number = ident()
    pieces = cut(whole, [8 * dice.choice([1, 1, 2, 3, 4]) for _ in range(dice.randrange(1, 6))])
    ecn = dice.choice([None, None, None, "mix"])
    tos = lambda: None if ecn is None else dice.choice([0, 1, 2, 3, 0])
    base = dice.choice([0, 0, 1, 2, 3])
    make = lambda start, end, more, **rest: fragment(whole, number, start, end, more, **({"tos": base if ecn is None else tos()} | rest))
    packets = [make(*one) for one in pieces]
    order = dice.random()
    if order < 0.3:
        dice.shuffle(packets)
    elif order < 0.5:
        packets.reverse()
    for _ in range(dice.choice([0, 0, 0, 1, 1, 2])):
        start, end, more = dice.choice(pieces)
        roll = dice.random()
        at = dice.randrange(len(packets) + 1)
        if roll < 0.35:
            packets.insert(at, make(start, end, more))  # the same again
        elif roll < 0.5:
            packets.insert(at, make(start, end + 8, more))  # reaches into the next one
        elif roll < 0.6 and start >= 8:
            packets.insert(at, make(start - 8, end, more))
        elif roll < 0.7 and end - start > 8:
            packets.insert(at, make(start, start + 8, True))  # a part of it
        elif roll < 0.78:
            packets.insert(at, make(start, end - 3, more))  # no multiple of 8
        elif roll < 0.84:
            packets.insert(at, make(end, end + 8, False) if not more else make(start, end, False))  # another end
        elif roll < 0.90:
            packets.pop(min(at, len(packets) - 1))  # lost
        elif roll < 0.95:
            packets.insert(at, make(start, start, more))  # nothing in it
        else:
            packets.insert(at, make(pieces[0][0], pieces[-1][1], True))  # everything, and more to come
    return packets


def at_random(seed):
    dice, t = random.Random(seed), Talk()
    flows = []
    for port in range(1, 27):
        six = port % 2 == 0
        for reply in (False, True):
            if reply and dice.random() < 0.5:
                continue
            if dice.random() < 0.2:
                flows.append((reply, [datagram(dice, six, port, reply)]))
            else:
                flows.append((reply, torn(dice, datagram(dice, six, port, reply))))
    while flows:
        chosen = dice.choice(flows[:3])
        if not chosen[1]:
            flows.remove(chosen)
            continue
        (t.b if chosen[0] else t.a)(chosen[1].pop(0))
    return t


def plain(six):
    """One case at a time."""
    t = Talk()
    a, b = PAIRS[six]
    port = [2000]

    def go(make, body=40, **more):
        port[0] += 1
        number = ident()
        whole = p.udp(a, b, port[0], 53, bytes(one & 255 for one in range(body)), **more)
        for one in make(lambda *piece, **rest: fragment(whole, number, *piece, **rest)):
            t.a(one)
        t.b(p.udp(b, a, 53, port[0], b"so there is an entry"))

    go(lambda f: [f(0, 48, False)])  # a whole one: in IPv6 an atomic fragment
    go(lambda f: [f(0, 24, True), f(24, 48, False)])
    go(lambda f: [f(24, 48, False), f(0, 24, True)])
    go(lambda f: [f(0, 24, True), f(0, 24, True), f(24, 48, False)])
    go(lambda f: [f(24, 48, False), f(24, 48, False), f(0, 24, True)])
    go(lambda f: [f(0, 24, True), f(24, 48, False), f(24, 48, False), f(0, 24, True)])  # complete, then again
    go(lambda f: [f(0, 24, True), f(8, 16, True), f(24, 48, False)])  # within what was there
    go(lambda f: [f(0, 24, True), f(8, 24, True), f(24, 48, False)])
    go(lambda f: [f(0, 24, True), f(0, 16, True), f(24, 48, False)])
    go(lambda f: [f(0, 24, True), f(16, 32, True), f(24, 48, False)])  # overlap
    go(lambda f: [f(0, 24, True), f(16, 32, True), f(24, 48, False), f(0, 24, True)])
    go(lambda f: [f(0, 16, True), f(32, 48, False), f(8, 40, True), f(16, 32, True)])  # over both
    go(lambda f: [f(8, 16, True), f(24, 48, False), f(0, 24, True)])  # over one that was there
    go(lambda f: [f(24, 48, False), f(0, 24, True), f(0, 48, False)])
    go(lambda f: [f(24, 48, False), f(0, 56, True)])  # beyond the end
    go(lambda f: [f(24, 48, False), f(0, 16, False), f(0, 24, True)])  # two ends
    go(lambda f: [f(24, 48, False), f(24, 40, False), f(0, 24, True)])
    go(lambda f: [f(0, 24, True), f(24, 45, True), f(24, 48, False)])  # no multiple of 8
    go(lambda f: [f(0, 24, True), f(24, 24, True), f(24, 48, False)])  # empty
    go(lambda f: [f(0, 24, True), f(24, 48, True), f(48, 48, False)])  # an empty end
    go(lambda f: [f(0, 0, True), f(0, 24, True), f(24, 48, False)])
    go(lambda f: [f(0, 8, True), f(8, 16, True), f(16, 24, True), f(24, 32, True), f(32, 40, True), f(40, 48, False)])
    go(lambda f: [f(40, 48, False), f(32, 40, True), f(24, 32, True), f(16, 24, True), f(8, 16, True), f(0, 8, True)])
    for first, second in ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3), (1, 1), (2, 2), (3, 3), (3, 0)):
        go(lambda f: [f(0, 24, True, tos=first), f(24, 48, False, tos=second)])
    for third in (0, 1, 2, 3):
        go(lambda f: [f(0, 16, True, tos=1), f(16, 32, True, tos=2), f(32, 48, False, tos=third)])
    go(lambda f: [f(0, 24, True, ttl=9), f(24, 48, False, ttl=7)])
    go(lambda f: [f(0, 24, True, tos=0x10), f(24, 48, False, tos=0x20)])
    go(lambda f: [f(0, 24, True, flags=DONT), f(24, 48, False)])
    go(lambda f: [f(0, 24, True, flags=DONT), f(24, 48, False, flags=DONT)])
    go(lambda f: [f(0, 24, True, flags=0x8000), f(24, 48, False)])
    go(lambda f: [f(0, 200, True), f(200, 608, False)], body=600)
    go(lambda f: [f(0, 400, True), f(400, 608, False)], body=600)
    if six:
        hop = b"\x2c\0\1\4\0\0\0\0"
        go(lambda f: [f(0, 24, True, before=hop), f(24, 48, False, before=hop)])
        go(lambda f: [f(0, 24, True, before=hop), f(24, 48, False)])
        go(lambda f: [f(0, 24, True), f(24, 48, False, before=hop)])
        go(lambda f: [f(0, 24, True), f(24, 48, False, header=6)])  # another next header
        go(lambda f: [f(24, 48, False, header=6), f(0, 24, True)])
        go(lambda f: [f(0, 24, True, header=59), f(24, 48, False, header=59)])
        number = ident()
        t.a(p.ip(a, b, 44, b"\x11\0\0\1" + struct.pack(">I", number)))  # no payload at all
        t.a(p.ip(a, b, 44, b"\x11\0\0\1"))  # a fragment header cut short
        t.a(p.ip(a, b, 44, b"\x11\0\xff\xf9" + struct.pack(">I", ident()) + bytes(64)))  # beyond 65,535
        t.a(p.ip(a, b, 44, b"\x11\0\xff\xf8" + struct.pack(">I", ident()) + bytes(4)))
        inner = ident()  # a fragment in a fragment
        whole = p.ip(a, b, 44, b"\x11\0\0\0" + struct.pack(">I", ident()) + p.udp(a, b, 4000, 53, bytes(32))[40:])
        t.a(fragment(whole, inner, 0, 24, True)); t.a(fragment(whole, inner, 24, 48, False))
    else:
        go(lambda f: [f(0, 24, True, options=b"\1\1\1\0"), f(24, 48, False)])
        go(lambda f: [f(0, 24, True), f(24, 48, False, options=b"\1\1\1\0")])
        for offset in (8189, 8190, 8191):
            t.a(p.ip(a, b, p.UDP, bytes(16), ident=ident(), offset=offset))  # beyond 65,535
        t.a(p.ip(a, b, p.UDP, b"", ident=ident(), offset=MORE))
        t.a(p.ip(a, b, p.UDP, b"", ident=ident(), offset=5))
        number = ident()
        whole = p.udp(a, b, 4000, 53, bytes(40))
        other = p.udp(a, "10.0.1.77", 4000, 53, bytes(40))
        t.a(fragment(whole, number, 0, 24, True)); t.a(fragment(other, number, 24, 48, False))  # of another address
        t.a(p.ip(a, b, 99, whole[44:], ident=number, offset=3))  # of another protocol
        t.a(fragment(whole, number, 24, 48, False))
        number = ident()
        t.a(fragment(whole, number, 0, 24, True)); t.b(fragment(whole, number, 24, 48, False))  # on another interface
    # An error about a datagram that came in fragments.
    whole = p.udp(a, b, 4001, 53, bytes(40))
    number = ident()
    t.a(fragment(whole, number, 0, 24, True)); t.a(fragment(whole, number, 24, 48, False))
    t.b(p.icmp(b, a, *((1, 4) if six else (3, 3)), payload=whole))
    t.b(p.icmp(b, a, *((1, 4) if six else (3, 3)), payload=fragment(whole, number, 0, 24, True)))
    t.b(p.icmp(b, a, *((1, 4) if six else (3, 3)), payload=fragment(whole, number, 24, 48, False)))
    # Wrong in the transport checksum, told only when it is whole.
    whole = p.udp(a, b, 4002, 53, bytes(40), wrong=True)
    number = ident()
    t.a(fragment(whole, number, 0, 24, True)); t.a(fragment(whole, number, 24, 48, False))
    return t


def expiry():
    t = Talk()
    parts = []
    for a, b in PAIRS:
        for port in (1, 2, 3):
            whole, number = p.udp(a, b, port, 53, bytes(40)), ident()
            parts.append([fragment(whole, number, *one) for one in ((0, 16, True), (16, 32, True), (32, 48, False))])
    for one in parts: t.a(one[0])
    t.pause(0.6)
    for one in parts[::3] + parts[1::3]: t.a(one[1])
    t.pause(0.2)
    for one in parts[::3]: t.a(one[2])  # in time
    t.pause(0.6)
    for one in parts[1::3] + parts[2::3]: t.a(one[2])  # the first ones are gone
    for one in parts[2::3]: t.a(one[1])
    t.pause(0.1)
    for one in parts[2::3]: t.a(one[0])
    return t


def far_apart(between, pairs=PAIRS):
    """Other fragments of the same source between two of one datagram (net.ipv4.ipfrag_max_dist)."""
    t = Talk()
    for a, b in pairs:
        for count in between:
            whole, number = p.udp(a, b, 100 + count, 53, bytes(40)), ident()
            t.a(fragment(whole, number, 0, 24, True))
            for other in range(count):
                t.a(fragment(p.udp(a, b, 1, 53, bytes(40)), ident(), 0, 24, True))
            t.a(fragment(whole, number, 24, 48, False))
            t.a(fragment(whole, number, 0, 24, True))
    return t


def limited():
    t = Talk()
    for a, b in PAIRS:
        whole, number = p.udp(a, b, 1, 53, bytes(40)), ident()
        t.a(fragment(whole, number, 0, 24, True)); t.a(fragment(whole, number, 24, 48, False))
        t.a(p.udp(a, b, 2, 53, b"whole"))
    return t


def refragmented():
    """What goes on in fragments of which size: the FORWARDED column."""
    t = Talk()
    for a, b in PAIRS:
        for sizes in ((296, 296), (96, 296, 200), (400,), (1480, 8), (8, 1480)):
            whole, number = p.udp(a, b, 7, 53, bytes(700 if len(sizes) > 1 else 500)), ident()
            for one in cut(whole, sizes):
                t.a(fragment(whole, number, *one))
    return t


def measured(dice):
    """Datagrams in fragments of all sizes, to an interface that takes 1400 bytes: which are too big for it."""
    t = Talk()
    for count in range(70):
        a, b = PAIRS[count % 2]
        body = bytes(dice.choice([1200, 1372, 1373, 1380, 1500, 2900]))
        kind = dice.random()
        port = 3000 + count
        if kind < 0.6: whole = p.udp(a, b, port, 53, body)
        elif kind < 0.8: whole = p.tcp(a, b, port, 80, 1, 0, p.SYN, payload=body)
        else: whole = p.icmp(a, b, 128 if count % 2 else 8, rest=port << 16, payload=body)
        number = ident()
        sizes = [8 * dice.choice([1, 20, 100, 150, 154, 155, 168, 169, 170, 171, 172, 173, 180]) for _ in range(4)]
        flags = dice.choice([lambda: 0, lambda: DONT, lambda: dice.choice([0, DONT])])
        packets = [fragment(whole, number, *one, flags=flags()) for one in cut(whole, sizes)]
        if len(packets) == 1:  # whole, without a fragment header
            packets = [whole if count % 2 else p.ip(a, b, whole[9], whole[20:], offset=flags())]
        if dice.random() < 0.3: packets.reverse()
        for one in packets: t.a(one)
    return t


def by_broadcast(six):
    """One of the fragments sent to the broadcast MAC address: nothing of that kind is forwarded."""
    t = Talk()
    a, b = PAIRS[six]
    to_all = lambda packet: "!" + (b"\xff" * 6 + bytes.fromhex("020000000099") + (b"\x86\xdd" if six else b"\x08\0") + packet).hex()
    for port, marked, order in ((1, 0, (0, 1)), (2, 1, (0, 1)), (3, 0, (1, 0)), (4, 1, (1, 0)), (5, None, (0, 1))):
        whole, number = p.udp(a, b, port, 53, bytes(40)), ident()
        pieces = [fragment(whole, number, *one) for one in ((0, 24, True), (24, 48, False))]
        for at in order: t.a(to_all(pieces[at]) if at == marked else pieces[at])
    return t


def short():
    """IPv6 fragment headers and first fragments that lack bytes."""
    t = Talk()
    a, b = PAIRS[1]
    for head in (b"", b"\x11", b"\x11\0", b"\x11\0\0", b"\x11\0\0\1", b"\x11\0\0\x08", b"\x11\0\0\x09\0\0", b"\x63\0\0\1\0\0\0", b"\x3b\0\0\1"):
        t.a(p.ip(a, b, 44, head))
        t.a(p.ip(a, b, 60, b"\x2c\0\1\4\0\0\0\0" + head))
    t.a(p.ip(a, b, 60, b"\x2c\1\1\4\0\0\0\0"))  # options that end behind the packet
    t.a(p.ip(a, b, 60, b"\x2c\1\1\4" + bytes(12) + b"\x11"))
    for next_header, least in ((17, 8), (6, 20), (58, 8), (99, 1), (136, 1), (132, 1), (60, 2)):
        for size in (0, 1, 7, 8, 16, 24):
            body = bytes([17, 0, 1, 4]) + bytes(20)
            t.a(p.ip(a, b, 44, struct.pack(">BBHI", next_header, 0, 1, ident()) + body[:size]))
            t.a(p.ip(a, b, 44, struct.pack(">BBHI", next_header, 0, 0, ident()) + body[:size]))
    return t


def uneven():
    """First fragments of IPv6 that end at no multiple of 8 and go on by themselves, with sums right and wrong as they stand."""
    t = Talk()
    a, b = PAIRS[1]
    for wrong in (False, True):
        for whole in (p.udp(a, b, 5001 + wrong, 53, bytes(9), wrong=wrong), p.tcp(a, b, 5001 + wrong, 80, 1, 0, p.SYN, payload=b"1", wrong=wrong),
                      p.icmp(a, b, 128, rest=(1 + wrong) << 16, payload=b"1", wrong=wrong), p.udp(a, b, 5003 + wrong, 53, bytes(9), protocol=p.UDPLITE, wrong=wrong)):
            t.a(fragment(whole, ident(), 0, len(whole) - 40, True))
    return t


def scenarios():
    from record import counting_rules as rules
    yield {"name": "fragments-ipv4", "packets": plain(False)}
    yield {"name": "fragments-ipv6", "packets": plain(True)}
    for seed in range(1, 9):
        yield {"name": f"fragments-random-{seed}", "seed": seed, "packets": at_random(seed)}
    yield {"name": "fragments-expiry", "packets": expiry(), "sysctls": {"net.ipv4.ipfrag_time": "1", N + "frag6_timeout": "1"}}
    yield {"name": "fragments-far-apart", "packets": far_apart((63, 64), PAIRS[:1])}
    yield {"name": "fragments-far-apart-2", "packets": far_apart((1, 2, 3, 4)), "sysctls": {"net.ipv4.ipfrag_max_dist": "2"}}
    yield {"name": "fragments-far-apart-0", "packets": far_apart((1, 4)), "sysctls": {"net.ipv4.ipfrag_max_dist": "0"}}
    yield {"name": "fragments-no-memory", "packets": limited(), "sysctls": {
        "net.ipv4.ipfrag_low_thresh": "0", "net.ipv4.ipfrag_high_thresh": "0", N + "frag6_low_thresh": "0", N + "frag6_high_thresh": "0"}}
    yield {"name": "fragments-refragmented", "packets": refragmented()}
    for seed in range(1, 5):
        yield {"name": f"fragments-mtu-{seed}", "seed": seed, "packets": measured(random.Random(seed)), "mtu": 1400}
    yield {"name": "fragments-broadcast-ipv4", "packets": by_broadcast(False)}
    yield {"name": "fragments-broadcast-ipv6", "packets": by_broadcast(True)}
    yield {"name": "fragments-short", "packets": short()}
    yield {"name": "fragments-uneven", "packets": uneven()}
    zone = "-A PREROUTING -i eth0 -j CT --zone 7\n-A PREROUTING -i eth1 -j CT --zone 7"
    yield {"name": "fragments-zone", "seed": 1, "lookupZone": 7, "packets": at_random(1), "rules4": rules(zone), "rules6": rules(zone)}
    no = "-A PREROUTING -j NOTRACK"
    yield {"name": "fragments-notrack", "seed": 2, "packets": at_random(2), "rules4": rules(no), "rules6": rules(no)}
