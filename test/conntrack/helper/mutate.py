"""Conversations of the recorded cases in which some payloads say something else; IPv4 alone."""
import random, struct
from packet import tcp, udp

BITS = [b'\r\n', b'\n', b' ', b':', b',', b'|', b'.', b'@', b';', b'=', b'<sip:', b'0', b'00000', b'99999', b'65536',
        b'4294967296', b'10.0.0.2', b'192.168.7.2', b'\x01', b'\0', b'\xff']


def dotted(raw):
    return '.'.join(map(str, raw))


def rebuild(packet, payload):
    source, destination = dotted(packet[12:16]), dotted(packet[16:20])
    sport, dport = struct.unpack_from('>HH', packet, 20)
    if packet[9] == 17:
        return udp(source, destination, sport, dport, payload)
    seq, ack, offset, flags = struct.unpack_from('>IIBB', packet, 24)
    return tcp(source, destination, sport, dport, seq, ack, flags, payload, packet[40:20 + (offset >> 4) * 4])


def payload_of(packet):
    if packet[9] not in (6, 17):
        return b''
    return packet[28:] if packet[9] == 17 else packet[20 + (packet[32] >> 4) * 4:]


def change(payload, pool):
    data = bytearray(payload)
    for _ in range(random.randint(1, 4)):
        at = random.randint(0, len(data))
        kind = random.randrange(6)
        if kind == 0 and data:
            data[min(at, len(data) - 1)] = random.randrange(256)
        elif kind == 1:
            del data[at:at + random.randrange(8)]
        elif kind == 2:
            other = random.choice(pool)
            start = random.randint(0, len(other))
            data[at:at] = other[start:start + random.randrange(60)]
        elif kind == 3:
            data[at:at] = random.choice(BITS)
        elif kind == 4:
            data[at:at + random.randrange(4)] = random.choice(BITS)
        else:
            data[at:at] = data[at:at + random.randrange(60)]
    return bytes(data[:1300])


def mutated(cases, count, seed):
    random.seed(seed)
    plain = [[step for step in steps if not isinstance(step, (int, float, str))] for _, steps in cases]
    plain = [steps for steps in plain if all(step[1][0] >> 4 == 4 for step in steps)]
    pool = [payload_of(packet) for steps in plain for _, packet in steps if payload_of(packet)]
    for number in range(count):
        made = []
        for side, packet in random.choice(plain):
            if payload_of(packet) and random.random() < 0.5:
                packet = rebuild(packet, change(payload_of(packet), pool))
            made.append((side, packet))
        yield f'random {number}', made
