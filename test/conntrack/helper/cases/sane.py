"""SANE: the port of a scan."""
import struct
from packet import Tcp

START = struct.pack('>II', 7, 0)


def case(name, *says, family=4, then=()):
    flow = Tcp(family, dport=6566)
    steps = flow.open()
    for side, data in says:
        steps.append(flow.data({'c': 'client', 's': 'server'}[side], data))
    for port in then:
        steps.append(flow.syn('client', 5000, port))
    return name, steps


def reply(port, status=0, zero=0, more=b'xx'):
    return struct.pack('>IHH', status, zero, port) + more


CASES = [
    case('start', ('c', START), ('s', reply(2000)), then=[2000, 2000]),
    case('IPv6', ('c', START), ('s', reply(2000)), family=6, then=[2000]),
    case('status', ('c', START), ('s', reply(2000, status=1))), case('not zero', ('c', START), ('s', reply(2000, zero=1))),
    case('port 0', ('c', START), ('s', reply(0))), case('short reply', ('c', START), ('s', b'\0\0\0\0'), ('s', reply(2000))),
    case('exact reply', ('c', START), ('s', reply(2000, more=b''))), case('unasked', ('s', reply(2000))),
    case('other command', ('c', struct.pack('>II', 3, 0)), ('s', reply(2000))),
    case('other command after', ('c', START), ('c', struct.pack('>II', 3, 0)), ('s', reply(2000))),
    case('longer command after', ('c', START), ('c', b'x' * 9), ('s', reply(2000))),
    case('longer start', ('c', START + b'x'), ('s', reply(2000))), case('answered twice', ('c', START), ('s', reply(2000)), ('s', reply(2001))),
    case('started twice', ('c', START), ('s', reply(2000)), ('c', START), ('s', reply(2001)), then=[2000, 2001]),
]
