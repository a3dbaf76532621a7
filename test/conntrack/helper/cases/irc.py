"""IRC: DCC commands to other users."""
from packet import Tcp

IP = 0x0a000002  # the client, 10.0.0.2


def case(name, *texts, then=()):
    flow = Tcp(dport=6667)
    steps = flow.open()
    for text in texts:
        steps.append(flow.data('client', text if isinstance(text, bytes) else text.encode('latin1')))
    for side, port in then:
        steps.append(flow.syn(side, 5000, port))
    return name, steps


def said(rest, **kw):
    return case(repr(rest)[:60], 'PRIVMSG you :' + rest, **kw)


def many():
    flow = Tcp(dport=6667)
    steps = flow.open()
    for i in range(11):
        steps.append(flow.data('client', f'PRIVMSG you :\1DCC SEND f {IP} {2000 + i % 10}\1\r\n'.encode()))
    return 'more than eight', steps


def by_server():
    flow = Tcp(dport=6667)
    steps = flow.open()
    steps.append(flow.data('server', f'PRIVMSG you :\1DCC SEND f {0xc0a80702} 2000\1\r\n'.encode()))
    return 'the server says it', steps


def early():
    flow = Tcp(dport=6667)
    return 'midstream', [flow.data('client', f'PRIVMSG you :\1DCC SEND f {IP} 2000\1\r\n'.encode())]


def long(n, newline=True):
    filler = 'x' * n
    return case(f'{n} bytes before{"" if newline else ", no newline"}', f'PRIVMSG {filler} :\1DCC SEND f {IP} 2000\1' + ('\r\n' if newline else ''))


CASES = [
    said(f'\1DCC SEND file {IP} 2000\1\r\n', then=[('server', 2000)]),
    said(f'\1DCC CHAT chat {IP} 2001\1\r\n'), said(f'\1DCC MOVE m {IP} 2002\1\r\n'), said(f'\1DCC TSEND f {IP} 2003\1\r\n'),
    said(f'\1DCC SCHAT f {IP} 2004\1\r\n'), said(f'\1DCC RESUME f {IP} 2004\1\r\n'), said(f'\1dcc send f {IP} 2005\1\r\n'),
    said(f'\1DCC send f {IP} 2005\1\r\n'), said(f'DCC SEND f {IP} 2005\1\r\n'), said(f'\1DCC SEND f {IP} 2005\1\n'),
    said(f'\1DCC SEND f {IP} 2005 1234\1\r\n'), said(f'\1DCC SEND f {IP} 2005\1'), said(f'\1DCC SEND f {IP}  2005\1\r\n'),
    said(f'\1DCC SEND f  {IP} 2005\1\r\n'), said(f'\1DCC SEND a b {IP} 2005\1\r\n'), said(f'\1DCC SEND "a b" {IP} 2005\1\r\n'),
    said(f'\1DCC SEND f {IP} 0\1\r\n'), said(f'\1DCC SEND f {IP} 65536\1\r\n'), said(f'\1DCC SEND f {IP} 65537\1\r\n'),
    said(f'\1DCC SEND f {IP + 1} 2005\1\r\n'), said(f'\1DCC SEND f {0xc0a80702} 2005\1\r\n'), said(f'\1DCC SEND f {IP + 2**32} 2005\1\r\n'),
    said(f'\1DCC SEND f {IP + 2**64} 2005\1\r\n'), said(f'\1DCC SEND f 0{IP} 02005\1\r\n'), said(f'\1DCC SEND f 10.0.0.2 2005\1\r\n'),
    said(f'\1DCC SEND f +{IP} 2005\1\r\n'), said(f'\1DCC SEND f {IP}\1\r\n'), said(f'\1DCC SEND f {IP} \1\r\n'), said(f'\1DCC SEND f {IP}\t2005\1\r\n'),
    said(f'\1DCC SEND f {IP}2005\1\r\n'), said(f'\1DCC SEND f {IP} 4294969301\1\r\n'), said(f'\1DCC SEND f {IP} 18446744073709553621\1\r\n'),
    said(f'\1DCC SEND {IP} 2005\1\r\n'), said(f'\1DCC CHAT {IP} 1\1\r\n'), said(f'\1DCC CHAT c {IP} 1\n'), said(f'\1DCC CHAT c {IP} 1\r\n'),
    said(f'x :\1DCC SEND f {IP} 2005\1\r\n'), said(f'x \1DCC SEND f {IP} 2005\1\r\n'), said(f'hello :there \1DCC SEND f {IP} 2005\1\r\n'),
    case('blanks in front', f' \r\n \r\nPRIVMSG you :\1DCC SEND f {IP} 2000\1\r\n'),
    case('another command', f'NOTICE you :\1DCC SEND f {IP} 2000\1\r\n'),
    case('small letters', f'privmsg you :\1DCC SEND f {IP} 2000\1\r\n'),
    case('second line', f'PRIVMSG me :hi\r\nPRIVMSG you :\1DCC SEND f {IP} 2000\1\r\n'),
    case('second line, first without colon', f'PRIVMSG me hi\r\nPRIVMSG you :\1DCC SEND f {IP} 2000\1\r\n'),
    case('two commands', f'PRIVMSG you :\1DCC SEND f {IP} 2000\1\r\nPRIVMSG you :\1DCC SEND f {IP} 2001\1\r\n'),
    case('short', 'PRIVMSG'), case('shorter than the command', 'PRIVMSG a\n'), case('x' * 10, 'x' * 10),
    case('a bare message', f' :\1DCC SEND f {IP} 2000\1\r\n'),
    case('ends in the address', f'PRIVMSG you :\1DCC SEND f 1677\n'),
    case('the newline comes before', f'PRIVMSG you :\1DCC SEND fil\n {IP} 2000\1\r\n'),
    case('newline between address and port', f'PRIVMSG you :\1DCC SEND f {IP}\n2000\1\r\n'),
    case('file name of blanks', f'PRIVMSG you :\1DCC SEND                       {IP} 2000\1\r\n'),
    case('nested', f'PRIVMSG you :\1DCC CHAT SEND f {IP} 2000\1\r\n'),
    case('commands in a row', f'PRIVMSG you :\1DCC CHAT TSEND f {IP} 2000\1\r\n'),
    case('a forged one before', f'PRIVMSG you :\1DCC SEND f 1 2000\1 :\1DCC SEND f {IP} 2000\1\r\n'),
    case('one with port 0 before', f'PRIVMSG you :\1DCC SEND f {IP} 0\1 :\1DCC SEND f {IP} 2000\1\r\n'),
    case('an unknown command before', f'PRIVMSG you :\1DCC RESUME f {IP} 2000\1 :\1DCC SEND f {IP} 2000\1\r\n'),
    case('commands in a row, the first ends', f'PRIVMSG you :\1DCC CHAT TSEND {IP} 2000\1\r\n'),
    case('nothing but commands', 'PRIVMSG you :\1DCC SEND CHAT MOVE TSEND SCHAT x\n'),
    case('ten letters, command and end', 'PRIVMSG a :\1DCC SEND f 1 2\n\n\n'),
    case('one command after the other', f'PRIVMSG you :\1DCC SEND f {IP} 2000\1\r\n', f'PRIVMSG you :\1DCC SEND f {IP} 2000\1\r\n', f'PRIVMSG you :\1DCC SEND f {IP} 2001\1\r\n', then=[('server', 2001), ('server', 2000), ('server', 2000)]),
    many(), by_server(), early(), long(1000), long(1000, False), long(1380),
]
