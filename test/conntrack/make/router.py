"""A router in a network namespace, the senders of its two interfaces in another; what netfilter makes of each packet.

eth0 is 10.0.0.1/24 and 2001:db8::1/64, eth1 10.0.1.1/24 and 2001:db8:1::1/64; neighbours are not asked for. For
captures of the corpus it has addresses that none of them uses, and everything goes out by eth1.
"""
import ctypes, os, re, select, socket, struct, subprocess, time
import netlink
from packet import GRE, ICMP, ICMPV6, SCTP, TCP, UDP, UDPLITE

libc = ctypes.CDLL(None, use_errno=True)
PEER_MAC = "02:00:00:00:00:99"
MACS = ("02:00:00:00:00:01", "02:00:00:00:01:01")

# One record a fact, the last one ends the packet; behind conntrack (-200), before mangle (-150).
LOG = """
table inet recorder {
  chain seen { type filter hook prerouting priority -175;
    STATE
    ct direction reply log group 1 snaplen 1 prefix "r"
    ct status expected log group 1 snaplen 1 prefix "e"
    ct status seen-reply log group 1 snaplen 1 prefix "s"
    ct status assured log group 1 snaplen 1 prefix "a"
    ct status confirmed log group 1 snaplen 1 prefix "c"
    ct status dying log group 1 snaplen 1 prefix "d"
    log group 1 prefix "."
  }
  chain sent { type filter hook output priority -500; drop; }
}
""".replace("STATE", "\n    ".join(
    f'ct state {name} log group 1 snaplen 1 prefix "{letter}"'
    for name, letter in (("new", "N"), ("established", "E"), ("related", "R"), ("invalid", "I"), ("untracked", "U"))))


def enter(name):
    with open(f"/run/netns/{name}") as file:
        if libc.setns(file.fileno(), 0x40000000) != 0:
            raise OSError(ctypes.get_errno(), "setns")


def run(*words, text=None):
    done = subprocess.run(words, input=text, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(words)}: {done.stderr}")
    return done.stdout


def ethernet(packet, side, peer=PEER_MAC):
    mac = lambda text: bytes.fromhex(text.replace(":", ""))
    kind = b"\x86\xdd" if packet[:1] and packet[0] >> 4 == 6 else b"\x08\x00"
    return mac(MACS[side]) + mac(peer) + kind + packet


OWN = {  # addresses of eth0 and eth1
    "own": (("10.0.0.1/24", "2001:db8::1/64"), ("10.0.1.1/24", "2001:db8:1::1/64")),
    "corpus": (("198.18.0.1/24", "2001:2::1/64"), ("198.18.1.1/24", "2001:2:0:1::1/64")),
}


class Router:
    def __init__(self, kind="own", wait_s=0.004):
        self.kind, self.wait_s = kind, wait_s
        self.host, self.sink = (f"wasmtables-{os.getpid()}-{one}" for one in ("router", "ends"))
        self.home = open("/proc/self/ns/net")
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

    def __enter__(self):
        for name in (self.host, self.sink):
            run("ip", "netns", "add", name)
        inside = self.inside
        run("ip", "netns", "exec", self.sink, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1")
        inside("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1",
               "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0",
               "net.ipv6.conf.default.accept_dad=0", "net.ipv6.conf.default.router_solicitations=0",
               "net.ipv6.conf.all.mldv2_unsolicited_report_interval=0", "net.netfilter.nf_conntrack_acct=1",
               "net.netfilter.nf_conntrack_log_invalid=255",
               "net.netfilter.nf_log.2=nfnetlink_log", "net.netfilter.nf_log.10=nfnetlink_log")
        inside("ip", "link", "set", "lo", "up")
        for side in (0, 1):
            name, (four, six) = f"eth{side}", OWN[self.kind][side]
            inside("ip", "link", "add", name, "address", MACS[side], "type", "veth", "peer", "name", f"p{side}",
                   "netns", self.sink)
            run("ip", "-n", self.sink, "link", "set", f"p{side}", "mtu", "65535", "arp", "off", "up")
            inside("ip", "link", "set", name, "arp", "off", "mtu", "65535", "up")
            inside("ip", "address", "add", four, "brd", "+", "dev", name)
            inside("ip", "address", "add", six, "dev", name, "nodad")
        if self.kind == "corpus":
            inside("ip", "route", "add", "default", "dev", "eth1")
            inside("ip", "-6", "route", "add", "default", "dev", "eth1")
        run("ip", "netns", "exec", self.host, "nft", "-f", "-", text=LOG)
        self.attach()
        time.sleep(0.3)
        return self

    def inside(self, *words):
        return run("ip", "netns", "exec", self.host, *words)

    def attach(self):
        enter(self.sink)
        self.ends = []
        for side in (0, 1):
            end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
            end.setsockopt(socket.SOL_SOCKET, 33, 1 << 23)
            end.bind((f"p{side}", 3))
            self.ends.append(end)
        enter(self.host)
        self.log, self.events, self.entries = netlink.PacketLog(1), netlink.Events(), netlink.Entries()
        self.invalid = netlink.PacketLog(0)
        libc.setns(self.home.fileno(), 0x40000000)

    def __exit__(self, *_):
        for name in (self.host, self.sink):
            subprocess.run(["ip", "netns", "delete", name])

    def forwarded(self):
        """Lengths of the frames that came out since last asked."""
        found = []
        for end in self.ends:
            while True:
                try:
                    frame, address = end.recvfrom(1 << 16, socket.MSG_DONTWAIT)
                except BlockingIOError:
                    break
                if address[2] != 4:  # not our own
                    found.append(len(frame))
        return found

    def settle(self):
        """Forgets what has been said so far."""
        list(self.log.records())
        list(self.invalid.records())
        self.events.letters()
        self.forwarded()

    def observe(self):
        """Letters of the packet, packet as seen; ("-", b"") where none came to PREROUTING."""
        letters, found = "", None
        for attempt in (0, 1):
            for prefix, packet in self.log.records():
                if prefix == ".":
                    if found is not None:
                        raise SystemExit("one frame made two packets")
                    found = packet
                else:
                    letters += prefix
            if found is not None:
                return letters, found
            if attempt == 0:
                select.select([self.log.socket], [], [], self.wait_s)
        return "-", b""

    def entry(self, packet, zone=0):
        """The entry of a packet as text, `status,timeout[,state,scales,flags]`; empty where none is found."""
        found = tuple_of(packet)
        if found is None:
            return ""
        got = self.entries.get(*found, zone=zone)
        if got is None:
            return ""
        number = lambda data: int.from_bytes(data, "big")
        # Hash and id bits beside those that iptables and conntrack show are the same for every run.
        text = f"{number(got.get(3, b'')):x},{number(got.get(7, b''))}"
        info = netlink.attributes(got.get(4, b""))
        if 1 in info:
            tcp = netlink.attributes(info[1])
            text += f",{tcp[1][0]:x},{tcp[2][0]:x}{tcp[3][0]:x},{tcp[4][0]:x},{tcp[5][0]:x}"
        elif 3 in info:
            text += f",{netlink.attributes(info[3])[1][0]:x}"
        return text

    def reason(self):
        """What the kernel logs of an INVALID packet, and of some that it lets pass; empty where nothing."""
        return "; ".join(prefix for prefix, _ in self.invalid.records())

    def table(self):
        lines = []
        for family in ("ipv4", "ipv6"):
            lines += self.inside("conntrack", "-L", "-o", "extended", "-f", family).splitlines()
        return lines


def tuple_of(packet):
    """(six, source, destination, protocol, first, second, icmp) of a packet that is no fragment, else None."""
    if len(packet) < 20:
        return None
    six = packet[0] >> 4 == 6
    if six:
        if len(packet) < 40:
            return None
        protocol, at = packet[6], 40
        while protocol in (0, 43, 60) and at + 8 <= len(packet):
            protocol, at = packet[at], at + 8 + packet[at + 1] * 8
        if protocol == 44:
            return None
        source, destination = packet[8:24], packet[24:40]
    else:
        if int.from_bytes(packet[6:8], "big") & 0x3FFF:
            return None
        protocol, at = packet[9], (packet[0] & 15) * 4
        source, destination = packet[12:16], packet[16:20]
    first = second = icmp = None
    if protocol in (TCP, UDP, UDPLITE, SCTP):
        if len(packet) < at + 4:
            return None
        first, second = struct.unpack_from(">HH", packet, at)
    elif protocol == ICMP and not six or protocol == ICMPV6 and six:
        if len(packet) < at + 8:
            return None
        kind = packet[at]
        if kind not in ((128, 129, 139, 140) if six else (0, 8, 13, 14, 15, 16, 17, 18)):
            return None
        icmp = (kind, packet[at + 1], int.from_bytes(packet[at + 4:at + 6], "big"))
    elif protocol == GRE:
        if len(packet) < at + 8:
            return None
        word = int.from_bytes(packet[at:at + 2], "big")
        first, second = (0, int.from_bytes(packet[at + 6:at + 8], "big")) if word & 7 == 1 else (0, 0)
    return six, source, destination, protocol, first, second, icmp
