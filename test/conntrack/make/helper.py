"""Control connections with a helper attached, and the connections they announce: FTP, TFTP, IRC, SIP, PPTP, Amanda, SANE."""
import struct
import packet as p
from packet import ACK, FIN, PSH, RST, SYN
from protocol import A4, A6, B4, B6, PAIRS, Talk


class Stream:
    """A TCP connection whose ends keep their numbers; the near end (eth0) opens unless `server`."""

    def __init__(self, talk, pair, port, dport, server=False, open=True):
        self.t, self.pair, self.ports = talk, pair, (port, dport) if not server else (dport, port)
        self.next = [1000, 5000]
        self.ident = 0
        if open:
            first, second = (1, 0) if server else (0, 1)
            self.send(first, flags=SYN); self.send(second, flags=SYN | ACK); self.send(first)

    def send(self, end, text=b"", flags=None, seq=None):
        if isinstance(text, str):
            text = text.encode()
        mine, other = (0, 1) if end == 0 else (1, 0)
        flags = (ACK | PSH if text else ACK) if flags is None else flags
        ack = self.next[other] if flags & ACK else 0
        start = self.next[mine] if seq is None else seq
        packet = p.tcp(self.pair[mine], self.pair[other], self.ports[mine], self.ports[other], start, ack, flags, 30000, payload=text, ident=self.ident)
        self.ident += 1
        (self.t.a if end == 0 else self.t.b)(packet)
        if seq is None:
            self.next[mine] += len(text) + (1 if flags & (SYN | FIN) else 0)

    def say(self, end, text):
        """Sends, and has it acknowledged."""
        self.send(end, text)
        self.send(1 - end)


def syn(t, end, pair, sport, dport, answer=True, data=True):
    """A connection of a few packets; end 0 is pair[0]."""
    a, b = pair if end == 0 else pair[::-1]
    there, back = (t.a, t.b) if end == 0 else (t.b, t.a)
    there(p.tcp(a, b, sport, dport, 1, 0, SYN))
    if answer:
        back(p.tcp(b, a, dport, sport, 1, 2, SYN | ACK))
        there(p.tcp(a, b, sport, dport, 2, 2, ACK))
        if data:
            there(p.tcp(a, b, sport, dport, 2, 2, ACK | PSH, payload=b"data"))


def dotted(address, port):
    return f"{address.replace('.', ',')},{port >> 8},{port & 255}"


def ftp():
    t, pair = Talk(), (A4, B4)
    s = Stream(t, pair, 40000, 21)
    s.say(1, "220 ready\r\n"); s.say(0, "USER x\r\n"); s.say(1, "331 password\r\n")
    syn(t, 1, pair, 20, 50001, answer=False)  # nothing has announced this
    s.say(0, f"PORT {dotted(A4, 50000)}\r\n"); s.say(1, "200 ok\r\n"); s.say(0, "LIST\r\n")
    syn(t, 1, pair, 20, 50000); syn(t, 1, pair, 20, 50000, answer=False); syn(t, 1, pair, 21, 50000, answer=False)  # each expectation serves once
    s.say(0, f"EPRT |1|{A4}|50002|\r\n"); syn(t, 1, pair, 1234, 50002)
    s.say(0, "PASV\r\n"); s.say(1, f"227 Entering Passive Mode ({dotted(B4, 51000)}).\r\n")
    syn(t, 0, pair, 40001, 51000)
    s.say(0, "EPSV\r\n"); s.say(1, "229 Entering Extended Passive Mode (|||51001|)\r\n"); syn(t, 0, pair, 40002, 51001)
    s.say(0, "EPSV\r\n"); s.say(1, "229 Entering (!!!51002!)\r\n"); syn(t, 0, pair, 40003, 51002, answer=False)
    for number, reply in enumerate((f"227 Passive {dotted(B4, 51010)}\r\n", f"227 =({dotted(B4, 51011)})\r\n", f"227 ({dotted('10.0.1.77', 51012)})\r\n",
                                    f"227 Mode(300,0,1,9,1,1)\r\n", f"227 ({dotted(B4, 51014)}", f")\r\n", f"229 (|||0|)\r\n", f"229 (||51016|)\r\n",
                                    f"150 file\r\n227 ({dotted(B4, 51017)})\r\n", f"227-({dotted(B4, 51018)})\r\n", f"227({dotted(B4, 51019)})\r\n")):
        s.say(1, reply); syn(t, 0, pair, 40010 + number, 51010 + number, answer=False)
    for number, command in enumerate((f"port {dotted(A4, 50010)}\r\n", f"PORT  {dotted(A4, 50011)}\r\n", f"PORT {dotted('10.0.0.77', 50012)}\r\n", f"PORT {dotted(A4, 50013)}",
                                      f"\r\n", f"PORT {dotted(A4, 50015)}\n", f"PORT {dotted(A4, 50016)},9\r\n", f"EPRT |1|10.0.0.77|50017|\r\n", f"EPRT |2|{A6}|50018|\r\n",
                                      f"EPRT !1!{A4}!50019!\r\n", f"EPRT |1|{A4}|70000|\r\n", f"NOOP\r\nPORT {dotted(A4, 50021)}\r\n", f"PORT {dotted(A4, 50022)}\r\nNOOP\r\n", f"PORT 10,0,0,9,195\r\n")):
        s.say(0, command); syn(t, 1, pair, 20, 50010 + number, answer=False)
    # In two segments, and again; behind a gap; the number of a line that was sent before.
    s.send(0, f"PORT 10,0,0"); s.send(0, f",9,195,100\r\n"); s.send(1); syn(t, 1, pair, 20, 50020 - 20 + 20, answer=False); syn(t, 1, pair, 20, 195 * 256 + 100, answer=False)
    s.next[0] += 10; s.say(0, f"PORT {dotted(A4, 50040)}\r\n"); syn(t, 1, pair, 20, 50040, answer=False)
    s.say(0, f"PORT {dotted(A4, 50041)}\r\n"); syn(t, 1, pair, 20, 50041, answer=False)
    s.send(0, f"PORT {dotted(A4, 50042)}\r\n", seq=s.next[0] - 24); syn(t, 1, pair, 20, 50042, answer=False)
    s.say(0, f"PORT {dotted(A4, 50043)}\r\n"); s.say(0, f"PORT {dotted(A4, 50044)}\r\n"); syn(t, 1, pair, 20, 50043, answer=False); syn(t, 1, pair, 20, 50044, answer=False)
    s.say(0, f"PORT {dotted(A4, 50045)}\r\n")
    t.b(p.icmp(B4, A4, 3, 3, payload=p.tcp(A4, B4, 50045, 20, 1, 0, SYN)))
    s.send(0, flags=FIN | ACK); s.send(1, flags=FIN | ACK); s.send(0)
    syn(t, 1, pair, 20, 50045, answer=False)  # the control connection is in TIME_WAIT
    return t


def ftp_six():
    t, pair = Talk(), (A6, B6)
    s = Stream(t, pair, 40000, 21)
    s.say(1, "220 ready\r\n"); s.say(0, "USER x\r\n")
    s.say(0, f"EPRT |2|{A6}|50000|\r\n"); syn(t, 1, pair, 20, 50000)
    s.say(0, f"EPRT |2|2001:DB8:0:0::9|50001|\r\n"); syn(t, 1, pair, 20, 50001, answer=False)
    s.say(0, f"EPRT |2|2001:db8::77|50002|\r\n"); syn(t, 1, pair, 20, 50002, answer=False)
    s.say(0, f"EPRT |1|{A4}|50003|\r\n"); syn(t, 1, pair, 20, 50003, answer=False)
    s.say(0, "EPSV\r\n"); s.say(1, "229 Entering Extended Passive Mode (|||51000|)\r\n"); syn(t, 0, pair, 40001, 51000)
    s.say(1, f"227 ({dotted(B4, 51001)})\r\n"); syn(t, 0, pair, 40002, 51001, answer=False)
    return t


def ftp_marked():
    """The announced connection inherits the mark; a master that is reset takes its expectations along."""
    t, pair = Talk(), (A4, B4)
    s = Stream(t, pair, 40000, 21)
    s.say(1, "220 ready\r\n")
    s.say(0, f"PORT {dotted(A4, 50000)}\r\n"); syn(t, 1, pair, 20, 50000)
    s.say(0, f"PORT {dotted(A4, 50001)}\r\n"); s.send(0, flags=RST | ACK); syn(t, 1, pair, 20, 50001, answer=False)
    s = Stream(t, pair, 40001, 2121); s.say(1, "220 no helper here\r\n"); s.say(0, f"PORT {dotted(A4, 50002)}\r\n"); syn(t, 1, pair, 20, 50002, answer=False)
    s = Stream(t, pair, 40002, 21, open=False); s.send(0, "midstream\r\n"); s.send(1, "220 x\r\n"); s.send(0, "more\r\n"); s.send(0, f"PORT {dotted(A4, 50003)}\r\n"); syn(t, 1, pair, 20, 50003, answer=False)
    s.send(1); s.send(0, f"PORT {dotted(A4, 50004)}\r\n"); syn(t, 1, pair, 20, 50004)
    return t


def ftp_expiry():
    t, pair = Talk(), (A4, B4)
    s = Stream(t, pair, 40000, 21)
    s.say(1, "220 ready\r\n")
    s.say(0, f"PORT {dotted(A4, 50000)}\r\n")
    t.pause(2.5)  # the control connection is gone by then, its expectation with it
    syn(t, 1, pair, 20, 50000, answer=False)
    return t


def tftp():
    t = Talk()
    for pair in PAIRS:
        a, b = pair
        ask = lambda port, text, **more: t.a(p.udp(a, b, port, 69, text, **more))
        ask(3000, b"\0\1file\0octet\0"); t.b(p.udp(b, a, 7777, 3000, b"\0\3\0\1data")); t.a(p.udp(a, b, 3000, 7777, b"\0\4\0\1")); t.b(p.udp(b, a, 7777, 3000, b"\0\3\0\2data"))
        t.b(p.udp(b, a, 7778, 3000, b"\0\3\0\1data"))  # once only
        ask(3001, b"\0\2file\0octet\0"); t.b(p.udp(b, a, 69, 3001, b"\0\4\0\0")); t.b(p.udp(b, a, 7777, 3001, b"\0\4\0\0"))
        ask(3002, b"\0\1file\0octet\0"); ask(3002, b"\0\1file\0octet\0"); t.b(p.udp(b, a, 7777, 3002, b"\0\3\0\1data"))
        ask(3003, b"\0\3\0\1data"); t.b(p.udp(b, a, 7777, 3003, b"\0\4\0\0"))
        ask(3004, b"\0\4\0\1"); t.b(p.udp(b, a, 7777, 3004, b"\0\3\0\1"))
        ask(3005, b"\0\5\0\1no\0"); t.b(p.udp(b, a, 7777, 3005, b"\0\3\0\1"))
        ask(3006, b"\0"); t.b(p.udp(b, a, 7777, 3006, b"\0\3\0\1"))
        ask(3007, b"\0\1file\0octet\0"); t.b(p.udp(b, "10.0.0.77" if a == A4 else "2001:db8::77", 7777, 3007, b"\0\3\0\1"))
        ask(3008, b"\0\1file\0octet\0"); t.b(p.udp("10.0.1.77" if a == A4 else "2001:db8:1::77", a, 7777, 3008, b"\0\3\0\1"))
        ask(3009, b"\0\1file\0octet\0"); t.b(p.icmp(b, a, *((3, 3) if a == A4 else (1, 4)), payload=p.udp(a, b, 3009, 7777, b"x")))
        t.a(p.udp(a, b, 3010, 70, b"\0\1no helper\0")); t.b(p.udp(b, a, 7777, 3010, b"\0\3\0\1"))
    return t


def irc():
    t, pair = Talk(), (A4, B4)
    number = lambda address: int.from_bytes(p.packed(address), "big")
    s = Stream(t, pair, 40000, 6667)
    s.say(0, "NICK x\r\n"); s.say(1, ":server 001 x\r\n")
    for port, text in enumerate((
        "PRIVMSG bob :\1DCC SEND file {a} {port}\1\r\n", "PRIVMSG bob :\1DCC CHAT chat {a} {port}\1\r\n", "PRIVMSG bob :\1DCC MOVE file {a} {port} 123\1\r\n",
        "PRIVMSG bob :\1DCC TSEND file {a} {port} 123\1\r\n", "PRIVMSG bob :\1DCC SCHAT chat {a} {port}\1\r\n", "PRIVMSG bob :\1DCC RESUME file {a} {port}\1\r\n",
        "PRIVMSG bob :\1DCC SEND \"two words\" {a} {port} 9\1\r\n", "PRIVMSG bob :\1DCC SEND file {other} {port} 9\1\r\n", "PRIVMSG bob :\1DCC SEND file {a} {port}", "\1\r\n",
        "PRIVMSG bob :\1DCC SEND file {a} {port} 9\1\n", "PRIVMSG bob :\1dcc send file {a} {port} 9\1\r\n", "PRIVMSG bob : DCC SEND file {a} {port} 9\r\n",
        "x\r\nPRIVMSG bob :\1DCC SEND file {a} {port} 9\1\r\n", "PRIVMSG bob :\1DCC SEND file 10.0.0.9 {port} 9\1\r\n", "PRIVMSG bob :\1DCC SEND file {b} {port} 9\1\r\n",
        "PRIVMSG bob :\1DCC SEND file {a} 0 9\1\r\n", "PRIVMSG bob :\1DCC SEND f {a} {port} 9\1\r\nPRIVMSG bob :\1DCC SEND g {a} {next} 9\1\r\n",
    )):
        s.say(0, text.format(a=number(A4), b=number(B4), other=number("10.0.0.77"), port=50000 + port, next=50100 + port))
        for dport in (50000 + port, 50100 + port) if "{next}" in text else (50000 + port,):
            t.b(p.tcp("10.0.1.33", A4, 999, dport, 1, 0, SYN)); t.b(p.tcp("10.0.1.34", A4, 999, dport, 1, 0, SYN))
    s.say(1, f":bob PRIVMSG x :\1DCC SEND file {number(B4)} 50200 9\1\r\n"); syn(t, 0, pair, 999, 50200, answer=False)  # from the server's side
    return t


def sdp(address, port, more=""):
    kind = "IP6" if ":" in address else "IP4"
    return f"v=0\r\no=u 1 1 IN {kind} {address}\r\ns=-\r\nc=IN {kind} {address}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n{more}"


def sip_message(first, pair, call, sequence, method, body="", contact=None, expires=None, via=None, mine=5060):
    host = lambda address: f"[{address}]" if ":" in address else address
    a, b = pair
    lines = [first.format(b=host(b), a=host(a)), f"Via: SIP/2.0/UDP {host(via or a)}:{mine};branch=z9hG4bK{call}{sequence}", f"From: <sip:u@{host(a)}>;tag=1",
             f"To: <sip:v@{host(b)}>", f"Call-ID: {call}@x", f"CSeq: {sequence} {method}"]
    if contact:
        lines.append(f"Contact: <sip:u@{host(contact)}:{mine}>" + (f";expires={expires}" if expires is not None else ""))
    if body:
        lines.append("Content-Type: application/sdp")
    return ("\r\n".join(lines + [f"Content-Length: {len(body)}", "", ""]) + body).encode()


def sip():
    t = Talk()
    for pair in PAIRS:
        a, b = pair
        out = lambda data, port=5060: t.a(p.udp(a, b, port, 5060, data))
        back = lambda data, port=5060: t.b(p.udp(b, a, 5060, port, data))
        media = lambda end, sport, dport: (t.b(p.udp(b, a, sport, dport, b"rtp")) if end == 1 else t.a(p.udp(a, b, sport, dport, b"rtp")))
        media(1, 7000, 6000)  # nobody has announced this
        out(sip_message("REGISTER sip:{b} SIP/2.0", pair, "reg", 1, "REGISTER", contact=a, expires=60))
        back(sip_message("SIP/2.0 200 OK", pair, "reg", 1, "REGISTER", contact=a, expires=60))
        t.b(p.udp(b, a, 5060, 5060, sip_message("INVITE sip:u@{b} SIP/2.0", (b, a), "called", 1, "INVITE", sdp(b, 7100), contact=b)))
        t.b(p.udp(b, a, 5061, 5060, b"from another port of the registrar"))
        out(sip_message("INVITE sip:v@{b} SIP/2.0", pair, "call", 1, "INVITE", sdp(a, 6010), contact=a))
        back(sip_message("SIP/2.0 100 Trying", pair, "call", 1, "INVITE"))
        media(1, 7010, 6010); media(1, 7011, 6011); media(1, 7012, 6012)
        back(sip_message("SIP/2.0 200 OK", pair, "call", 1, "INVITE", sdp(b, 7020), contact=b))
        media(0, 6020, 7020); media(0, 6021, 7021)
        out(sip_message("ACK sip:v@{b} SIP/2.0", pair, "call", 1, "ACK"))
        media(0, 6010, 7010)
        out(sip_message("INVITE sip:v@{b} SIP/2.0", pair, "second", 1, "INVITE", sdp(a, 6030, "m=video 6032 RTP/AVP 31\r\n"), contact=a))
        back(sip_message("SIP/2.0 486 Busy Here", pair, "second", 1, "INVITE"))
        media(1, 7030, 6030); media(1, 7031, 6031); media(1, 7032, 6032)
        out(sip_message("INVITE sip:v@{b} SIP/2.0", pair, "third", 1, "INVITE", sdp(a, 6040, "m=video 6042 RTP/AVP 31\r\n"), contact=a))
        out(sip_message("BYE sip:v@{b} SIP/2.0", pair, "third", 2, "BYE"))
        back(sip_message("SIP/2.0 200 OK", pair, "third", 2, "BYE"))
        media(1, 7040, 6040); media(1, 7042, 6042)
        out(sip_message("INVITE sip:v@{b} SIP/2.0", pair, "fourth", 1, "INVITE", sdp(a, 6050, "m=video 6052 RTP/AVP 31\r\n"), contact=a))
        media(1, 7050, 6050); media(1, 7052, 6052); media(1, 7053, 6053); media(1, 7053, 6053)
        out(b"INVITE sip:v@x SIP/2.0\r\nCSeq: what\r\n\r\n", 5070)
        out(b"\r\n\r\n")
        out(b"no sip at all")
        out(sip_message("INVITE sip:v@{b} SIP/2.0", pair, "fifth", 1, "INVITE", sdp(a, 100), contact=a))  # a port below 1024
        media(1, 7060, 100)
        out(sip_message("INVITE sip:v@{b} SIP/2.0", pair, "sixth", 1, "INVITE", sdp("10.0.0.77" if a == A4 else "2001:db8::77", 6070), contact=a))
        t.b(p.udp(b, "10.0.0.77" if a == A4 else "2001:db8::77", 7070, 6070, b"rtp"))
    return t


def sip_over_tcp():
    t, pair = Talk(), (A4, B4)
    s = Stream(t, pair, 40000, 5060)
    message = sip_message("INVITE sip:v@{b} SIP/2.0", pair, "call", 1, "INVITE", sdp(A4, 6010), contact=A4)
    s.say(0, message); t.b(p.udp(B4, A4, 7010, 6010, b"rtp"))
    half = sip_message("INVITE sip:v@{b} SIP/2.0", pair, "half", 1, "INVITE", sdp(A4, 6020), contact=A4)
    s.send(0, half[:200]); s.send(0, half[200:]); s.send(1); t.b(p.udp(B4, A4, 7020, 6020, b"rtp"))
    two = sip_message("INVITE sip:v@{b} SIP/2.0", pair, "one", 1, "INVITE", sdp(A4, 6030), contact=A4) + sip_message("INVITE sip:v@{b} SIP/2.0", pair, "two", 1, "INVITE", sdp(A4, 6040), contact=A4)
    s.say(0, two); t.b(p.udp(B4, A4, 7030, 6030, b"rtp")); t.b(p.udp(B4, A4, 7040, 6040, b"rtp"))
    return t


def pptp_message(kind, body, length=None):
    size = 12 + len(body)
    return struct.pack(">HHIHH", size if length is None else length, 1, 0x1A2B3C4D, kind, 0) + body


def gre(call, text=b"data", sequence=1):
    return struct.pack(">HHHHI", 0x3001, 0x880B, len(text), call, sequence) + text


def pptp():
    t, pair = Talk(), (A4, B4)
    a, b = pair
    to_server = lambda call: t.a(p.ip(a, b, p.GRE, gre(call)))
    to_client = lambda call: t.b(p.ip(b, a, p.GRE, gre(call)))
    s = Stream(t, pair, 40000, 1723)
    start = struct.pack(">HHIIHH", 0x100, 0, 3, 3, 0, 1) + bytes(64) + bytes(64)
    to_server(5); to_client(6)
    s.say(0, pptp_message(1, start)); s.say(1, pptp_message(2, struct.pack(">HBBIIHH", 0x100, 1, 0, 3, 3, 0, 1) + bytes(128)))
    out_call = lambda call: pptp_message(7, struct.pack(">HHIIIIHHHH", call, 1, 300, 100000, 3, 3, 64, 0, 0, 0) + bytes(128))
    reply = lambda call, peer, result=1: pptp_message(8, struct.pack(">HHBBHIHHI", call, peer, result, 0, 0, 64000, 64, 0, 0))
    s.say(0, out_call(100)); s.say(1, reply(200, 100))
    to_server(200); to_client(100); to_server(200); to_server(300); to_client(101)
    s.say(0, pptp_message(15, struct.pack(">HHII", 200, 0, 0xFFFFFFFF, 0xFFFFFFFF)))  # set link info
    s.say(0, pptp_message(5, struct.pack(">I", 7))); s.say(1, pptp_message(6, struct.pack(">IBBH", 7, 1, 0, 0)))  # echo
    s.say(0, pptp_message(12, struct.pack(">HH", 100, 0))); s.say(1, pptp_message(13, struct.pack(">HBBHH", 200, 1, 0, 0, 0) + bytes(128)))  # clear, disconnect
    to_server(200); to_client(100)
    s.say(0, out_call(102)); s.say(1, reply(202, 102, 2)); to_client(102)  # refused
    s.say(0, out_call(103)); s.say(1, reply(203, 999)); to_client(103)  # of another call
    s.say(0, out_call(104)); s.say(1, reply(204, 104)); to_client(104); to_server(204)  # the server first
    # Incoming calls, on a control connection of their own.
    s.send(0, flags=RST | ACK)
    s = Stream(t, pair, 40002, 1723)
    s.say(0, pptp_message(1, start)); s.say(1, pptp_message(2, struct.pack(">HBBIIHH", 0x100, 1, 0, 3, 3, 0, 1) + bytes(128)))
    s.say(1, pptp_message(9, struct.pack(">HHIIHH", 210, 1, 3, 3, 0, 0) + bytes(192)))
    s.say(0, pptp_message(10, struct.pack(">HHBBHHH", 110, 210, 1, 0, 64, 0, 0))); s.say(1, pptp_message(11, struct.pack(">HHIHHI", 110, 0, 64000, 64, 0, 0)))
    to_client(110); to_server(210)
    s.say(0, pptp_message(3, b"\1\0\0\0")); s.say(1, pptp_message(4, b"\1\0\0\0"))
    s = Stream(t, pair, 40001, 1723)  # a second one, without a start
    s.say(0, out_call(105)); s.say(1, reply(205, 105)); to_server(205); to_client(105)
    s.say(0, pptp_message(1, start, length=9)); s.say(0, b"short")
    s.send(0, flags=RST | ACK); to_server(204)
    return t


def amanda():
    t = Talk()
    for pair in PAIRS:
        a, b = pair
        t.a(p.udp(a, b, 700, 10080, b"Amanda 2.3 REQ HANDLE 000-1 SEQ 1\nSERVICE backup\n"))
        t.b(p.udp(b, a, 10080, 700, b"Amanda 2.3 REP HANDLE 000-1 SEQ 1\nCONNECT DATA 5000 MESG 5001 INDEX 5002\nOPTIONS x;\n"))
        for dport in (5000, 5001, 5002, 5003):
            t.a(p.tcp(a, b, 900, dport, 1, 0, SYN)); t.a(p.tcp(a, b, 901, dport, 1, 0, SYN))
        t.b(p.udp(b, a, 10080, 700, b"CONNECT DATA 5010 MESG 5011 INDEX 5012")); t.a(p.tcp(a, b, 900, 5010, 1, 0, SYN))  # no end of line
        t.a(p.udp(a, b, 700, 10080, b"CONNECT DATA 5020\n")); t.b(p.tcp(b, a, 900, 5020, 1, 0, SYN)); t.a(p.tcp(a, b, 900, 5020, 1, 0, SYN))
        t.b(p.udp(b, a, 10080, 700, b"CONNECT STATE 5030 INDEX 5031\n")); t.a(p.tcp(a, b, 900, 5030, 1, 0, SYN)); t.a(p.tcp(a, b, 900, 5031, 1, 0, SYN))
    return t


def sane():
    t, pair = Talk(), (A4, B4)
    s = Stream(t, pair, 40000, 6566)
    s.say(0, struct.pack(">I", 0) + bytes(12)); s.say(1, struct.pack(">II", 0, 0x1000003))
    s.say(0, struct.pack(">I", 7) + bytes(4)); s.say(1, struct.pack(">IIIII", 0, 55000, 0x1234, 0, 0)); syn(t, 0, pair, 999, 55000); syn(t, 0, pair, 998, 55000, answer=False)
    s.say(0, struct.pack(">I", 7) + bytes(4)); s.say(1, struct.pack(">IIIII", 1, 55001, 0x1234, 0, 0)); syn(t, 0, pair, 999, 55001, answer=False)  # an error
    s.say(0, struct.pack(">I", 3) + bytes(4)); s.say(1, struct.pack(">IIIII", 0, 55002, 0x1234, 0, 0)); syn(t, 0, pair, 999, 55002, answer=False)  # no start
    return t


def scenarios():
    from record import counting_rules as rules
    helpers = [("tcp", 21, "ftp"), ("udp", 69, "tftp"), ("tcp", 6667, "irc"), ("udp", 5060, "sip"), ("tcp", 5060, "sip"), ("tcp", 1723, "pptp"),
               ("udp", 10080, "amanda"), ("tcp", 6566, "sane")]
    extra = "\n".join(f'-A PREROUTING -m helper --helper {name}' for name in ("ftp", "tftp", "irc", "sip", "pptp", "amanda", "sane"))
    def rule(family, mangle=""):
        chosen = [(one, port, name) for one, port, name in helpers if family == 4 or name not in ("irc", "pptp")]
        return rules("\n".join(f"-A PREROUTING -p {one} -m {one} --dport {port} -j CT --helper {name}" for one, port, name in chosen), extra + "\n" + mangle)
    both = {"rules4": rule(4), "rules6": rule(6), "expect": True}
    yield {"name": "ftp", "watch": True, "packets": ftp(), **both}
    yield {"name": "ftp-ipv6", "packets": ftp_six(), **both}
    mark = "-A PREROUTING -p tcp -m tcp --dport 21 -m conntrack --ctstate NEW -j CONNMARK --set-xmark 0x77/0xffffffff\n-A PREROUTING -m connmark --mark 0x77 -m conntrack --ctstate RELATED"
    yield {"name": "ftp-marked", "packets": ftp_marked(), **both, "rules4": rule(4, mark)}
    T = "net.netfilter.nf_conntrack_tcp_timeout_"
    yield {"name": "ftp-expiry", "packets": ftp_expiry(), **both, "sysctls": {T + "established": "2", T + "unacknowledged": "2"}}
    yield {"name": "tftp", "packets": tftp(), **both}
    yield {"name": "irc", "packets": irc(), **both}
    yield {"name": "sip", "packets": sip(), **both}
    yield {"name": "sip-tcp", "packets": sip_over_tcp(), **both}
    yield {"name": "pptp", "packets": pptp(), **both}
    yield {"name": "amanda", "packets": amanda(), **both}
    yield {"name": "sane", "packets": sane(), **both}
