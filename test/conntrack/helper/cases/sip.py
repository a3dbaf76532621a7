"""SIP over UDP: registrations, calls, and how headers and session descriptions are read."""
from packet import Tcp, Udp, SIDES

SDP = 'v=0\r\no=u 1 1 IN IP4 10.0.0.2\r\ns=x\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n'


def lines(*parts):
    return '\r\n'.join(parts) + '\r\n\r\n'


def request(method, *headers, body='', uri='sip:192.168.7.2', cseq=1):
    return lines(f'{method} {uri} SIP/2.0', 'Via: SIP/2.0/UDP 10.0.0.2:5060', f'CSeq: {cseq} {method}', *headers) + body


def response(code, method, *headers, body='', cseq=1):
    return lines(f'SIP/2.0 {code} x', 'Via: SIP/2.0/UDP 10.0.0.2:5060', f'CSeq: {cseq} {method}', *headers) + body


def conversation(name, *says, family=4, flow=None):
    flow = flow or Udp(family, 5060, 5060)
    steps = []
    for say in says:
        if say == 'entries' or isinstance(say[1], bytes):
            steps.append(say)
            continue
        side, text = say
        steps.append(flow.data({'c': 'client', 's': 'server'}[side], text.encode('latin1')))
    return name, steps


def register(contact, *headers, name=None, family=4):
    text = request('REGISTER', f'Contact: {contact}', *headers)
    return conversation(name or f'register {contact!r} {" ".join(headers)!r}', ('c', text), family=family)


def invite(body, name, *more, family=4):
    return conversation(name, ('c', request('INVITE', body=body)), *more, family=family)


def media(rest, name=None, family=4):
    c = 'IN IP4 10.0.0.2' if family == 4 else 'IN IP6 fd00:a::2'
    return invite(f'v=0\r\nc={c}\r\n{rest}', name or repr(rest), family=family)


def udp(side, sport, dport, to=None, source=None):
    from packet import udp as make
    a, b = SIDES[4][side], SIDES[4]['server' if side == 'client' else 'client']
    return side, make(source or a, to or b, sport, dport, b'media')


R = request('REGISTER', 'Contact: <sip:u@10.0.0.2:5060>', 'Expires: 600')
OK = lambda *h, code=200, cseq=1: response(code, 'REGISTER', *h, cseq=cseq)
I = request('INVITE', body=SDP)
ANSWER = response(200, 'INVITE', body=SDP.replace('10.0.0.2', '192.168.7.2').replace('4000', '6000'))
CASES = [
    conversation('registration', ('c', R), ('s', OK('Contact: <sip:u@10.0.0.2:5060>;expires=300')), udp('server', 5060, 5060), 'entries', udp('server', 6000, 5060), udp('server', 6001, 5060), 'entries'),
    conversation('not yet registered', ('c', R), udp('server', 6000, 5060)),
    conversation('call of the registered', ('c', R), ('s', OK('Contact: <sip:u@10.0.0.2:5060>;expires=300')),
                 ('server', Udp(4, 5060, 6000).data('server', request('INVITE', body=SDP.replace('10.0.0.2', '192.168.7.2')).encode())[1]),
                 udp('client', 7000, 4000), udp('client', 7001, 4001), udp('client', 7001, 4002), 'entries'),
    conversation('registration through another', ('c', R), ('s', OK('Contact: <sip:u@10.0.0.2:5060>;expires=300')), udp('server', 6000, 5060, source='192.168.7.3')),
    conversation('trying, then registered', ('c', R), ('s', OK(code=100)), ('s', OK('Contact: <sip:u@10.0.0.2:5060>', 'Expires: 77'))),
    conversation('refused', ('c', R), ('s', OK(code=401))),
    conversation('refused with another number', ('c', R), ('s', OK(code=401, cseq=2))),
    conversation('refused, then again', ('c', R), ('s', OK(code=401)), ('c', request('REGISTER', 'Contact: <sip:u@10.0.0.2:5060>', 'Expires: 600', cseq=2)), ('s', OK('Contact: <sip:u@10.0.0.2:5060>', cseq=2))),
    conversation('registered without a contact', ('c', R), ('s', OK())),
    conversation('registered with others first', ('c', R), ('s', OK('Contact: <sip:u@10.0.0.3:5060>, <sip:u@10.0.0.2:5061>;expires=9, <sip:u@10.0.0.2:5060>;expires=70'))),
    conversation('registered with several headers', ('c', R), ('s', OK('Contact: <sip:u@10.0.0.3:5060>', 'Contact: <sip:u@host>', 'm: <sip:u@10.0.0.2:5060>;expires=71'))),
    conversation('registered, expires 0', ('c', R), ('s', OK('Contact: <sip:u@10.0.0.2:5060>;expires=0'))),
    conversation('unregistered', ('c', R), ('s', OK('Contact: <sip:u@10.0.0.2:5060>;expires=300')), ('c', request('REGISTER', 'Contact: <sip:u@10.0.0.2:5060>', 'Expires: 0', cseq=2)), ('s', OK(cseq=2))),
    conversation('registered again with another port', ('c', R), ('s', OK('Contact: <sip:u@10.0.0.2:5060>;expires=300')), ('c', request('REGISTER', 'Contact: <sip:u@10.0.0.2:5070>', 'Expires: 50', cseq=2))),
    conversation('refreshed', ('c', R), ('s', OK('Contact: <sip:u@10.0.0.2:5060>;expires=300')), ('c', R), ('s', OK('Contact: <sip:u@10.0.0.2:5060>;expires=30'))),
    register('<sip:u@10.0.0.2:5060>', 'Expires: 600'), register('<sip:u@10.0.0.2>', 'Expires: 600'), register('sip:10.0.0.2', 'Expires: 600'),
    register('<sip:u@10.0.0.2:5060>;expires=60'), register('<sip:u@10.0.0.2:5060;expires=60>'), register('<sip:u@10.0.0.2:5060>;expires=0', 'Expires: 600'),
    register('<sip:u@10.0.0.2:5060>'), register('<sip:u@10.0.0.3:5060>', 'Expires: 600'), register('<sip:u@host:5060>', 'Expires: 600'), register('*', 'Expires: 0'), register('*', 'Expires: 1'),
    register('<sip:u@10.0.0.2:1023>', 'Expires: 600'), register('<sip:u@10.0.0.2:1024>', 'Expires: 600'), register('<sip:u@10.0.0.2:65536>', 'Expires: 600'),
    register('<sip:u@10.0.0.2:005060>', 'Expires: 600'), register('<sip:u@10.0.0.2:05060>', 'Expires: 600'), register('<sip:u@10.0.0.2:>', 'Expires: 600'), register('<sip:u@10.0.0.2:x>', 'Expires: 600'),
    register('<sip:u@10.0.0.2:5060>;expires=x', 'Expires: 600'), register('<sip:u@10.0.0.2:5060>;expires=', 'Expires: 600'), register('<sip:u@10.0.0.2:5060>;expires=0x10', 'Expires: 600'),
    register('<sip:u@10.0.0.2:5060>;expires=010'), register('<sip:u@10.0.0.2:5060>;expires=4294967296'), register('<sip:u@10.0.0.2:5060>;expires=4294967295'), register('<sip:u@10.0.0.2:5060>;expires=00000000007'), register('<sip:u@10.0.0.2:5060>;expires=000000000007'),
    register('<sip:u@10.0.0.2:5060>', 'Expires: x'), register('<sip:u@10.0.0.2:5060>', 'Expires: 4294967301'), register('<sip:u@10.0.0.2:5060>', 'Expires: -1'),
    register('<sip:u@10.0.0.2:5060;transport=tcp>', 'Expires: 600'), register('<sip:u@10.0.0.2:5060;transport=udp>', 'Expires: 600'), register('<sip:u@10.0.0.2:5060;Transport=UDPlite>', 'Expires: 600'), register('<sip:u@10.0.0.2:5060;transport=sctp>', 'Expires: 600'),
    register('<sip:u@10.0.0.2:5060>;q=1, <sip:u@10.0.0.2:5061>;expires=60'), register('"a, b" <sip:u@10.0.0.2:5060>;expires=60'), register('<SIP:u@10.0.0.2:5060>;EXPIRES=60'), register('<sips:u@10.0.0.2:5060>;expires=60'),
    register('<sip:a@b@10.0.0.2:5060>;expires=60'), register('<sip:10.0.0.2:5060@10.0.0.3>;expires=60'), register('<sip:u@010.0.0.2:5060>;expires=60'), register('<sip:u@10.0.0.256:5060>;expires=60'), register('<sip:u@10.0.0.2.3:5060>;expires=60'), register('<sip:u@10.0.0.2a:5060>;expires=60'),
    register('<sip:u@[fd00:a::2]:5060>;expires=60', family=6), register('<sip:u@[fd00:a::2]>;expires=60', family=6), register('<sip:u@fd00:a::2>;expires=60', family=6), register('<sip:u@[fd00:a::2:5060>;expires=60', family=6), register('<sip:u@[fd00:a::3]:5060>;expires=60', family=6),
    conversation('folded header', ('c', request('REGISTER', 'Contact:\r\n <sip:u@10.0.0.2:5060>;expires=60'))),
    conversation('folded in the value', ('c', request('REGISTER', 'Contact: "x"\r\n\t<sip:u@10.0.0.2:5060>\r\n ;expires=60'))),
    conversation('compact header', ('c', request('REGISTER', 'm: <sip:u@10.0.0.2:5060>;expires=60'))),
    conversation('compact header without a blank', ('c', request('REGISTER', 'm:<sip:u@10.0.0.2:5060>;expires=60'))),
    conversation('header with a blank before the colon', ('c', request('REGISTER', 'Contact : <sip:u@10.0.0.2:5060>;expires=60'))),
    conversation('header that starts alike', ('c', request('REGISTER', 'Contacts: <sip:u@10.0.0.2:5060>;expires=60'))),
    conversation('max-forwards is no compact contact', ('c', request('REGISTER', 'max-forwards: 1', 'CONTACT: <sip:u@10.0.0.2:5060>;expires=60'))),
    conversation('newlines alone', ('c', R.replace('\r\n', '\n'))), conversation('carriage returns alone', ('c', R.replace('\r\n', '\r'))),
    conversation('no CSeq', ('c', R.replace('CSeq', 'XSeq'))), conversation('CSeq 0', ('c', R.replace('CSeq: 1', 'CSeq: 0')), ('s', OK(code=401, cseq=0))), conversation('CSeq x', ('c', R.replace('CSeq: 1', 'CSeq: x'))),
    conversation('CSeq 4294967296', ('c', R.replace('CSeq: 1', 'CSeq: 4294967296'))), conversation('CSeq 2147483648', ('c', R.replace('CSeq: 1', 'CSeq: 2147483648')), ('s', OK(code=401, cseq=2147483648))),
    conversation('CSeq with tabs', ('c', R.replace('CSeq: 1', 'CSEQ \t:\t 1'))),
    conversation('small method', ('c', R.replace('REGISTER', 'register'))), conversation('method without a URI', ('c', R.replace('REGISTER sip', 'REGISTER  sip'))), conversation('long method', ('c', R.replace('REGISTER sip', 'REGISTERS sip'))),
    conversation('unknown method without CSeq', ('c', R.replace('REGISTER', 'OPTIONS').replace('CSeq', 'XSeq'))),
    conversation('short', ('c', 'REGISTER x')), conversation('shortest', ('c', 'REGISTER xy')), conversation('keep-alive', ('c', '\r\n\r\n')), conversation('a zero', ('c', '\0')), conversation('empty', ('c', '')),
    conversation('response without a code', ('c', R), ('s', OK().replace('200', 'abc'))), conversation('response with code 0', ('c', R), ('s', OK().replace('200', '000'))), conversation('response with a long code', ('c', R), ('s', OK().replace('200', '2000'))),
    conversation('response without CSeq', ('c', R), ('s', OK().replace('CSeq', 'XSeq'))), conversation('response to an unknown method', ('c', R), ('s', OK(code=401).replace('REGISTER', 'REGIST'))),
    conversation('response with two blanks before the method', ('c', R), ('s', OK(code=401).replace('1 REGISTER', '1  REGISTER'))),
    conversation('the server registers', ('c', '\r\n\r\nxxxxxxxx'), ('s', request('REGISTER', 'Contact: <sip:u@192.168.7.2:5060>;expires=60')), ('c', OK('Contact: <sip:u@192.168.7.2:5060>;expires=44'))),
    conversation('call', ('c', I), ('s', response(100, 'INVITE')), ('s', ANSWER), udp('server', 6000, 4000), udp('server', 6001, 4001), udp('client', 4000, 6000), udp('client', 4002, 6001), ('c', request('BYE')), 'entries'),
    conversation('call that is refused', ('c', I), ('s', response(486, 'INVITE'))), conversation('call that is refused, other number', ('c', I), ('s', response(486, 'INVITE', cseq=2))),
    conversation('call that is ended', ('c', I), ('s', ANSWER), ('s', request('BYE'))),
    conversation('call again', ('c', I), ('c', request('INVITE', body=SDP.replace('4000', '4100'), cseq=2)), ('s', ANSWER)),
    conversation('call while registered', ('c', R), ('s', OK('Contact: <sip:u@10.0.0.2:5060>;expires=300')), ('c', I), ('c', request('BYE'))),
    conversation('update', ('c', I), ('c', request('UPDATE', body=SDP.replace('4000', '4100'))), ('s', response(500, 'UPDATE'))),
    conversation('ack and prack', ('c', request('ACK', body=SDP)), ('c', request('PRACK', body=SDP.replace('4000', '4100'))), ('s', response(200, 'PRACK', body=SDP.replace('10.0.0.2', '192.168.7.2'))), ('s', response(400, 'PRACK', cseq=1))),
    conversation('refused without an invite, CSeq 0', ('c', request('ACK', body=SDP)), ('s', response(400, 'PRACK', cseq=0))),
    media('m=audio 4000 RTP/AVP 0\r\n'), media('m=video 4000 RTP/AVP 0\r\n'), media('m=image 4000 udptl t38\r\n'), media('m=text 4000 RTP/AVP 0\r\n'), media('m=audio 4001 RTP/AVP 0\r\n'),
    media('m=audio 4000 RTP/AVP 0\r\nm=video 4002 RTP/AVP 0\r\nm=image 4004 udptl t38\r\n', 'three media'),
    media('m=audio 4000 RTP/AVP 0\r\nm=audio 4002 RTP/AVP 0\r\nm=audio 4004 RTP/AVP 0\r\n', 'three audio streams'),
    media('m=audio 4000 x\r\nm=audio 4002 x\r\nm=audio 4004 x\r\nm=video 4006 x\r\n', 'more media than Linux looks at'),
    media('m=text 1 x\r\nm=text 2 x\r\nm=text 3 x\r\nm=audio 4000 x\r\n', 'unknown media first'),
    media('m=image 4000 x\r\nm=image 4002 x\r\n', 'two images'), media('m=audio 4000 x\r\nm=video 4000 x\r\n', 'the same port for two media'), media('m=audio 4000 x\r\nm=audio 4000 x\r\n', 'the same port twice'),
    media('m=audio 0 RTP/AVP 0\r\n'), media('m=audio 0 RTP/AVP 0\r\nm=video 4000 x\r\n'), media('m=audio 1023 RTP/AVP 0\r\n'), media('m=audio 65535 RTP/AVP 0\r\n'), media('m=audio 65536 RTP/AVP 0\r\n'), media('m=audio 4294967296 RTP/AVP 0\r\n'), media('m=audio 4294971296 RTP/AVP 0\r\n'),
    media('m=audio 004000 RTP/AVP 0\r\n'), media('m=audio  4000 RTP/AVP 0\r\n'), media('m=audio x RTP/AVP 0\r\n'), media('m=AUDIO 4000 RTP/AVP 0\r\n'), media('M=audio 4000 RTP/AVP 0\r\n'), media('m=audio 4000/2 RTP/AVP 0\r\n'), media('m=audio 4000'), media('m=audio4000 x\r\n'), media('m=\r\nm=audio 4000 x\r\n'),
    media('m=audio 4000 x\r\nc=IN IP4 10.0.0.3\r\n'), media('m=audio 4000 x\r\nm=video 4002 x\r\nc=IN IP4 10.0.0.3\r\n'), media('m=audio 4000 x\r\nc=IN IP4 x\r\n'),
    invite('v=0\r\nm=audio 4000 x\r\n', 'no connection'), invite('v=0\r\nm=audio 4000 x\r\nc=IN IP4 10.0.0.2\r\n', 'connection of the medium only'), invite('v=0\r\nc=IN IP4 10.0.0.3\r\nm=audio 4000 x\r\n', 'media elsewhere'),
    invite('v=0\r\nc=IN IP4 10.0.0.3\r\nm=audio 4000 x\r\nc=IN IP4 10.0.0.2\r\n', 'connection of the medium instead'), invite('c=IN IP4 10.0.0.2\r\nm=audio 4000 x\r\n', 'no version'), invite('v=\r\nc=IN IP4 10.0.0.2\r\nm=audio 4000 x\r\n', 'empty version'), invite('v=0\r\nc=IN IP4  10.0.0.2\r\nm=audio 4000 x\r\n', 'two blanks before the address'),
    invite('v=0\r\nc=in ip4 10.0.0.2\r\nm=audio 4000 x\r\n', 'connection in small letters'), invite('v=0\r\nc=IN IP4 10.0.0.2/127\r\nm=audio 4000 x\r\n', 'multicast time to live'), invite('v=0\r\nc=IN IP6 fd00:a::2\r\nm=audio 4000 x\r\n', 'IPv6 in IPv4'), invite('v=0\r\nc=x IN IP4 10.0.0.2\r\nm=audio 4000 x\r\n', 'something before IN'),
    invite('v=0\nc=IN IP4 10.0.0.2\nm=audio 4000 x\n', 'newlines alone in the description'), invite('v=0\r\nm=audio 4000 x\r\nv=0\r\nc=IN IP4 10.0.0.2\r\nm=audio 4002 x\r\n', 'two descriptions'), invite('v=0\r\nC=IN IP4 10.0.0.2\r\nm=audio 4000 x\r\n', 'large C'), invite('v=0\r\nc=IN IP4 10.0.0.2', 'no medium'), invite('v=0\r\nc=IN IP4 10.0.0.2\r\nm=audio 4000\r\nc=IN IP4 10.0.0.2', 'ends in the address'),
    media('m=audio 4000 RTP/AVP 0\r\n', 'IPv6 call', family=6), invite('v=0\r\nc=IN IP4 10.0.0.2\r\nm=audio 4000 x\r\n', 'IPv4 in IPv6', family=6),
    conversation('no media without a body', ('c', request('INVITE'))), conversation('headers in the body', ('c', request('INVITE', body='v=0\r\nc=IN IP4 10.0.0.2\r\nCSeq: 7 INVITE\r\nm=audio 4000 x\r\n'))),
    conversation('cancel', ('c', I), ('c', request('CANCEL'))), conversation('two calls', ('c', I), ('client', Udp(4, 5070, 5060).data('client', I.encode())[1]), ('client', Udp(4, 5071, 5060).data('client', I.replace('4000', '4001').encode())[1]), ('client', Udp(4, 5070, 5060).data('client', I.replace('audio', 'video').encode())[1])),
    conversation('two registrations', ('c', R), ('client', Udp(4, 5070, 5060).data('client', R.encode())[1])),
]
