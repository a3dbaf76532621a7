"""A router in a network namespace whose connection tracking is asked packet by packet: what it did and expects.

Frames go in at one veth's far end and come out at the other's; a mangle rule writes the packet's ctstate into its TOS
byte, so that the frame that comes out tells it. Expectations are read from ctnetlink after each packet.
"""
import ctypes, os, socket, struct, subprocess, time

LIBC = ctypes.CDLL('libc.so.6', use_errno=True)
ROUTER, PEER = f'wthr{os.getpid()}', f'wthp{os.getpid()}'
MAC = {'client': '02:00:00:00:00:01', 'server': '02:00:00:00:00:02'}
FAR = {'client': '02:00:00:00:01:01', 'server': '02:00:00:00:01:02'}
STATES = {'NEW': 0x04, 'ESTABLISHED': 0x08, 'RELATED': 0x0c, 'INVALID': 0x10, 'UNTRACKED': 0x18}
NETS = {'client': ('10.0.0.1/24', 'fd00:a::1/64'), 'server': ('192.168.7.1/24', 'fd00:b::1/64')}
OWN = NETS['client'][0].split('/')[0]
NEIGHBOURS = {'client': ['10.0.0.2', '10.0.0.3', 'fd00:a::2', 'fd00:a::3'],
              'server': ['192.168.7.2', '192.168.7.3', 'fd00:b::2', 'fd00:b::3']}


def run(*argv, **kw):
    return subprocess.run(argv, check=True, capture_output=True, text=True, **kw).stdout


def inside(ns, *argv, **kw):
    return run('ip', 'netns', 'exec', ns, *argv, **kw)


def enter(ns):
    with open(f'/var/run/netns/{ns}') as f:
        if LIBC.setns(f.fileno(), 0) != 0:
            raise OSError(ctypes.get_errno(), 'setns')


class Router:
    def __init__(self):
        os.sched_setaffinity(0, {0})
        run('ip', 'netns', 'add', ROUTER)
        run('ip', 'netns', 'add', PEER)
        inside(PEER, 'sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1', 'net.ipv6.conf.default.disable_ipv6=1')
        inside(ROUTER, 'sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1',
               'net.ipv6.conf.default.accept_dad=0', 'net.ipv4.conf.all.rp_filter=0', 'net.ipv4.conf.default.rp_filter=0')
        for side in ('client', 'server'):
            run('ip', 'link', 'add', side, 'netns', ROUTER, 'type', 'veth', 'peer', 'name', side, 'netns', PEER)
            inside(ROUTER, 'ip', 'link', 'set', side, 'address', MAC[side], 'up')
            inside(PEER, 'ip', 'link', 'set', side, 'address', FAR[side], 'up')
            inside(PEER, 'ethtool', '-K', side, 'tx', 'off')
            inside(ROUTER, 'ethtool', '-K', side, 'tx', 'off', 'gro', 'off', 'gso', 'off', 'tso', 'off')
            for address in NETS[side]:
                inside(ROUTER, 'ip', 'address', 'add', address, 'dev', side, *(['nodad'] if ':' in address else ['broadcast', '+']))
            for neighbour in NEIGHBOURS[side]:
                inside(ROUTER, 'ip', 'neigh', 'add', neighbour, 'lladdr', FAR[side], 'dev', side, 'nud', 'permanent')
        for tool in ('iptables', 'ip6tables'):
            for state, tos in STATES.items():
                for chain in ('POSTROUTING', 'INPUT'):
                    inside(ROUTER, tool, '-t', 'mangle', '-A', chain, '-m', 'conntrack', '--ctstate', state,
                           '-j', 'TOS', '--set-tos', hex(tos))
        home = os.open('/proc/self/ns/net', os.O_RDONLY)
        enter(PEER)
        self.sockets = {}
        for side in ('client', 'server'):
            s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
            s.bind((side, 3))
            self.sockets[side] = s
        enter(ROUTER)
        self.netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
        self.netlink.bind((0, 0))
        self.own = {}
        for port in (137, 500, 501):
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            s.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
            s.bind((OWN, port))
            self.own[port] = s
        LIBC.setns(home, 0)
        os.close(home)

    def close(self):
        for ns in (ROUTER, PEER):
            subprocess.run(['ip', 'netns', 'del', ns])

    def helper(self, name, proto):
        """Attaches `name` to every new connection of `proto`; says for which families the kernel allows it."""
        families = []
        for family, tool in ((4, 'iptables'), (6, 'ip6tables')):
            inside(ROUTER, tool, '-t', 'raw', '-F')
            try:
                for chain in ('PREROUTING', 'OUTPUT'):
                    inside(ROUTER, tool, '-t', 'raw', '-A', chain, '-p', proto, '-j', 'CT', '--helper', name)
                families.append(family)
            except subprocess.CalledProcessError:
                pass
        return families

    def flush(self):
        inside(ROUTER, 'conntrack', '-F')
        inside(ROUTER, 'conntrack', '-F', 'expect')
        for s in (*self.sockets.values(), *self.own.values()):
            drain(s)

    def send(self, side, packet):
        """Ctstate of the packet where it came out; None when it did not."""
        other = 'server' if side == 'client' else 'client'
        v4 = packet[0] >> 4 == 4
        drain(self.sockets[other])
        mac = lambda text: bytes(int(x, 16) for x in text.split(':'))
        frame = mac(MAC[side]) + mac(FAR[side]) + (b'\x08\x00' if v4 else b'\x86\xdd') + packet
        self.sockets[side].send(frame)
        if v4 and packet[16:20] == socket.inet_aton(OWN):
            return self.hear(struct.unpack_from('>H', packet, 22)[0])
        s = self.sockets[other]
        s.settimeout(0.05)
        while True:
            try:
                out = s.recv(70000)
            except TimeoutError:
                return None
            if out[6:12] != mac(MAC[other]) or out[12:14] != frame[12:14]:
                continue
            if v4 and out[14 + 9] != packet[9] or not v4 and out[14 + 6] != packet[6]:
                continue
            tos = out[15] if v4 else (out[14] & 15) << 4 | out[15] >> 4
            for state, value in STATES.items():
                if tos & 0xfc == value:
                    return state
            return 'none'

    def say(self, port, destination, dport, payload):
        """The router itself sends a datagram: the packet and its ctstate."""
        side = self.sockets['client' if destination.startswith(('10.', '255.')) else 'server']
        drain(side)
        self.own[port].sendto(payload, (destination, dport))
        side.settimeout(0.05)
        packet = side.recv(70000)[14:]
        return packet, next((state for state, value in STATES.items() if packet[1] & 0xfc == value), 'none')

    def hear(self, port):
        """Ctstate of what the router's own socket has received."""
        self.own[port].settimeout(0.05)
        try:
            _, ancillary, _, _ = self.own[port].recvmsg(2000, 100)
        except TimeoutError:
            return None
        tos = ancillary[0][2][0]
        return next((state for state, value in STATES.items() if tos & 0xfc == value), 'none')

    def entries(self):
        lines = []
        for family in ('ipv4', 'ipv6'):
            for line in inside(ROUTER, 'conntrack', '-L', '-f', family, '-o', 'extended').splitlines():
                lines.append(' '.join(line.split()))
        return lines

    def expectations(self):
        """Newest first as the kernel lists them is not certain: sorted."""
        found = []
        for family in (socket.AF_INET, socket.AF_INET6):
            body = struct.pack('BBH', family, 0, 0)
            self.netlink.send(struct.pack('IHHII', 16 + len(body), 2 << 8 | 1, 0x301, 1, 0) + body)
            done = False
            while not done:
                data = self.netlink.recv(65536)
                at = 0
                while at < len(data):
                    length, kind, _, _, _ = struct.unpack_from('IHHII', data, at)
                    if kind == 3:
                        done = True
                        break
                    if kind == 2:
                        raise OSError('ctnetlink answers with an error')
                    if data[at + 16] == family:
                        found.append(expectation(data[at + 20:at + length]))
                    at += length + 3 & ~3
        return sorted(found)


def drain(s):
    s.settimeout(0)
    try:
        while True:
            s.recv(70000)
    except (BlockingIOError, TimeoutError):
        pass


def attributes(data):
    found = {}
    at = 0
    while at + 4 <= len(data):
        length, kind = struct.unpack_from('HH', data, at)
        if length < 4:
            break
        found[kind & 0x3fff] = data[at + 4:at + length]
        at += length + 3 & ~3
    return found


def tuple_of(data):
    parts = attributes(data)
    ip = attributes(parts[1])
    proto = attributes(parts.get(2, b''))
    text = lambda raw: socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)
    port = lambda key: struct.unpack('>H', proto[key])[0] if key in proto else 0
    source = ip.get(1, ip.get(3))
    destination = ip.get(2, ip.get(4))
    return (text(source) if source else '-', text(destination) if destination else '-',
            proto.get(1, b'\0')[0], port(2), port(3))


def expectation(data):
    a = attributes(data)
    source, destination, proto, sport, dport = tuple_of(a[2])
    mask, _, _, sport_mask, _ = tuple_of(a[3])
    master = tuple_of(a[1])
    number = lambda key: struct.unpack('>I', a[key])[0] if key in a else 0
    name = a[6].rstrip(b'\0').decode() if 6 in a else '-'
    function = a[11].rstrip(b'\0').decode() if 11 in a else '-'
    return (f'{source}/{mask} {destination} {proto} {sport}/{sport_mask} {dport} timeout={number(4)} class={number(9)} '
            f'flags={number(8)} helper={name} fn={function} master={master[3]}>{master[4]}')
