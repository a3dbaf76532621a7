"""TCP sequences at random, by seed: two ends that mostly follow the protocol, and what may go wrong between them.

Each sequence is a connection (or several, one after another) between ports of its own; a scenario interleaves some of
them. Packets may be late, lost before or behind the router, sent again, overlapping, out of the window, or nonsense.
"""
import random
import packet as p
from packet import ACK, CWR, ECE, FIN, PSH, RST, SYN, URG

CLIENTS = ("10.0.0.9", "2001:db8::9")
SERVERS = ("10.0.1.9", "2001:db8:1::9")


class End:
    def __init__(self, dice, side, address, port):
        self.side, self.address, self.port = side, address, port
        self.fresh(dice)

    def fresh(self, dice):
        self.isn = dice.choice([dice.getrandbits(32), dice.getrandbits(32), 0xFFFFFFF0, 0, 0x7FFFFFF8])
        self.next = self.isn  # the next number to send
        self.acked = self.isn  # what the other end has acknowledged, as far as this end knows
        self.expects = 0  # the next number this end has not got
        self.scale = dice.choice([None, 0, 0, 1, 3, 7, 14, 15])
        self.sack = dice.random() < 0.5
        self.stamps = dice.random() < 0.3
        self.window = dice.choice([20, 64, 100, 500, 8000, 65535])
        self.history = []  # (seq, flags, payload) of what was sent


class Sequence:
    """Calls `emit(side, packet)` for what arrives at the router."""

    def __init__(self, dice, port, six, emit):
        self.dice, self.emit = dice, emit
        self.a = End(dice, 0, CLIENTS[six], port)
        self.b = End(dice, 1, SERVERS[six], dice.choice([80, 443, 9000]))
        self.up = False
        self.late = []
        self.ident = 0

    def other(self, end):
        return self.b if end is self.a else self.a

    def options(self, end, syn, sacks=()):
        dice, text = self.dice, b""
        if syn:
            if dice.random() < 0.7:
                text += b"\2\4\5\xb4"
            if end.sack:
                text += b"\4\2"
            if end.scale is not None:
                text += b"\1\3\3" + bytes([end.scale])
        if end.stamps:
            text += b"\1\1\x08\x0a" + self.ident.to_bytes(4, "big") + bytes(4)
        if sacks:
            text += b"\1\1\5" + bytes([2 + 8 * len(sacks)])
            for left, right in sacks:
                text += (left & 0xFFFFFFFF).to_bytes(4, "big") + (right & 0xFFFFFFFF).to_bytes(4, "big")
        return text

    def raw(self, end, seq, ack, flags, payload=b"", window=None, sacks=(), syn_options=None, **more):
        """Sends exactly this; neither end learns of it."""
        self.ident += 1
        syn = flags & SYN if syn_options is None else syn_options
        to = self.other(end)
        options = more.pop("options", None)
        if options is None:
            options = self.options(end, syn, sacks)
        data = p.tcp(end.address, to.address, end.port, to.port, seq, ack, flags, end.window if window is None else window,
                     options, payload, ident=self.ident, **more)
        self.emit(end.side, data)

    def send(self, end, flags, payload=b"", lost=None, **more):
        """The next packet of an end. `lost`: None for none, "before" or "behind" the router."""
        seq, to = end.next, self.other(end)
        taken = len(payload) + (1 if flags & SYN else 0) + (1 if flags & FIN else 0)
        end.history.append((seq, flags, payload))
        end.next = seq + taken & 0xFFFFFFFF
        if lost is None and self.dice.random() < 0.06:
            lost = self.dice.choice(["before", "behind"])
        if lost != "before":
            ack = end.expects if flags & ACK else 0
            if self.dice.random() < 0.06 and not flags & SYN:
                # Sent now, comes later.
                self.late.append((end, seq, ack, flags, payload, more))
            else:
                self.raw(end, seq, ack, flags, payload, **more)
        if lost is None:
            if flags & SYN:
                to.expects = end.next
            elif to.expects == seq:
                to.expects = end.next
            if flags & ACK:
                to.acked = end.expects

    def arrive_late(self, all_of_them=False):
        while self.late and (all_of_them or self.dice.random() < 0.5):
            end, seq, ack, flags, payload, more = self.late.pop(0)
            self.raw(end, seq, ack, flags, payload, **more)

    def again(self, end, overlap=False):
        if not end.history:
            return
        seq, flags, payload = self.dice.choice(end.history[-4:])
        if overlap and payload:
            shift = self.dice.randrange(-len(payload), len(payload))
            seq = seq + shift & 0xFFFFFFFF
            payload += b"o" * self.dice.randrange(4)
        self.raw(end, seq, end.expects if flags & ACK else 0, flags, payload)
        if self.other(end).expects == seq:
            self.other(end).expects = seq + len(payload) + (1 if flags & (SYN | FIN) else 0) & 0xFFFFFFFF

    # Parts of a connection's life.

    def handshake(self):
        dice, a, b = self.dice, self.a, self.b
        self.send(a, SYN | (dice.choice([0, 0, 0, ECE | CWR, PSH, URG])), b"x" * dice.choice([0, 0, 0, 0, 3]))
        if dice.random() < 0.15:
            self.again(a)
        if dice.random() < 0.06:
            self.raw(b, b.isn, a.next + dice.choice([7, -9]), SYN | ACK)  # a wrong acknowledgement
        if dice.random() < 0.05:
            self.raw(a, a.next, dice.getrandbits(32), ACK)
        b.expects = a.next
        self.send(b, SYN | ACK | dice.choice([0, 0, 0, ECE]))
        if dice.random() < 0.15:
            self.again(dice.choice([a, b]))
        a.expects = b.next
        self.send(a, ACK, b"y" * dice.choice([0, 0, 0, 5]))
        self.up = True

    def simultaneous(self):
        dice, a, b = self.dice, self.a, self.b
        first, second = (a, b) if dice.random() < 0.8 else (b, a)
        self.send(first, SYN)
        self.send(second, SYN)
        first.expects, second.expects = second.next, first.next
        order = [first, second]
        dice.shuffle(order)
        for end in order:
            self.raw(end, end.isn, end.expects, SYN | ACK)
            if dice.random() < 0.3:
                break
        for end in order[::dice.choice([1, -1])]:
            if dice.random() < 0.8:
                self.send(end, ACK)
        self.up = True

    def midstream(self):
        dice = self.dice
        self.a.expects, self.b.expects = self.b.next, self.a.next
        end = dice.choice([self.a, self.a, self.b])
        flags = dice.choice([ACK, ACK, PSH | ACK, SYN | ACK, FIN | ACK, RST, RST | ACK, FIN, PSH, 0])
        self.send(end, flags, b"m" * dice.choice([0, 3]))
        self.up = True

    def talk(self):
        dice = self.dice
        end = dice.choice([self.a, self.b])
        to = self.other(end)
        roll = dice.random()
        if roll < 0.45:
            self.send(end, dice.choice([ACK, PSH | ACK]), b"d" * dice.choice([1, 7, 19, 19, 40]))
            if dice.random() < 0.7:
                self.send(to, ACK)
        elif roll < 0.60:
            self.send(end, ACK)
        elif roll < 0.68:
            self.again(end)
        elif roll < 0.72:
            self.again(end, overlap=True)
        elif roll < 0.75:
            self.raw(end, end.next - 1, end.expects, ACK)  # keep alive
        elif roll < 0.78:
            end.window = dice.choice([0, 1, 20, 64, 500, 65535])
            self.send(end, ACK)
        elif roll < 0.82:
            left = end.expects + dice.randrange(1, 20)
            blocks = [(left, left + 10)]
            if dice.random() < 0.3:
                blocks.append((left + 20, left + dice.choice([25, 90000])))
            self.raw(end, end.next, end.expects, ACK, sacks=blocks)
        elif roll < 0.90:
            self.astray(end)
        elif roll < 0.94:
            self.odd_flags(end)
        elif roll < 0.97:
            self.odd_options(end)
        else:
            # A SYN within a connection, perhaps with the challenge that answers it.
            old_next = end.next
            self.raw(end, dice.choice([end.next, end.next - 1, dice.getrandbits(32)]), 0, SYN)
            if dice.random() < 0.6:
                self.send(to, ACK)
                if dice.random() < 0.7:
                    self.raw(end, dice.choice([to.acked, end.next, 0]), 0, RST)
            end.next = old_next

    def astray(self, end):
        """Sequence and acknowledgement numbers at and beyond the window's edges."""
        dice, to = self.dice, self.other(end)
        window = to.window << (min(to.scale, 14) if to.scale is not None and end.scale is not None else 0)
        edge = dice.choice([0, 0, window, window, -window, -max(window, 66000), dice.getrandbits(32)])
        seq = end.next + edge + dice.choice([-2, -1, 0, 1, 2, 30, -30])
        # MAXACKWINDOW is 66,000 or the largest window.
        ack = end.expects + dice.choice([0, 0, 0, 1, 2, 50, -1, -50, -65999, -66001, -70000, dice.getrandbits(31)])
        self.raw(end, seq, ack, dice.choice([ACK, ACK, PSH | ACK, FIN | ACK]), b"w" * dice.choice([0, 1, 10]))

    def odd_flags(self, end):
        dice = self.dice
        flags = dice.choice([0, FIN, SYN | FIN, SYN | RST, FIN | PSH | URG, 63, 255, PSH, URG, PSH | URG, ACK | URG,
                             SYN | PSH, SYN | URG, SYN | ECE | CWR, FIN | RST, RST | PSH, ACK | ECE, ACK | CWR | PSH,
                             SYN | ACK | FIN, SYN | ACK | RST, SYN | ACK | PSH, FIN | URG | ACK, RST | URG])
        self.raw(end, end.next, end.expects, flags, urgent=dice.choice([0, 1]))

    def odd_options(self, end):
        dice, total = self.dice, 0
        roll = dice.randrange(8)
        choices = [
            {"options": b"\3\3\7\0"}, {"options": b"\5\xff\0\0"}, {"options": b"\x08\0\0\0"}, {"options": b"\5\2\0\0"},
            {"wrong": True}, {"doff": 4}, {"doff": 15}, {"options": b"\5\x0a" + bytes(8) + b"\0\3"},
        ]
        self.raw(end, end.next, end.expects, ACK, b"z" * dice.choice([0, 4]), **choices[roll])

    def reset(self):
        dice = self.dice
        end = dice.choice([self.a, self.b])
        to = self.other(end)
        exact = to.acked if dice.random() < 0.2 else end.next
        seq = exact + dice.choice([0, 0, 0, 1, -1, 10, 19, to.window - 1, to.window, to.window + 1, -70000, 1 << 30])
        self.raw(end, seq, end.expects, dice.choice([RST, RST | ACK]))
        if dice.random() < 0.3:
            self.raw(end, end.next, end.expects, RST)

    def close(self):
        dice = self.dice
        first = dice.choice([self.a, self.b])
        second = self.other(first)
        steps = [(first, FIN | ACK), (second, ACK), (second, FIN | ACK), (first, ACK)]
        if dice.random() < 0.2:
            steps = [(first, FIN | ACK), (second, FIN | ACK), (first, ACK), (second, ACK)]
        if dice.random() < 0.3:
            steps.insert(2, (second, PSH | ACK))
        if dice.random() < 0.2:
            steps = steps[:dice.randrange(1, len(steps))]
        for end, flags in steps:
            self.send(end, flags, b"f" * 6 if flags & PSH else b"")
            if dice.random() < 0.1:
                self.again(end)
            if dice.random() < 0.05:
                self.astray(dice.choice([first, second]))

    def reuse(self):
        """The same ports again, with sequence numbers above or below those before."""
        dice, a, b = self.dice, self.a, self.b
        before = a.next, b.next
        if dice.random() < 0.15:
            self.a, self.b = b, a  # the server's end opens
            a, b = self.a, self.b
        for end in (a, b):
            last = end.next
            end.fresh(dice)
            if dice.random() < 0.6:
                end.isn = end.next = end.acked = last + dice.choice([1, 1000, 100000, -1000, -100000]) & 0xFFFFFFFF
        if dice.random() < 0.15:
            # An old SYN/ACK or ACK of the life before.
            self.raw(b, before[1], before[0], dice.choice([SYN | ACK, ACK]))
        self.handshake()

    def nonsense(self):
        dice, end = self.dice, self.dice.choice([self.a, self.b])
        base = dice.choice([end.isn, end.next, end.acked])
        self.raw(end, base + dice.choice([0, 0, 1, 5, -5]), end.expects + dice.choice([0, 0, 1, -1]),
                 dice.choice([SYN, SYN, SYN | ACK, SYN | ACK, ACK, ACK, FIN | ACK, RST, RST | ACK, PSH | ACK]),
                 b"n" * dice.choice([0, 0, 4]))

    def life(self):
        """Yields after every step, so that sequences can be interleaved."""
        dice = self.dice
        roll = dice.random()
        if roll < 0.15:
            for _ in range(dice.randrange(6, 20)):
                self.nonsense()
                yield
            return
        if roll < 0.25:
            self.simultaneous()
        elif roll < 0.40:
            self.midstream()
        elif roll < 0.46:
            self.send(self.a, SYN)
            self.raw(self.b, 0, self.a.next, dice.choice([RST | ACK, RST]))
            if dice.random() < 0.5:
                self.raw(self.a, self.a.next, 0, RST)
            yield
            self.handshake()
        else:
            self.handshake()
        yield
        for _ in range(dice.randrange(2, 9)):
            self.talk()
            self.arrive_late()
            yield
        if dice.random() < 0.35:
            self.reset()
            yield
            for _ in range(dice.randrange(3)):
                self.talk()
                yield
        else:
            self.close()
            yield
        self.arrive_late(all_of_them=True)
        if dice.random() < 0.6:
            self.reuse()
            yield
            for _ in range(dice.randrange(4)):
                self.talk()
                yield
            if dice.random() < 0.5:
                self.close()
        self.arrive_late(all_of_them=True)


def interleaved(seed, sequences, pauses=()):
    """Packets of some sequences, taken in turns at random; `pauses` are (share of the way, seconds)."""
    dice = random.Random(seed)
    packets = []
    emit = lambda side, data: packets.append([0, side, data])
    lives = [Sequence(dice, 10000 + number, dice.random() < 0.25, emit).life() for number in range(sequences)]
    steps, pending = 0, list(pauses)
    while lives:
        life = dice.choice(lives[:5])
        if next(life, life) is life:
            lives.remove(life)
        steps += 1
    total = len(packets)
    for share, seconds in pending:
        packets[min(total - 1, int(share * total))][0] += seconds
    return packets


T = "net.netfilter.nf_conntrack_tcp_"
TIMEOUTS = {T + "timeout_" + name: str(seconds) for name, seconds in (
    ("syn_sent", 2), ("syn_recv", 3), ("established", 4), ("fin_wait", 2), ("close_wait", 3), ("last_ack", 2),
    ("time_wait", 3), ("close", 1), ("max_retrans", 2), ("unacknowledged", 3))}
VARIANTS = (
    ("default", {}, 14),
    ("liberal", {T + "be_liberal": "1"}, 3),
    ("not-loose", {T + "loose": "0"}, 3),
    ("invalid-rst-ignored", {T + "ignore_invalid_rst": "1"}, 2),
    ("one-retransmission", {T + "max_retrans": "1"}, 2),
    ("no-retransmission", {T + "max_retrans": "0"}, 1),
    ("checksums-trusted", {"net.netfilter.nf_conntrack_checksum": "0"}, 1),
    ("short-timeouts", TIMEOUTS, 4),
)


def scenarios():
    seed = 0
    for name, sysctls, count in VARIANTS:
        pauses = [(share / 8, 0.7 if share & 1 else 1.5) for share in range(1, 8)] if name == "short-timeouts" else ()
        for number in range(1, count + 1):
            seed += 1
            yield {"name": f"tcp-{name}-{number}", "seed": seed, "sysctls": sysctls, "watch": number == 1,
                   "packets": interleaved(seed, 10, pauses)}
