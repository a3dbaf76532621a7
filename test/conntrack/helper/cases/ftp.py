"""FTP: what is a line, what a line says, and when it is looked at."""
from packet import Tcp


def case(name, *says, family=4, then=()):
    """Each of `says`: 'c' or 's' and what that side sends, once the connection is open; `then`: ports of a SYN."""
    flow = Tcp(family)
    steps = flow.open()
    for side, text in says:
        payload = text if isinstance(text, bytes) else text.encode()
        steps.append(flow.data({'c': 'client', 's': 'server'}[side], payload))
    for side, sport, dport in then:
        steps.append(flow.syn({'c': 'client', 's': 'server'}[side], sport, dport))
    return name, steps


HELLO = ('s', '220 hello\r\n')
USER = ('c', 'USER x\r\n')
A4 = '10,0,0,2'
B4 = '192,168,7,2'


def port(text, name, family=4, then=()):
    return case(f'{name}: {text!r}', USER, ('c', text), family=family, then=then)


def reply(text, name, family=4, then=()):
    return case(f'{name}: {text!r}', HELLO, ('s', text), family=family, then=then)


def out_of_order():
    flow = Tcp()
    steps = flow.open()
    steps.append(flow.data('client', b'USER x\r\n'))
    first = flow.seq['client']
    steps.append(flow.data('client', f'PORT {A4},10,10\r\n'.encode(), seq=first + 100))
    steps.append(flow.data('client', f'PORT {A4},10,11\r\n'.encode(), seq=first))
    steps.append(flow.data('client', f'PORT {A4},10,12\r\n'.encode(), seq=first))
    steps.append(flow.data('client', f'PORT {A4},10,13\r\n'.encode(), seq=first - 8))
    for at in (50, 100, 60, 200, 70, 100):
        steps.append(flow.data('client', b'NOOP x\r\n', seq=first + at))
    for at in (58, 108, 208, 68, 78):
        steps.append(flow.data('client', f'PORT {A4},11,{at}\r\n'.encode(), seq=first + at))
    return 'line ends that are remembered', steps


def wrapped():
    flow = Tcp(isn=0xfffffff0)
    steps = flow.open()
    for text in ('USER x\r\n', 'NOOP x\r\n', f'PORT {A4},20,1\r\n', f'PORT {A4},20,2\r\n'):
        steps.append(flow.data('client', text.encode()))
    return 'sequence numbers that wrap', steps


def options():
    flow = Tcp()
    steps = flow.open()
    flow.options = bytes([1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2])
    steps.append(flow.data('client', b'USER x\r\n'))
    steps.append(flow.data('client', f'PORT {A4},20,1\r\n'.encode()))
    return 'TCP options before the line', steps


def replaced():
    flow = Tcp()
    steps = flow.open()
    for i, text in enumerate(['USER x\r\n', f'PORT {A4},4,1\r\n', f'PORT {A4},4,2\r\n', f'PORT {A4},4,2\r\n', f'EPRT |1|10.0.0.2|1027|\r\n']):
        steps.append(flow.data('client', text.encode()))
    steps.append(flow.data('server', b'220 x\r\n'))
    steps.append(flow.data('server', f'227 ({B4},4,9)\r\n'.encode()))
    steps.append(flow.syn('server', 20, 1026))
    steps.append(flow.syn('client', 5000, 1033))
    steps.append('entries')
    steps.append(flow.syn('client', 5001, 1033))
    return 'one expectation at a time', steps


def reset():
    flow = Tcp()
    steps = flow.open()
    steps.append(flow.data('client', b'USER x\r\n'))
    steps.append(flow.data('client', f'PORT {A4},4,1\r\n'.encode()))
    steps.append(flow.packet('client', 4))
    steps.append(flow.syn('server', 20, 1025))
    return 'expectation of a connection that was reset', steps


def foreign():
    flow = Tcp()
    steps = flow.open()
    steps.append(flow.data('client', b'USER x\r\n'))
    steps.append(flow.data('client', f'PORT {A4},4,1\r\n'.encode()))
    steps.append(flow.syn('server', 20, 1025, source='192.168.7.3'))
    steps.append(flow.syn('server', 20, 1024))
    steps.append(flow.syn('server', 9999, 1025))
    steps.append(flow.syn('server', 9998, 1025))
    return 'who may use an expectation', steps


def two_masters():
    a, b = Tcp(sport=40000), Tcp(sport=40001, isn=9000)
    steps = a.open() + b.open()
    for flow in (a, b):
        steps.append(flow.data('client', b'USER x\r\n'))
        steps.append(flow.data('client', f'PORT {A4},4,1\r\n'.encode()))
    steps.append(b.data('client', f'PORT {A4},4,2\r\n'.encode()))
    return 'two connections expect the same', steps


def early():
    flow = Tcp()
    steps = [flow.packet('client', 2)]
    flow.seq['client'] += 1
    steps.append(flow.data('client', f'PORT {A4},4,1\r\n'.encode()))
    return 'before the reply', steps


def midstream():
    flow = Tcp()
    return 'picked up midstream', [
        flow.data('client', b'NOOP\r\n'),
        flow.data('client', f'PORT {A4},4,1\r\n'.encode()),
        flow.data('server', b'200 ok\r\n'),
        flow.data('client', f'PORT {A4},4,2\r\n'.encode()),
        flow.data('client', f'PORT {A4},4,3\r\n'.encode()),
        flow.data('server', f'227 ({B4},4,4)\r\n'.encode()),
    ]


CASES = [
    port(f'PORT {A4},10,10\r\n', 'active', then=[('s', 20, 2570)]),
    port(f'port {A4},10,10\r\n', 'case', then=[('s', 20, 2570)]),
    port(f'PORT  {A4},10,10\r\n', 'two blanks'),
    port(f'PORT {A4},10,10\n', 'newline alone'),
    port(f'PORT {A4},10,10', 'no end'),
    port(f'PORT {A4},10,10\r', 'carriage return alone'),
    port(f'PORT {A4},10,10 \r\n', 'blank at the end'),
    port(f'PORT {A4},10,1000\r\n', 'low byte of more than a byte'),
    port(f'PORT {A4},1000,10\r\n', 'high byte of more than a byte'),
    port(f'PORT {A4},,10\r\n', 'empty number'),
    port(f'PORT {A4},0,0\r\n', 'port 0'),
    port('PORT 4294967306,0,0,2,1,1\r\n', 'numbers that wrap'),
    port('PORT 10,0,0,258,1,1\r\n', 'byte out of range'),
    port('PORT 10,0,0,3,1,1\r\n', 'another address'),
    port('PORT 10,0,0,2,1\r\n', 'five numbers'),
    port('PORT 10,0,0,2,1,1,1\r\n', 'seven numbers'),
    port('PORT x\r\n', 'no number'),
    port('PORT\r\n', 'nothing'),
    port('PORT', 'the word alone'),
    port('POR', 'a part of the word'),
    port('P', 'a letter of the word'),
    port('E', 'a letter of the other word'),
    port('EPR\r\n', 'another word'),
    port('PORTX 10,0,0,2,1,1\r\n', 'longer word'),
    port('PORTX10,0,0,2,1,1\r\n', 'no blank'),
    port('XPORT 10,0,0,2,1,1\r\n', 'word not at the start'),
    port('EPRT |1|10.0.0.2|2571|\r\n', 'extended', then=[('s', 20, 2571)]),
    port('eprt |1|10.0.0.2|2571|\r\n', 'extended, case'),
    port('EPRT !1!10.0.0.2!2571!\r\n', 'delimiter'),
    port('EPRT 111101010.2571\r\n', 'digits for delimiters'),
    port('EPRT |1!10.0.0.2!2571!\r\n', 'mixed delimiters'),
    port('EPRT |2|fd00:a::2|2571|\r\n', 'IPv6 over IPv4'),
    port('EPRT |1|10.0.0.2|0|\r\n', 'extended, port 0'),
    port('EPRT |1|10.0.0.2|65537|\r\n', 'extended, port that wraps'),
    port('EPRT |1|10.0.0.2|65536|\r\n', 'extended, port that wraps to 0'),
    port('EPRT |1|10.0.0.2||\r\n', 'extended, no port'),
    port('EPRT |1||2571|\r\n', 'extended, no address'),
    port('EPRT |1|...|2571|\r\n', 'extended, dots'),
    port('EPRT |1|10.0.0.2|2571\r\n', 'extended, last delimiter missing'),
    port('EPRT |1|10.0.0.2.|2571|\r\n', 'extended, a dot too many'),
    port('EPRT |1|10.0.0.2,2571|\r\n', 'extended, comma'),
    port('EPRT |1|10.0.0.3|2571|\r\n', 'extended, another address'),
    port('EPRT .1.10.0.0.2.2571.\r\n', 'extended, dots as delimiters'),
    port('EPRT |1', 'extended, short'),
    port('EPRT |1|', 'extended, shorter than an address'),
    port('EPRT  |1|10.0.0.2|2571|\r\n', 'extended, two blanks'),
    port('EPRT |2|fd00:a::2|2571|\r\n', 'IPv6', family=6, then=[('s', 20, 2571)]),
    port('EPRT |1|10.0.0.2|2571|\r\n', 'IPv4 over IPv6', family=6),
    port('EPRT |2|FD00:A:0:0:0:0:0:2|2571|\r\n', 'IPv6 in full', family=6),
    port('EPRT |2|fd00:a::0.0.0.2|2571|\r\n', 'IPv6 with IPv4 at the end', family=6),
    port('EPRT |2|fd00:a::0002|2571|\r\n', 'IPv6 leading zeros', family=6),
    port('EPRT |2|fd00:a::00002|2571|\r\n', 'IPv6 five digits', family=6),
    port('EPRT |2|fd00:a::2::|2571|\r\n', 'IPv6 two gaps', family=6),
    port('EPRT |2|::|2571|\r\n', 'IPv6 none', family=6),
    port('EPRT |2|fd00:a::3|2571|\r\n', 'IPv6 another', family=6),
    port('EPRT |2|fd00:a:0:0:0:0:2|2571|\r\n', 'IPv6 seven groups', family=6),
    port('EPRT |2|fd00:a:0:0:0:0:0:0:2|2571|\r\n', 'IPv6 nine groups', family=6),
    port('EPRT |2|fd00:a::2x|2571|\r\n', 'IPv6 letter', family=6),
    port('EPRT |2|fd00:a:0:0:0::0:2|2571|\r\n', 'IPv6 gap of one', family=6),
    port('EPRT |2|fd00:a:0:0:0:0::0:2|2571|\r\n', 'IPv6 gap of nothing', family=6),
    port('EPRT |2|fd00:a::0:2:|2571|\r\n', 'IPv6 colon at the end', family=6),
    port('EPRT |2|:fd00:a::2|2571|\r\n', 'IPv6 colon at the start', family=6),
    port(f'PORT {A4},10,10\r\n', 'PORT over IPv6', family=6),
    reply(f'227 Entering Passive Mode ({B4},10,12).\r\n', 'passive', then=[('c', 40001, 2572)]),
    reply(f'227 {B4},10,12\r\n', 'passive, bare'),
    reply(f'227 ={B4},10,12', 'passive, no end'),
    reply(f'227 ={B4},10,12x', 'passive, letter at the end'),
    reply(f'227 1 ={B4},10,12\r\n', 'passive, a digit before'),
    reply('227 no\r\n', 'passive, no number'),
    reply('227 \r\n', 'passive, nothing'),
    reply('227', 'passive, code alone'),
    reply('227\r\n', 'passive, code and end'),
    reply('227 ', 'passive, code and blank'),
    reply('22', 'passive, a part of the code'),
    reply(f'227-{B4},10,12\r\n', 'passive, continued'),
    reply('227 =10,0,0,2,10,12\r\n', 'passive, another address'),
    reply('229 Entering Extended Passive Mode (|||2573|)\r\n', 'extended passive', then=[('c', 40001, 2573)]),
    reply('229 (|||2573|', 'extended passive, no bracket'),
    reply('229 (|||2573\r\n', 'extended passive, no delimiter'),
    reply('229 (||2573|)\r\n', 'extended passive, two delimiters'),
    reply('229 (|1|192.168.7.2|2573|)\r\n', 'extended passive, with address'),
    reply('229 |||2573|\r\n', 'extended passive, no brackets'),
    reply('229 (|||70000|)\r\n', 'extended passive, port that wraps'),
    reply('229 (|||0|)\r\n', 'extended passive, port 0'),
    reply('229 (|||1023|)\r\n', 'extended passive, low port', then=[('c', 40001, 1023)]),
    reply('229 (((2573()\r\n', 'extended passive, bracket as delimiter'),
    reply('229 ((((2573()\r\n', 'extended passive, brackets'),
    reply('229 (   2573 )\r\n', 'extended passive, blanks as delimiters'),
    reply('229 (~~~2573~)\r\n', 'extended passive, tildes'),
    reply(b'229 (\x80\x80\x802573\x80)\r\n', 'extended passive, byte 128'),
    reply('229 (1112573|)\r\n', 'extended passive, digits as delimiters'),
    reply('229 (|||2573|)\r\n', 'extended passive, IPv6', family=6, then=[('c', 40001, 2573)]),
    reply(f'227 ({B4},10,12)\r\n', 'passive over IPv6', family=6),
    reply(f'200-x\r\n227 ({B4},10,12)\r\n', 'second line of a segment'),
    case('what the client says is not a reply', USER, ('c', f'227 ({B4},10,12)\r\n')),
    case('what the server says is not a command', HELLO, ('s', 'PORT 192,168,7,2,10,12\r\n')),
    case('first line of a direction', ('c', f'PORT {A4},10,10\r\n'), ('c', f'PORT {A4},10,11\r\n')),
    case('line in two segments', USER, ('c', 'PORT 10,0,0,'), ('c', '2,10,10\r\n'), ('c', f'PORT {A4},10,11\r\n')),
    case('line whose start is not the word', USER, ('c', 'NOOP'), ('c', f'PORT {A4},10,11\r\n'), ('c', f'PORT {A4},10,12\r\n')),
    case('two lines in a segment', USER, ('c', f'NOOP\r\nPORT {A4},10,10\r\n'), ('c', f'PORT {A4},10,11\r\nNOOP\r\n')),
    case('line with a newline in front', USER, ('c', f'\r\nPORT {A4},10,10\r\n')),
    out_of_order(), wrapped(), options(), replaced(), reset(), foreign(), two_masters(), early(), midstream(),
]
