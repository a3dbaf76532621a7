"""Records what Linux does with packets before and between the hooks: test/path/linux.jsonl.

Needs root, iproute2, iptables-legacy; works in network namespaces of its own, which it deletes.
Usage: python3 test/path/record.py [PACKETS [SEED]] > test/path/linux.jsonl
"""
import ctypes, json, os, random, re, socket, struct, subprocess, sys, time

A, B = f"wasmtables-path-{os.getpid()}-a", f"wasmtables-path-{os.getpid()}-b"
libc = ctypes.CDLL(None, use_errno=True)


def sh(command, check=True, ns=A):
    done = subprocess.run(["ip", "netns", "exec", ns, "sh", "-c", command], capture_output=True, text=True)
    if check and done.returncode != 0:
        sys.exit(f"{command}: {done.stderr}")
    return done.stdout


def enter(name):
    with open(f"/run/netns/{name}") as file:
        if libc.setns(file.fileno(), 0x40000000) != 0:
            sys.exit("setns failed")


MAC = {"eth0": "02:00:00:00:00:01", "eth1": "02:00:00:00:01:01", "peer": "02:00:00:00:00:99"}


def build():
    for name in (A, B):
        subprocess.run(["ip", "netns", "add", name], check=True)
    sh("ip link set lo up")
    for n in "01":
        sh(f"ip link add eth{n} address {MAC['eth' + n]} type veth peer name p{n} netns {B}")
        sh(f"echo 1 > /proc/sys/net/ipv6/conf/p{n}/disable_ipv6; ip link set p{n} arp off up", ns=B)
        sh(f"echo 0 > /proc/sys/net/ipv6/conf/eth{n}/accept_dad; echo 0 > /proc/sys/net/ipv6/conf/eth{n}/router_solicitations")
        sh(f"ip link set eth{n} arp off up; ip address add 10.{n}.0.1/24 brd + dev eth{n}; ip address add 2001:db8:{n}::1/64 dev eth{n} nodad")
    sh("ip link set eth1 mtu 1400; ip address add 10.7.0.1 peer 10.7.0.2/32 dev eth1; ip address add 10.0.0.5/24 dev eth0")
    for command in """
        route add default via 10.0.0.254
        route add 192.0.2.0/24 via 10.1.0.2
        route add 192.0.2.128/25 via 10.1.0.2 mtu 1300
        route add 192.0.2.64/26 via 10.0.0.2 tos 0x10
        route add blackhole 198.51.100.0/26
        route add unreachable 198.51.100.64/26
        route add prohibit 198.51.100.128/26
        route add throw 198.51.100.192/26
        route add local 203.0.113.0/25 dev lo
        route add 203.0.113.64/26 via 10.1.0.2
        route add 100.64.0.0/10 nexthop via 10.1.0.2 nexthop via 10.1.0.3
        route add 172.16.0.0/12 via 10.1.0.2 table 100
        route add default via 10.1.0.9 table 100
        route add 5.0.0.0/8 via 10.1.0.2 table 253
        -6 route add default via 2001:db8:0::254
        -6 route add 2001:db8:100::/48 via 2001:db8:1::2
        -6 route add blackhole 2001:db8:200::/48
        -6 route add unreachable 2001:db8:201::/48
        -6 route add prohibit 2001:db8:202::/48
        -6 route add throw 2001:db8:203::/48
        -6 route add local 2001:db8:204::/64 dev lo
        -6 route add 2001:db8:300::/48 from 2001:db8:0::/64 via 2001:db8:1::2
        -6 route add 2001:db8:400::/48 dev eth0 metric 10
        -6 route append 2001:db8:400::/48 dev eth1 metric 10
        -6 route add default via 2001:db8:1::9 table 100
    """.strip().splitlines():
        sh("ip " + command.strip())
    for ip in ("iptables-legacy", "ip6tables-legacy"):
        match = "ttl --ttl-eq" if ip[2] == "t" else "hl --hl-eq"
        sh(f"{ip} -w -t raw -A PREROUTING -m {match} 77 -j MARK --set-mark 0x10")
        for chain in ("PREROUTING", "INPUT", "FORWARD"):
            sh(f"{ip} -w -t mangle -A {chain} -o eth0 -j ACCEPT" if chain == "FORWARD" else "true")
            sh(f"{ip} -w -t mangle -A {chain} -o eth1 -j ACCEPT" if chain == "FORWARD" else "true")
        sh(f"{ip} -w -t mangle -A OUTPUT -j DROP")
        sh(f"{ip} -w -t mangle -A POSTROUTING -j DROP")
    time.sleep(0.5)


def counters(six):
    text = sh(("ip6" if six else "ip") + "tables-legacy-save -c -t mangle")
    number = lambda pattern: int(re.search(pattern, text).group(1))
    out0 = number(r"\[(\d+):\d+\] -A FORWARD -o eth0")
    out1 = number(r"\[(\d+):\d+\] -A FORWARD -o eth1")
    pre = number(r":PREROUTING ACCEPT \[(\d+)")
    inp = number(r":INPUT ACCEPT \[(\d+)")
    other = number(r":FORWARD ACCEPT \[(\d+)")
    return pre, inp, out0, out1, other


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def frame(p):
    payload = p.get("length", 60)
    if ":" in p["source"]:
        ext = bytes.fromhex(p.get("extension", ""))
        body = ext + struct.pack(">HHHH", p.get("sport", 1000), p.get("dport", 9), max(8, payload - 40 - len(ext)), 1)
        body += bytes(max(0, payload - 40 - len(body)))
        first = 0 if ext else 17
        ip = struct.pack(">IHBB", 6 << 28 | p.get("tos", 0) << 20, len(body), first, p.get("ttl", 64))
        ip += socket.inet_pton(socket.AF_INET6, p["source"]) + socket.inet_pton(socket.AF_INET6, p["destination"]) + body
        kind = 0x86DD
    else:
        options = bytes.fromhex(p.get("extension", ""))
        ihl = 5 + len(options) // 4
        total = max(payload, ihl * 4 + 8)
        head = struct.pack(">BBHHHBBH", 4 << 4 | ihl, p.get("tos", 0), total, 1, 0x4000 if p.get("df") else 0, p.get("ttl", 64), 17, 0)
        head += socket.inet_aton(p["source"]) + socket.inet_aton(p["destination"]) + options
        head = head[:10] + struct.pack(">H", checksum(head) ^ (1 if p.get("badChecksum") else 0)) + head[12:]
        ip = head + struct.pack(">HHHH", p.get("sport", 1000), p.get("dport", 9), total - ihl * 4, 0) + bytes(total - ihl * 4 - 8)
        kind = 0x0800
    mac = lambda text: bytes.fromhex(text.replace(":", ""))
    return mac(p["macs"][0]) + mac(p["macs"][1]) + struct.pack(">H", kind) + ip


SOURCES4 = ["10.0.0.9", "10.1.0.9", "10.0.0.1", "10.1.0.1", "10.0.0.5", "0.0.0.0", "0.0.0.7", "127.0.0.1", "224.0.0.5", "255.255.255.255", "8.8.8.8", "192.0.2.9", "198.51.100.9", "10.0.0.255", "203.0.113.9", "240.0.0.9", "169.254.1.1", "172.16.0.9", "100.64.0.9"]
DESTINATIONS4 = ["10.0.0.1", "10.1.0.1", "10.0.0.5", "10.0.0.77", "10.1.0.77", "10.0.0.255", "10.0.0.0", "255.255.255.255", "0.0.0.0", "0.0.0.7", "127.0.0.1", "224.0.0.1", "224.0.0.251", "239.1.2.3", "192.0.2.9", "192.0.2.70", "192.0.2.200", "198.51.100.9", "198.51.100.70", "198.51.100.140", "198.51.100.200", "203.0.113.9", "203.0.113.70", "8.8.8.8", "240.0.0.9", "10.7.0.1", "10.7.0.2", "172.16.0.9", "169.254.1.1", "100.64.0.9", "5.5.5.5"]
SOURCES6 = ["2001:db8:0::9", "2001:db8:1::9", "2001:db8:0::1", "2001:db8:1::1", "::", "::1", "fe80::9", "ff02::1", "2001:db8:999::9", "::ffff:1.2.3.4", "2001:db8:200::9", "fec0::9"]
DESTINATIONS6 = ["2001:db8:0::1", "2001:db8:1::1", "2001:db8:0::77", "2001:db8:1::77", "2001:db8:0::", "2001:db8:1::", "::", "::1", "fe80::1", "fe80::ff:fe00:1", "fe80::ff:fe00:101", "ff02::1", "ff02::2", "ff01::1", "ff05::2", "ff02::fb", "ff02::1:ff00:1", "ff02::1:ff00:2", "ff00::1", "ff0e::1", "2001:db8:100::9", "2001:db8:200::9", "2001:db8:201::9", "2001:db8:202::9", "2001:db8:203::9", "2001:db8:204::9", "2001:db8:300::9", "2001:db8:400::9", "2001:db8:999::9", "::ffff:1.2.3.4"]


def packets(seed, count):
    dice = random.Random(seed)
    made = []
    for number in range(count):
        six = number % 3 == 2
        device = dice.choice(["eth0", "eth0", "eth1"])
        p = {
            "device": device,
            "source": dice.choice(SOURCES6 if six else SOURCES4[:2] * 4 + SOURCES4),
            "destination": dice.choice(DESTINATIONS6 if six else DESTINATIONS4),
            "macs": [MAC[device], MAC["peer"]],
        }
        roll = dice.randrange(40)
        if roll == 0: p["macs"][0] = "02:00:00:00:00:77"
        if roll == 1: p["macs"][0] = "ff:ff:ff:ff:ff:ff"
        if roll == 2: p["macs"][0] = "01:00:5e:00:00:01"
        if roll in (3, 4): p["ttl"] = dice.choice([0, 1, 2])
        if roll in (5, 6, 7): p["ttl"] = 77
        if roll in (8, 9): p["tos"] = dice.choice([0x10, 0x11, 0xB8, 0x04])
        if roll in (10, 11):
            p["length"] = dice.choice([1280, 1300, 1301, 1400, 1401, 1500])
            p["df"] = dice.choice([True, False])
        if roll == 12 and not six: p["badChecksum"] = True
        if roll in (13, 14) and not six:
            p["extension"] = dice.choice(["01010100", "94040000", "83070408080808" "00", "8307080808080800", "07070400000000" "00", "0703040000000000", "0705040000000000", "440c0500" "0000000000000000", "4404050000000000", "440405f000000000", "4408010000000000", "0000ffff", "ff020000", "ff010000", "ff000000", "070b04" + "00" * 9])
        if roll in (13, 14) and six:
            p["extension"] = dice.choice(["1100010400000000", "1100050200000100", "1101" + "00" * 14, "11000000000000" "00", "1100c20400010000", "1100400400000000", "11001e0400000000", "1100010400010000", "1105" + "00" * 6, "1100050300000100"])
        if roll in (15, 16): p["dport"] = 80
        made.append(p)
    return made


KINDS = ["UNSPEC", "UNICAST", "LOCAL", "BROADCAST", "ANYCAST", "MULTICAST", "BLACKHOLE", "UNREACHABLE", "PROHIBIT", "THROW"]


def add_kinds():
    """Rules in a chain of raw that count each kind of the source and of the destination."""
    for ip in ("iptables-legacy", "ip6tables-legacy"):
        lines = ["*raw"]
        for side in ("src", "dst"):
            for limit in ("", " --limit-iface-in"):
                # xt_addrtype refuses the other kinds in IPv6.
                for kind in KINDS if ip[2] == "t" else ("UNSPEC", "UNICAST", "LOCAL", "ANYCAST", "MULTICAST", "UNREACHABLE"):
                    lines.append(f"-A PREROUTING -m addrtype --{side}-type {kind}{limit} -m comment --comment {side}{'-in' if limit else ''}-{kind}")
        rules = "\n".join(lines + ["COMMIT", ""])
        done = subprocess.run(["ip", "netns", "exec", A, ip + "-restore", "-w", "-n"], input=rules, text=True, capture_output=True)
        if done.returncode != 0:
            sys.exit(done.stderr)


def kind_counters(six):
    text = sh(("ip6" if six else "ip") + "tables-legacy-save -c -t raw")
    found = re.findall(r'\[(\d+):\d+\] -A PREROUTING .*--comment "?((?:src|dst)[A-Za-z-]+)"?', text)
    return {name: int(number) for number, name in found}


def sent(packet):
    """`ip route get` from the host itself: the interface, or the word for an error."""
    six = ":" in packet["source"]
    mark = " mark 0x10" if packet.get("ttl") == 77 else ""
    tos = f" tos {packet['tos'] & 0x1C:#x}" if "tos" in packet else ""
    ports = f" ipproto udp sport 1000 dport {packet.get('dport', 9)}"
    text = subprocess.run(["ip", "netns", "exec", A, "sh", "-c", f"ip {'-6 ' if six else ''}route get {packet['destination']} from {packet['sender']}{mark}{tos}{ports}"], capture_output=True, text=True)
    if text.returncode != 0 or re.match(r"(unreachable|prohibit|blackhole)", text.stdout):
        return "error"
    return re.search(r" dev (\S+)", text.stdout).group(1)


SCENARIOS = {
    "router": "",
    "host": "echo 0 > /proc/sys/net/ipv4/ip_forward; echo 0 > /proc/sys/net/ipv6/conf/all/forwarding",
    "strict reverse path": "echo 1 > /proc/sys/net/ipv4/conf/all/rp_filter",
    "loose reverse path": "echo 2 > /proc/sys/net/ipv4/conf/eth0/rp_filter",
    "lenient": "echo 1 > /proc/sys/net/ipv4/conf/all/accept_local; echo 1 > /proc/sys/net/ipv4/conf/eth0/route_localnet; echo 1 > /proc/sys/net/ipv4/conf/all/accept_source_route; for i in all default eth0 eth1; do echo 1 > /proc/sys/net/ipv4/conf/$i/bc_forwarding; done",
    "policy rules": "ip rule add fwmark 0x10/0xff lookup 100 priority 100; ip rule add from 10.1.0.0/16 to 8.0.0.0/8 blackhole priority 110; ip rule add ipproto udp dport 80 lookup 100 priority 120; ip rule add not iif eth0 goto 200 priority 130; ip rule add to 172.16.0.0/12 lookup 100 priority 140; ip rule add priority 150 lookup main suppress_prefixlength 0; ip rule add tos 0x10 prohibit priority 160; ip rule add priority 200 nop; ip -6 rule add fwmark 0x10 lookup 100 priority 100; ip -6 rule add from 2001:db8:1::/64 unreachable priority 110; ip -6 rule add dport 80 ipproto udp lookup 100 priority 120; ip -6 rule add lookup main suppress_prefixlength 0 priority 130; ip -6 rule add iif eth1 prohibit priority 140",
    "policy rules, strict reverse path": "ip rule add fwmark 0x10/0xff lookup 100 priority 100; ip rule add from 10.1.0.0/16 lookup 100 priority 110; ip rule add sport 80 lookup 100 priority 120; echo 1 > /proc/sys/net/ipv4/conf/eth0/rp_filter; echo 1 > /proc/sys/net/ipv4/conf/eth0/src_valid_mark",
}


def main():
    result = []
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    for seed, (name, setup) in enumerate(SCENARIOS.items()):
        try:
            build()
            sh("echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding; for i in all eth0 eth1; do echo 0 > /proc/sys/net/ipv4/conf/$i/rp_filter; done")
            sh(setup or "true")
            time.sleep(0.3)
            files = {
                "addr.json": sh("ip -json -details address"),
                "route.json": sh("ip -json -4 route show table all"),
                "route6.json": sh("ip -json -6 route show table all"),
                "rule.json": sh("ip -json rule"),
                "rule6.json": sh("ip -json -6 rule"),
                "maddr.json": sh("ip -json maddress"),
                "sysctl.txt": "\n".join(line for line in sh("sysctl -a -r 'net.ipv[46].(conf|ip_forward)'").splitlines()
                                        if re.search(r"ip_forward |\.(forwarding|rp_filter|accept_local|route_localnet|accept_source_route|send_redirects|bc_forwarding|src_valid_mark|drop_unicast_in_l2_multicast|disable_ipv6|force_forwarding|mtu) ", line)),
            }
            enter(B)
            sockets = {}
            for n in "01":
                sockets["eth" + n] = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
                sockets["eth" + n].bind(("p" + n, 0))
            cases = packets(first + seed, count)
            add_kinds()
            dice = random.Random(seed)
            kinds = {False: kind_counters(False), True: kind_counters(True)}
            seen = {False: counters(False), True: counters(True)}
            for p in cases:
                six = ":" in p["source"]
                try:
                    sockets[p["device"]].send(frame(p))
                except OSError:  # longer than the device's own MTU: veth does not take it
                    continue
                now = counters(six)
                change = [a - b for a, b in zip(now, seen[six])]
                seen[six] = now
                p["seen"] = ("lost" if change[0] == 0 else "local" if change[1] else "eth0" if change[2] else "eth1" if change[3]
                             else "other" if change[4] else "dropped")
                now = kind_counters(six)
                p["kinds"] = [name for name in now if now[name] != kinds[six][name]]
                kinds[six] = now
                p["sender"] = dice.choice(["2001:db8:0::1", "2001:db8:1::1"] if six else ["10.0.0.1", "10.1.0.1", "10.0.0.5", "127.0.0.1"])
                p["sent"] = sent(p)
            result.append({"name": name, "files": files, "packets": [p for p in cases if "seen" in p]})
            enter(A)
        finally:
            for ns in (A, B):
                subprocess.run(["ip", "netns", "del", ns])
    for scenario in result:  # a scenario a line
        print(json.dumps(scenario))


main()
