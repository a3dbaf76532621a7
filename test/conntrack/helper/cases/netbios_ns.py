"""NetBIOS name service: the router asks its own network by broadcast, anybody in it may answer."""
from packet import udp

ASK = b'\0\1\1\x10\0\1\0\0\0\0\0\0 question'


def answer(source, sport, dport, side='client', payload=b'answer'):
    return side, udp(source, '10.0.0.1', sport, dport, payload)


def ask(port=500, to='10.0.0.255', dport=137):
    return 'host', port, to, dport, ASK


def cases(port):
    return [
        ('answers', [ask(dport=port), answer('10.0.0.2', port, 500), answer('10.0.0.3', port, 500), answer('10.0.0.2', port, 500), 'entries']),
        ('answers from another port', [ask(dport=port), answer('10.0.0.2', 138, 500), answer('10.0.0.2', port, 501)]),
        ('answer from another network', [ask(dport=port), answer('192.168.7.2', port, 500, 'server')]),
        ('asked again', [ask(dport=port), 1.1, ask(dport=port), answer('10.0.0.2', port, 500), 1.1, ask(dport=port)]),
        ('two askers', [ask(dport=port), ask(501, dport=port), answer('10.0.0.2', port, 500), answer('10.0.0.3', port, 501)]),
        ('two questions from one port', [ask(dport=port), ask(dport=port + 1), answer('10.0.0.2', port, 500), answer('10.0.0.2', port + 1, 500)]),
        ('one host asked', [ask(to='10.0.0.2', dport=port), answer('10.0.0.3', port, 500), answer('10.0.0.2', port, 500)]),
        ('the other network asked', [('host', 137, '192.168.7.255', port, ASK)]),
        ('broadcast of another host', [('client', udp('10.0.0.2', '192.168.7.2', 500, port, ASK))]),
    ]


CASES = cases(137) + [
    ('too late', [ask(), 3.2, answer('10.0.0.2', 137, 500)]),
]
