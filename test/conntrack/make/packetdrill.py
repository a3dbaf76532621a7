"""What the kernel's own packetdrill tests of conntrack state (tools/testing/selftests/net/netfilter/packetdrill), as
packets through the router: the host under test there is the near end (eth0) here, the peer of its script the far end.
`about` says what the kernel's test expects; test/conntrack/packetdrill.test.ts holds the records to it.
"""
import struct
import packet as p
from packet import ACK, FIN, PSH, RST, SYN
from protocol import PAIRS, Talk

HOST, PEER = 0x10000000, 0  # initial sequence numbers; the scripts count from them


def stamps(value, echo):
    return b"\x08\x0a" + struct.pack(">II", value, echo)


def mss(size):
    return b"\2\4" + struct.pack(">H", size)


SACK_OK, NOP = b"\4\2", b"\1"
def scale(bits): return b"\3\3" + bytes([bits])
CLIENT = mss(1460) + SACK_OK + stamps(1, 0) + NOP + scale(8)


class Script(Talk):
    """`near` is the host's end; the host is the server when `server` is set, but always at eth0."""

    def __init__(self, port, six, server=False):
        super().__init__()
        self.pair, self.ports = PAIRS[six], ((8080, port) if server else (port, 8080))

    def out(self, flags, seq, length=0, ack=None, win=0, options=b"", after=0):
        self.pause(after)
        (a, b), (mine, other) = self.pair, self.ports
        self.a(p.tcp(a, b, mine, other, HOST + seq, 0 if ack is None else PEER + ack, flags | (0 if ack is None else ACK), win, options, bytes(length)))

    def into(self, flags, seq, length=0, ack=None, win=0, options=b"", after=0):
        self.pause(after)
        (a, b), (mine, other) = self.pair, self.ports
        self.b(p.tcp(b, a, other, mine, PEER + seq, 0 if ack is None else HOST + ack, flags | (0 if ack is None else ACK), win, options, bytes(length)))


def ack_loss_stall(t):
    t.into(SYN, 0, win=32792, options=mss(1000))
    t.out(SYN, 0, ack=1, win=65535, options=mss(1460))
    t.into(0, 1, ack=1, win=65535)
    for number in range(46):
        t.into(PSH, 1 + number * 1460, 1460, ack=1, win=257)
        t.out(0, 1, ack=1 + (number + 1) * 1460, win=65535)
    t.into(PSH, 1, 1460, ack=1, win=257)
    t.out(0, 1, ack=67161, win=65535)


def three_segments(t):
    t.out(SYN, 0, win=65535, options=CLIENT)
    t.into(SYN, 1, ack=1, win=65535, options=mss(1460))
    # The script's SYN/ACK has number 1, and its data too: the peer's numbers count from there.
    t.out(0, 1, ack=2, win=65535)
    for start in (1, 1001, 2001):
        t.into(0, start + 1, 1000, ack=1, win=65535)
    for end in (1001, 2001, 3001):
        t.out(0, 1, ack=end + 1, win=65535)


def inexact_rst(t):
    three_segments(t)
    t.out(PSH, 1, 1000, ack=3002, win=65535)
    t.into(FIN, 3002, ack=1001, win=65535)
    t.out(0, 1001, ack=3003, win=65535)
    t.out(RST, 1001, ack=3003, win=65535)
    t.into(RST, 2002)


def rst_invalid(t):
    three_segments(t)
    t.into(RST, 1)
    t.into(RST, 1000001)
    t.into(RST, 43)
    t.out(PSH, 1, 1000, ack=3002, win=65535)
    t.into(0, 3002, ack=1001, win=65535)
    t.into(RST, 3001, ack=1001)
    t.into(RST, 3002, ack=1001)


def syn_challenge_ack(t):
    old = mss(1460) + NOP + NOP + stamps(1, 1) + NOP + scale(0)
    t.out(SYN, 0, win=65535, options=CLIENT)
    t.into(0, 145824453, ack=643160523, win=240, options=old)
    t.out(RST, 643160523)
    t.out(SYN, 0, win=65535, options=CLIENT)
    t.into(SYN, 0, ack=1, win=250, options=old)
    t.out(0, 1, ack=1, win=256, options=NOP + NOP + stamps(1, 1))


def synack_old(t):
    t.out(SYN, 0, win=65535, options=CLIENT)
    t.into(SYN, 145824453, ack=643160523, win=240, options=mss(1440) + NOP + NOP + stamps(1, 1) + NOP + scale(0))
    t.out(SYN, 0, win=65535, options=CLIENT, after=0.1)
    t.into(SYN, 145758918, ack=1, win=250, options=mss(1460) + NOP + NOP + stamps(1, 1) + NOP + scale(0))
    t.out(0, 1, ack=145758919, win=256, options=NOP + NOP + stamps(1033, 1))
    t.out(PSH, 1, 1, ack=145758919, win=256, options=NOP + NOP + stamps(1067, 1))


def synack_reuse(t):
    wscale = lambda bits, value: mss(1000) + NOP + scale(bits) + stamps(value, 0) + NOP + NOP
    t.into(SYN, 0, win=32792, options=wscale(7, 1))
    t.out(SYN, 0, ack=1, win=65535, options=mss(1460) + NOP + NOP + stamps(100, 1) + NOP + scale(8))
    t.into(0, 1, ack=1, win=257, options=stamps(1, 100) + NOP + NOP)
    t.into(PSH, 1, 100, ack=1, win=257, options=stamps(2, 100) + NOP + NOP)
    t.out(0, 1, ack=101, win=256, options=NOP + NOP + stamps(110, 2))
    t.into(SYN, 2000, win=32792, options=wscale(7, 233), after=0.1)
    t.out(0, 1, ack=101, win=256, options=NOP + NOP + stamps(112, 2))
    t.into(RST, 101, ack=1, win=257)
    t.into(SYN, 2000, win=32792, options=wscale(0, 233), after=0.1)
    t.out(SYN, 0x5000, ack=2001, win=65535, options=mss(1460) + NOP + NOP + stamps(200, 233) + NOP + scale(8))


SCRIPTS = (
    (ack_loss_stall, True, "data acknowledged long ago and sent again is not INVALID"),
    (inexact_rst, False, "a RST that is not exact closes a connection in CLOSE_WAIT; nothing is INVALID"),
    (rst_invalid, False, "four RSTs of the peer are INVALID and leave the connection ESTABLISHED, the exact one closes it"),
    (syn_challenge_ack, False, "the old peer's challenge ACK passes, the connection is made; nothing is INVALID"),
    (synack_old, False, "an old SYN/ACK leaves the entry in SYN_SENT and is INVALID; the right one is accepted"),
    (synack_reuse, True, "a SYN in ESTABLISHED, the challenge ACK and the RST pass; the SYN sent again gives SYN_RECV"),
)


def scenarios():
    for script, server, about in SCRIPTS:
        for six in (False, True):
            t = Script(34500, six, server)
            script(t)
            yield {"name": f"packetdrill-{script.__name__.replace('_', '-')}-ipv{6 if six else 4}", "about": about, "packets": t}
