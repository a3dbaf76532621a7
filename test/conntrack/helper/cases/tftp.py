"""TFTP: requests, and what is none."""
from packet import Udp

RRQ = b'\0\x01file\0octet\0'
WRQ = b'\0\x02file\0octet\0'


def case(name, payload, family=4, answer=True):
    flow = Udp(family)
    steps = [flow.data('client', payload)]
    if answer:
        steps.append(flow.data('server', b'\0\x03\0\x01data', sport=50000))
        steps.append(flow.data('client', b'\0\x04\0\x01', dport=50000))
        steps.append(flow.data('server', b'\0\x03\0\x02data', sport=50001))
    return name, steps


def again():
    flow = Udp()
    return 'asked again', [flow.data('client', RRQ), flow.data('client', RRQ), flow.data('server', b'\0\x03\0\x01data', sport=50000),
                           flow.data('client', RRQ), flow.data('server', b'\0\x03\0\x01data', sport=50002), 'entries']


def two():
    a, b = Udp(sport=40000), Udp(sport=40001)
    return 'two clients', [a.data('client', RRQ), b.data('client', RRQ), b.data('server', b'\0\x03\0\x01x', sport=50000),
                           a.data('server', b'\0\x03\0\x01x', sport=50000), a.data('server', b'\0\x03\0\x01x', sport=50003)]


def two_servers():
    a, b = Udp(sport=40000, dport=69), Udp(sport=40000, dport=70)
    return 'two requests from one port', [a.data('client', RRQ), b.data('client', RRQ), b.data('server', b'\0\x03\0\x01x', sport=50000)]


def served():
    flow = Udp()
    return 'the server asks', [flow.data('client', b'\0\x09'), flow.data('server', RRQ), flow.data('server', b'\0\x03\0\x01x', sport=50000)]


CASES = [
    case('read', RRQ), case('write', WRQ), case('IPv6', RRQ, 6), case('data', b'\0\x03\0\x01'), case('error', b'\0\x05\0\x01'),
    case('opcode 257', b'\x01\x01x'), case('opcode alone', b'\0\x01'), case('one byte', b'\0'), case('nothing', b''),
    again(), two(), two_servers(), served(),
]
