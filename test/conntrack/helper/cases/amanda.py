"""Amanda: the ports that a client offers."""
from packet import Udp


def case(name, *replies, family=4, then=()):
    flow = Udp(family, 700, 10080)
    steps = [flow.data('client', b'Amanda 2.4 REQ')]
    for reply in replies:
        steps.append(flow.data('server', reply if isinstance(reply, bytes) else reply.encode()))
    for port in then:
        from packet import Tcp
        steps.append(Tcp(family).syn('client', 5000, port))
    return name, steps


HEAD = 'Amanda 2.4 REP HANDLE 000-0 SEQ 1\n'
CASES = [
    case('three ports', HEAD + 'CONNECT DATA 1025 MESG 1026 INDEX 1027\nOPTIONS;\n', then=[1025, 1026, 1027, 1027]),
    case('four ports', HEAD + 'CONNECT DATA 1025 MESG 1026 INDEX 1027 STATE 1028\n'),
    case('IPv6', HEAD + 'CONNECT DATA 1025 MESG 1026 INDEX 1027\n', family=6, then=[1026]),
    case('no newline', HEAD + 'CONNECT DATA 1025 MESG 1026'),
    case('small letters', 'connect data 1025\n'),
    case('other order', 'CONNECT INDEX 1 MESG 2 DATA 3\n'),
    case('port 0', 'CONNECT DATA 0 MESG 1026\n'),
    case('no number', 'CONNECT DATA x MESG 1026\n'),
    case('number too long', 'CONNECT DATA 123456 MESG 1026\n'),
    case('five digits that wrap', 'CONNECT DATA 99999 MESG 65536 INDEX 7\n'),
    case('five digits', 'CONNECT DATA 65535\n'),
    case('leading zeros', 'CONNECT DATA 00025 MESG 000026\n'),
    case('next line', 'CONNECT DATA 1025\nMESG 1026\n'),
    case('second CONNECT', 'CONNECT x\nCONNECT DATA 1025\n'),
    case('words within words', 'CONNECT XDATA 1025 STATEMESG 3\n'),
    case('DATA at the end', 'CONNECT DATA \n'),
    case('DATA cut by the newline', 'CONNECT DATA\n 1025\n'),
    case('same port twice', 'CONNECT DATA 1025 MESG 1025\n'),
    case('repeated', 'CONNECT DATA 1025 DATA 1026\n'),
    case('a second reply', 'CONNECT DATA 1025 MESG 1026 INDEX 1027 STATE 1028\n', 'CONNECT DATA 2025 MESG 2026\n', 'CONNECT DATA 2025 MESG 2026\n'),
    case('empty', b''), case('a byte', b'C'), case('nearly', 'CONNECT '), case('newline alone', '\n'),
    ('the client says it', [Udp(4, 700, 10080).data('client', b'CONNECT DATA 1025\n')]),
]
