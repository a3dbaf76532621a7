"""SIP over TCP: messages are told apart by Content-Length."""
from packet import Tcp
from cases.sip import SDP, OK, request, response


def case(name, *says, family=4):
    flow = Tcp(family, sport=40000, dport=5060)
    steps = flow.open()
    for side, text in says:
        steps.append(flow.data({'c': 'client', 's': 'server'}[side], text.encode('latin1')))
    return name, steps


def sized(text, size=None, header='Content-Length'):
    head, _, body = text.partition('\r\n\r\n')
    return f'{head}\r\n{header}: {len(body) if size is None else size}\r\n\r\n{body}'


R = request('REGISTER', 'Contact: <sip:u@10.0.0.2:5060;transport=tcp>', 'Expires: 600')
I = request('INVITE', body=SDP)
CASES = [
    case('registration', ('c', sized(R)), ('s', sized(OK('Contact: <sip:u@10.0.0.2:5060>;expires=50')))),
    case('without a length', ('c', R), ('c', I)), case('call', ('c', sized(I))), case('compact length', ('c', sized(I, header='l'))),
    case('two messages', ('c', sized(R) + sized(I))), case('two messages, the second cut', ('c', sized(R) + sized(I)[:-10])), case('cut', ('c', sized(I)[:-1])), case('cut in two', ('c', sized(I)[:200]), ('c', sized(I)[200:])),
    case('length too small', ('c', sized(I, 10))), case('length too great', ('c', sized(I, 10000))), case('length 0 and a body', ('c', sized(I, 0))), case('length x', ('c', sized(I, 'x'))), case('length that wraps', ('c', sized(I, 4294967296 + 0))), case('length of nearly 2^32', ('c', sized(I, 4294967295))), case('length near the sign', ('c', sized(I, 2147483647))),
    case('transport udp', ('c', sized(R.replace('=tcp', '=udp')))), case('short', ('c', 'REGISTER x')), case('second is bad', ('c', sized(R) + sized(I).replace('CSeq', 'XSeq'))), case('first is bad', ('c', sized(R).replace('CSeq', 'XSeq') + sized(I))),
    case('newlines before', ('c', '\r\n\r\n' + sized(I))), case('IPv6', ('c', sized(I.replace('IP4 10.0.0.2', 'IP6 fd00:a::2'))), family=6), case('via', ('c', sized(R.replace('SIP/2.0/UDP', 'SIP/2.0/TCP')))), case('no end of the head', ('c', 'REGISTER sip:x SIP/2.0\r\nCSeq: 1 REGISTER\r\nContent-Length: 0\r\n')),
    case('registration with a length of nearly 2^32', ('c', sized(R, 4294967295))), case('registration with a length that wraps to 0', ('c', sized(R, 4294967292))), case('registration with a length near the sign', ('c', sized(R, 2147483648))), case('registration cut by its length', ('c', sized(R, 1) + 'x' + sized(I))),
    case('length in the body', ('c', I + 'Content-Length: 0\r\n\r\n')), case('three messages', ('c', sized(I) + sized(request('BYE')) + sized(R))),
]
