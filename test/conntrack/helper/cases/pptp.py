"""PPTP: calls, and their GRE tunnels."""
import struct
from packet import Tcp, gre, SIDES


def message(kind, body, size=None, magic=0x1a2b3c4d, packet=1):
    return struct.pack('>HHIHH', 12 + len(body), packet, magic, kind, 0) + body


def pad(body, size):
    return body + bytes(size - len(body))


START_REQUEST = message(1, bytes(144))
START_REPLY = message(2, pad(struct.pack('>HBB', 256, 1, 0), 144))
OUT_REQUEST = lambda call: message(7, pad(struct.pack('>H', call), 156))
OUT_REPLY = lambda call, peer, result=1: message(8, pad(struct.pack('>HHB', call, peer, result), 20))
IN_REQUEST = lambda call: message(9, pad(struct.pack('>H', call), 208))
IN_REPLY = lambda call, peer, result=1: message(10, pad(struct.pack('>HHB', call, peer, result), 12))
IN_CONNECT = lambda peer: message(11, pad(struct.pack('>H', peer), 16))
CLEAR = lambda call: message(12, pad(struct.pack('>H', call), 4))
DISCONNECT = lambda call: message(13, pad(struct.pack('>H', call), 136))
C, S = SIDES[4]['client'], SIDES[4]['server']
UP = lambda call: ('client', gre(C, S, call))
DOWN = lambda call: ('server', gre(S, C, call))


def case(name, *steps, then=()):
    flow = Tcp(dport=1723)
    made = flow.open()
    for step in steps:
        if step == 'entries' or step[0] in ('client', 'server'):
            made.append(step)
        elif step[0] == 'reset':
            made.append(flow.packet(step[1], 4))
        else:
            made.append(flow.data({'c': 'client', 's': 'server'}[step[0]], step[1]))
    return name, made


OPEN = (('c', START_REQUEST), ('s', START_REPLY))
CALL = OPEN + (('c', OUT_REQUEST(0x100)), ('s', OUT_REPLY(0x200, 0x100)))
CASES = [
    case('outgoing call', *CALL, UP(0x200), DOWN(0x100), UP(0x200), 'entries'),
    case('outgoing call, the server first', *CALL, DOWN(0x100), UP(0x200), 'entries'),
    case('incoming call', *OPEN, ('s', IN_REQUEST(0x300)), ('c', IN_REPLY(0x400, 0x300)), ('s', IN_CONNECT(0x400)), DOWN(0x400), UP(0x300)),
    case('incoming call, a byte short', *OPEN, ('s', message(9, pad(b'\3\0', 207))), ('c', IN_REPLY(0x400, 0x300)), ('s', IN_CONNECT(0x400))),
    case('refused session', ('c', START_REQUEST), ('s', message(2, pad(struct.pack('>HBB', 256, 2, 0), 144))), ('c', OUT_REQUEST(1)), ('s', OUT_REPLY(2, 1))),
    case('no session', ('c', OUT_REQUEST(1)), ('s', OUT_REPLY(2, 1))),
    case('refused call', *OPEN, ('c', OUT_REQUEST(1)), ('s', OUT_REPLY(2, 1, 2))),
    case('wrong peer', *OPEN, ('c', OUT_REQUEST(1)), ('s', OUT_REPLY(2, 3)), ('s', OUT_REPLY(2, 1))),
    case('reply without request', *OPEN, ('s', OUT_REPLY(2, 0))),
    case('repeated reply', *CALL, ('s', OUT_REPLY(0x200, 0x100))),
    case('second call', *CALL, ('c', OUT_REQUEST(0x101)), ('s', OUT_REPLY(0x201, 0x101)), UP(0x201), UP(0x200), DOWN(0x101), DOWN(0x100)),
    case('second call after the tunnel', *CALL, UP(0x200), ('c', OUT_REQUEST(0x101)), ('s', OUT_REPLY(0x201, 0x101)), UP(0x201), DOWN(0x101), UP(0x200), DOWN(0x100)),
    case('second call with the same server id', *CALL, ('c', OUT_REQUEST(0x101)), ('s', OUT_REPLY(0x200, 0x101)), UP(0x200), DOWN(0x101)),
    case('disconnect before the tunnel', *CALL, ('c', CLEAR(0x100)), ('s', DISCONNECT(0x200)), UP(0x200), DOWN(0x100)),
    case('disconnect', *CALL, UP(0x200), DOWN(0x100), ('c', CLEAR(0x100)), ('s', DISCONNECT(0x200)), UP(0x200), DOWN(0x100)),
    case('a call after the other', *CALL, UP(0x200), ('s', DISCONNECT(0x200)), ('c', OUT_REQUEST(0x101)), ('s', OUT_REPLY(0x201, 0x101)), UP(0x201), DOWN(0x101)),
    case('stop', *CALL, ('c', message(3, bytes(4))), ('s', message(4, b'\1\0\0\0')), UP(0x200)),
    case('stop, then a session', *OPEN, ('c', message(3, bytes(4))), ('s', message(4, b'\1\0\0\0')), *CALL),
    case('session twice', *OPEN, *CALL),
    case('reset', *CALL, ('reset', 'client'), UP(0x200)),
    case('wrong magic', ('c', message(1, bytes(144), magic=1)), ('s', START_REPLY), ('c', OUT_REQUEST(1)), ('s', OUT_REPLY(2, 1))),
    case('not control', ('c', message(1, bytes(144), packet=2)), ('s', START_REPLY), ('c', OUT_REQUEST(1)), ('s', OUT_REPLY(2, 1))),
    case('short request', ('c', message(1, bytes(143))), ('s', START_REPLY), ('c', OUT_REQUEST(1)), ('s', OUT_REPLY(2, 1))),
    case('long request', ('c', message(1, bytes(300))), ('s', START_REPLY), ('c', OUT_REQUEST(1)), ('s', OUT_REPLY(2, 1))),
    case('short call', *OPEN, ('c', message(7, pad(b'\0\1', 151))), ('s', OUT_REPLY(2, 1))),
    case('call of least length', *OPEN, ('c', message(7, pad(b'\0\1', 152))), ('s', OUT_REPLY(2, 1))),
    case('two messages in a segment', ('c', START_REQUEST), ('s', START_REPLY), ('c', OUT_REQUEST(1) + OUT_REQUEST(5)), ('s', OUT_REPLY(2, 1))),
    case('echoes', *OPEN, ('c', message(5, bytes(4))), ('s', message(6, bytes(8))), ('c', message(15, bytes(12))), ('s', message(14, bytes(28))), ('c', OUT_REQUEST(1)), ('s', OUT_REPLY(2, 1))),
    case('unknown message', *OPEN, ('c', message(16, bytes(40))), ('c', message(0, b'')), ('c', OUT_REQUEST(1)), ('s', OUT_REPLY(2, 1))),
    case('header alone', ('c', struct.pack('>HHI', 8, 1, 0x1a2b3c4d)), ('c', START_REQUEST[:11])),
    case('disconnect cut short', *CALL, ('s', message(13, pad(struct.pack('>H', 0x200), 132)))),
    case('the same call id', *OPEN, ('c', OUT_REQUEST(7)), ('s', OUT_REPLY(7, 7)), UP(7), DOWN(7)),
    case('call id 0', *OPEN, ('c', OUT_REQUEST(0)), ('s', OUT_REPLY(5, 0)), UP(5), DOWN(0)),
    case('clear, then a call', *CALL, ('c', CLEAR(0x100)), ('s', OUT_REPLY(0x200, 0x100)), ('c', OUT_REQUEST(0x100)), ('s', OUT_REPLY(0x200, 0x100))),
    ('GRE without a session', [UP(0x200), DOWN(0x100), UP(0x200), 'entries']),
]
