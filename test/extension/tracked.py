"""Asks Linux what the matches and targets of connection tracking do: writes tracked.jsonl.

    python3 test/extension/tracked.py > test/extension/tracked.jsonl        (as root)

A router in a network namespace: eth0 is 10.0.0.1/24 and 2001:db8::1/64, eth1 10.0.1.1/24 and 2001:db8:1::1/64. A case is a
rule set, packets that come in by its interfaces at certain times, and the counters of all rules behind them. What the
router itself would send is dropped before anything counts it. Frames are written from one pinned CPU: when send()
returns, the packet has gone its whole way.
"""

import ctypes
import json
import os
import socket
import struct
import subprocess
import sys
import time

ROUTER, ENDS = (f'wasmtables-{os.getpid()}-{one}' for one in ('tracked', 'ends'))
MACS = (b'\2\0\0\0\0\1', b'\2\0\0\0\1\1')
PEER = b'\2\0\0\0\0\x99'
TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58
DEFAULTS = {'udp_timeout': 30, 'udp_timeout_stream': 120, 'icmp_timeout': 30, 'generic_timeout': 600}


def run(*words, text=None):
    done = subprocess.run(words, input=text, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f'{" ".join(words)}: {done.stderr}\n{text or ""}')
    return done.stdout


def inside(*words, text=None):
    return run('ip', 'netns', 'exec', ROUTER, *words, text=text)


def build():
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    for name in (ROUTER, ENDS):
        run('ip', 'netns', 'add', name)
    run('ip', 'netns', 'exec', ENDS, 'sysctl', '-qw', 'net.ipv6.conf.default.disable_ipv6=1')
    inside('sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1',
           'net.ipv4.conf.all.rp_filter=0', 'net.ipv4.conf.default.rp_filter=0',
           'net.ipv6.conf.default.accept_dad=0', 'net.ipv6.conf.default.router_solicitations=0')
    for side in (0, 1):
        name = f'eth{side}'
        mac = ':'.join(f'{byte:02x}' for byte in MACS[side])
        inside('ip', 'link', 'add', name, 'address', mac, 'type', 'veth', 'peer', 'name', f'p{side}', 'netns', ENDS)
        run('ip', '-n', ENDS, 'link', 'set', f'p{side}', 'arp', 'off', 'up')
        inside('ip', 'link', 'set', name, 'arp', 'off', 'up')
        inside('ip', 'address', 'add', f'10.0.{side}.1/24', 'brd', '+', 'dev', name)
        inside('ip', 'address', 'add', f'2001:db8:{side}::1/64', 'dev', name, 'nodad')
    inside('nft', 'add table inet quiet; add chain inet quiet sent { type filter hook output priority -500; policy drop; }')
    libc = ctypes.CDLL(None, use_errno=True)
    home = open('/proc/self/ns/net')
    with open(f'/run/netns/{ENDS}') as there:
        libc.setns(there.fileno(), 0x40000000)
    ends = []
    for side in (0, 1):
        end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        end.bind((f'p{side}', 0))
        ends.append(end)
    libc.setns(home.fileno(), 0x40000000)
    time.sleep(0.5)
    return ends


def checksum(data):
    data += b'\0' * (len(data) & 1)
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip(source, destination, proto, payload, at=None, fragment=0, tag=1):
    """An IP packet; the transport checksum goes to offset `at` of the payload."""
    six = ':' in source
    pton = lambda text: socket.inet_pton(socket.AF_INET6 if six else socket.AF_INET, text)
    ends = pton(source) + pton(destination)
    if at is not None:
        pseudo = b'' if proto == ICMP else ends + struct.pack('!IHH', len(payload), 0, proto)
        payload = payload[:at] + struct.pack('!H', checksum(pseudo + payload)) + payload[at + 2:]
    if six:
        return struct.pack('!IHBB', 6 << 28, len(payload), proto, 64) + ends + payload
    head = struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(payload), tag, fragment, 64, proto, 0) + ends
    return head[:10] + struct.pack('!H', checksum(head)) + head[12:] + payload


def udp(source, sport, destination, dport, data=b'12345678'):
    return ip(source, destination, UDP, struct.pack('!HHHH', sport, dport, 8 + len(data), 0) + data, 6)


def tcp(source, sport, destination, dport, flags, seq=0, ack=0, data=b''):
    head = struct.pack('!HHIIBBHHH', sport, dport, seq, ack, 0x50, flags, 4096, 0, 0)
    return ip(source, destination, TCP, head + data, 16)


def ping(source, destination, kind, identifier=7):
    proto = ICMPV6 if ':' in source else ICMP
    return ip(source, destination, proto, struct.pack('!BBHHH', kind, 0, 0, identifier, 1) + b'abcdefgh', 2)


SYN, ACK, PSH = 2, 16, 8
A, B = '10.0.0.9', '10.0.1.9'
A6, B6 = '2001:db8::9', '2001:db8:1::9'
OUT, BACK = (0, udp(A, 1000, B, 53)), (1, udp(B, 53, A, 1000))
OUT6, BACK6 = (0, udp(A6, 1000, B6, 53)), (1, udp(B6, 53, A6, 1000))
PING, PONG = (0, ping(A, B, 8)), (1, ping(B, A, 0))
FLOW = (OUT, OUT, BACK, BACK, OUT)
FLOW6 = (OUT6, OUT6, BACK6, BACK6, OUT6)
# A TCP packet of no connection that is not picked up either: INVALID.
STRAY = (0, tcp(A, 1000, B, 80, SYN | ACK))
STRAY6 = (0, tcp(A6, 1000, B6, 80, SYN | ACK))


CHAINS = {'raw': ('PREROUTING', 'OUTPUT'), 'mangle': ('PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING')}


def rules(table, *lines):
    """nft counts policies only where the counters were restored."""
    policies = ''.join(f':{chain} ACCEPT [0:0]\n' for chain in CHAINS[table])
    return f'*{table}\n{policies}' + ''.join(f'-A {line}\n' for line in lines) + 'COMMIT\n'


def seen(*matches, chain='PREROUTING'):
    """mangle, with a rule for each of the matches."""
    return rules('mangle', *(f'{chain} {one}' for one in matches))


def wait(seconds):
    return seconds


class Recorder:
    def __init__(self, ends):
        self.ends = ends

    def case(self, name, text, steps, family=4, backend='legacy', sysctls=None):
        sysctls = sysctls or {}
        for key in sysctls:
            inside('sysctl', '-qw', f'net.netfilter.nf_conntrack_{key}={sysctls[key]}')
        command = f'{"iptables" if family == 4 else "ip6tables"}-{backend}'
        tables = [line[1:] for line in text.split('\n') if line.startswith('*')]
        inside(f'{command}-restore', text=text)
        inside('conntrack', '-F')
        packets = []
        start = time.monotonic_ns()
        for step in steps:
            if not isinstance(step, tuple):
                time.sleep(step)
                continue
            side, packet = step
            kind = b'\x08\x00' if packet[0] >> 4 == 4 else b'\x86\xdd'
            at = time.monotonic_ns() - start
            self.ends[side].send(MACS[side] + PEER + kind + packet)
            packets.append([at // 1000, side, packet.hex()])
        saved = []
        for table in tables:
            lines = inside(f'{command}-save', '-c', '-t', table).split('\n')
            saved += [line for line in lines if line and line[0] != '#']
        inside(f'{command}-restore', text=''.join(f'*{table}\nCOMMIT\n' for table in tables))
        for key in sysctls:
            inside('sysctl', '-qw', f'net.netfilter.nf_conntrack_{key}={DEFAULTS[key]}')
        case = {'name': name, 'family': family, 'backend': backend, 'sysctls': sysctls, 'rules': text,
                'packets': packets, 'saved': '\n'.join(saved)}
        print(json.dumps(case, separators=(',', ':')), flush=True)


def both(recorder, name, text, steps4, steps6, **more):
    recorder.case(name, text, steps4, 4, **more)
    recorder.case(name, text, steps6, 6, **more)


STATES = ('INVALID', 'NEW', 'RELATED', 'ESTABLISHED', 'UNTRACKED', 'SNAT', 'DNAT')
NOTRACK = rules('raw', 'PREROUTING -p tcp --dport 81 -j NOTRACK', 'PREROUTING -p tcp --dport 82 -j CT --notrack --zone 3')
UNTRACKED = ((0, tcp(A, 1000, B, 81, SYN)), (0, tcp(A, 1000, B, 82, SYN)))
UNTRACKED6 = ((0, tcp(A6, 1000, B6, 81, SYN)), (0, tcp(A6, 1000, B6, 82, SYN)))


def conntrack_cases(recorder):
    for backend in ('legacy', 'nft'):
        both(recorder, 'states', NOTRACK + seen(
            *(f'-m conntrack --ctstate {one}' for one in STATES),
            *(f'-m conntrack ! --ctstate {one}' for one in STATES),
            '-m conntrack --ctstate NEW,INVALID', '-m conntrack ! --ctstate ESTABLISHED,UNTRACKED',
            *(f'-m state --state {one}' for one in STATES[:5]), '-m state ! --state NEW,RELATED',
        ), (*FLOW, STRAY, *UNTRACKED), (*FLOW6, STRAY6, *UNTRACKED6), backend=backend)
    others = (
        '--ctdir ORIGINAL', '--ctdir REPLY', '--ctproto 17', '! --ctproto 17', '--ctproto tcp',
        '--ctorigdstport 53', '! --ctorigdstport 53', '--ctexpire 0:999', '! --ctexpire 0:999',
        '--ctstatus CONFIRMED', '! --ctstatus CONFIRMED', '--ctstatus NONE', '! --ctstatus NONE')
    both(recorder, 'without an entry the state answers alone', NOTRACK + seen(
        *(f'-m conntrack {one}' for one in others),
        *(f'-m conntrack --ctstate INVALID,UNTRACKED,NEW {one}' for one in others),
        *(f'-m conntrack ! --ctstate INVALID {one}' for one in others),
        '-m connmark --mark 0', '-m connmark ! --mark 1', '-m connmark ! --mark 0',
        '-m connlabel --label 1', '-m connlabel ! --label 1', '-m helper --helper ftp', '-m helper ! --helper ftp',
        '-m helper --helper ""', '-m helper ! --helper ""',
        '-m connbytes --connbytes 0 --connbytes-mode bytes --connbytes-dir both',
        '-m connbytes ! --connbytes 0 --connbytes-mode bytes --connbytes-dir both',
        '-m cluster --cluster-total-nodes 1 --cluster-local-node 1 --cluster-hash-seed 0',
        '-m cluster --cluster-total-nodes 1 ! --cluster-local-node 1 --cluster-hash-seed 0',
    ), (*FLOW, STRAY, *UNTRACKED), (*FLOW6, STRAY6, *UNTRACKED6))
    names = ('ctorigsrcport', 'ctorigdstport', 'ctreplsrcport', 'ctrepldstport')
    ranges = ('53', '1000', '0', ':', '53:1000', '54:999', '7', '2048', '2000:2100')
    both(recorder, 'ports', seen(
        *(f'-m conntrack {sign}--{name} {one}' for name in names for one in ranges for sign in ('', '! '))),
        (*FLOW, PING, PONG, (0, ip(A, B, 99, b'12345678'))), (*FLOW6, (0, ping(A6, B6, 128)), (1, ping(B6, A6, 129))))
    names = ('ctorigsrc', 'ctorigdst', 'ctreplsrc', 'ctrepldst')
    recorder.case('addresses', seen(*(
        f'-m conntrack {sign}--{name} {one}' for name in names for sign in ('', '! ')
        for one in (A, B, '10.0.0.0/24', '10.0.1.77/24', '10.0.0.8/31', '0.0.0.0/0'))), FLOW)
    recorder.case('addresses', seen(*(
        f'-m conntrack {sign}--{name} {one}' for name in names for sign in ('', '! ')
        for one in (A6, B6, '2001:db8::/64', '2001:db8:1::77/64', '2001:db8::8/127', '::/0', '2001:db8::8:0:0:0:9/71'))), FLOW6, 6)
    status = ('NONE', 'EXPECTED', 'SEEN_REPLY', 'ASSURED', 'CONFIRMED', 'SEEN_REPLY,ASSURED', 'EXPECTED,CONFIRMED')
    handshake = ((0, tcp(A, 9, B, 80, SYN, 100)), (1, tcp(B, 80, A, 9, SYN | ACK, 500, 101)),
                 (0, tcp(A, 9, B, 80, ACK, 101, 501)), (0, tcp(A, 9, B, 80, ACK | PSH, 101, 501, b'hello')))
    recorder.case('status', ''.join(rules('mangle', *(
        f'{chain} -m conntrack {sign}--ctstatus {one}' for chain in ('PREROUTING', 'POSTROUTING')
        for one in status for sign in ('', '! ')))), (*FLOW, *handshake))
    recorder.case('direction', seen(
        '-m conntrack --ctdir ORIGINAL', '-m conntrack --ctdir REPLY',
        '-m conntrack --ctdir REPLY --ctstate ESTABLISHED --ctproto 17', '-m conntrack --ctdir ORIGINAL --ctorigdstport 53'),
        (*FLOW, PING, PONG, *handshake))
    expires = ('0', '1', '2', '3', '4', '0:1', '3:', '29:31', '1:4294967295')
    recorder.case('seconds left', rules('mangle', *(
        f'{chain} -m conntrack {sign}--ctexpire {one}' for chain in ('PREROUTING', 'POSTROUTING')
        for one in expires for sign in ('', '! '))),
        (OUT, OUT, 0.3, BACK, 0.7, OUT, BACK, 2.5, OUT, BACK), sysctls={'udp_timeout': 3, 'udp_timeout_stream': 2})
    recorder.case('seconds left in raw', rules('raw', *(
        f'PREROUTING -m conntrack --ctexpire {one}' for one in expires)) + seen('-m conntrack --ctproto 17'), FLOW)


def mark_cases(recorder):
    for backend in ('legacy', 'nft'):
        recorder.case('marks of connections', rules('mangle',
            'PREROUTING -m connmark --mark 0', 'PREROUTING -m connmark ! --mark 0',
            'PREROUTING -m conntrack --ctstate NEW -j CONNMARK --set-mark 0x12',
            'PREROUTING -m connmark --mark 0x12', 'PREROUTING -m connmark --mark 0x10/0xf0',
            'PREROUTING -m connmark --mark 0x12/0xf0', 'PREROUTING -m connmark ! --mark 0x12',
            'PREROUTING -j CONNMARK --restore-mark --nfmask 0xff --ctmask 0xf0',
            'PREROUTING -m mark --mark 0x10', 'PREROUTING -m mark --mark 0x12',
            'POSTROUTING -m conntrack --ctdir REPLY -j CONNMARK --or-mark 0x100',
            'POSTROUTING -m connmark --mark 0x112', 'POSTROUTING -j CONNMARK --and-mark 0xffffffef',
            'POSTROUTING -m connmark --mark 0x102', 'POSTROUTING -j CONNMARK --xor-mark 0x40000000',
            'POSTROUTING -m connmark --mark 0x40000000/0x40000000', 'POSTROUTING -m connmark --mark 0x40000102',
        ), (*FLOW, STRAY), backend=backend)
    recorder.case('marks shifted', rules('mangle',
        'PREROUTING -j CONNMARK --set-xmark 0x0/0xffffffff',
        'PREROUTING -j CONNMARK --set-xmark 0x80000001/0xff --left-shift-mark 4', 'PREROUTING -m connmark --mark 0x10',
        'PREROUTING -j CONNMARK --set-xmark 0x3/0x0 --right-shift-mark 1', 'PREROUTING -m connmark --mark 0x9',
        'PREROUTING -j MARK --set-mark 0x80000081',
        'PREROUTING -j CONNMARK --save-mark --nfmask 0xff --ctmask 0xf --left-shift-mark 8',
        'PREROUTING -m connmark --mark 0x8100', 'PREROUTING -m mark --mark 0x80000081',
        'PREROUTING -j CONNMARK --restore-mark --nfmask 0xff --ctmask 0xff00 --right-shift-mark 8',
        'PREROUTING -m mark --mark 0x80000081', 'PREROUTING -j MARK --set-mark 0',
        'PREROUTING -j CONNMARK --restore-mark --right-shift-mark 15', 'PREROUTING -m mark --mark 1',
        'PREROUTING -j CONNMARK --save-mark --left-shift-mark 31', 'PREROUTING -m connmark --mark 0x80008100',
        'PREROUTING -m connmark --mark 0x80000000', 'PREROUTING -j CONNMARK --save-mark --mask 0xff',
        'PREROUTING -m connmark --mark 0x80000001'), (OUT, BACK))
    recorder.case('labels', rules('mangle',
        'PREROUTING -m connlabel --label 0', 'PREROUTING -m connlabel ! --label 127',
        'PREROUTING -m conntrack --ctdir REPLY -m connlabel --label 127 --set',
        'PREROUTING -m connlabel --label 127', 'PREROUTING -m connlabel ! --label 127',
        'PREROUTING -m conntrack --ctproto 17 --ctdir ORIGINAL -m connlabel ! --label 33 --set',
        'PREROUTING -m connlabel --label 33', 'PREROUTING -m connlabel --label 32', 'PREROUTING -m connlabel --label 34',
        'POSTROUTING -m connlabel --label 40 --set -p udp --dport 9999', 'POSTROUTING -m connlabel --label 40',
    ), (*FLOW, PING, PONG, STRAY))


def amount_cases(recorder):
    ranges = ('0', '1', '2', '1:1', '2:3', ':2', '36', '72', '30:40', '60:', '18446744073709551615')
    sized = lambda size: (0, udp(A, 1000, B, 53, b'x' * size))
    matches = [f'-m connbytes {sign}--connbytes {one} --connbytes-mode {mode} --connbytes-dir {direction}'
               for mode in ('packets', 'bytes', 'avgpkt') for direction in ('original', 'reply', 'both')
               for one in ranges for sign in ('', '! ')]
    recorder.case('amounts', seen(*matches), (sized(8), sized(8), sized(100), BACK, sized(33), BACK, STRAY))


def cluster_cases(recorder):
    seeds = ('0', '0xdeadbeef', '12345')
    matches = [f'-m cluster --cluster-total-nodes {total} {sign}--cluster-local-node {node} --cluster-hash-seed {seed}'
               for total in (2, 3, 7) for seed in seeds for node in range(1, total + 1)
               for sign in (('', '! ') if node == 1 else ('',))]
    hosts = (1, 2, 3, 9, 20, 77, 100, 128, 200, 254)
    recorder.case('nodes', seen(*matches), [
        one for host in hosts for one in ((0, udp(f'10.0.0.{host}', 1, B, 53)), (1, udp(B, 53, f'10.0.0.{host}', 1)))])
    recorder.case('nodes', seen(*matches), [
        one for host in hosts
        for one in ((0, udp(f'2{host:03x}::{host}:4:{host}', 1, B6, 53)), (1, udp(B6, 53, f'2{host:03x}::{host}:4:{host}', 1)))], 6)


def expected_cases(recorder):
    """FTP: the server connects to where the client's PORT or EPRT says."""
    for family, client, server, command in ((4, A, B, b'PORT 10,0,0,9,8,0\r\n'),
                                            (6, A6, B6, b'EPRT |2|2001:db8::9|2048|\r\n')):
        user = b'USER x\r\n'
        control = lambda flags, seq, ack, data=b'': (0, tcp(client, 2000, server, 21, flags, seq, ack, data))
        answer = lambda flags, seq, ack, data=b'': (1, tcp(server, 21, client, 2000, flags, seq, ack, data))
        next_seq = 101 + len(user)
        steps = (control(SYN, 100, 0), answer(SYN | ACK, 500, 101), control(ACK, 101, 501),
                 control(ACK | PSH, 101, 501, user), answer(ACK, 501, next_seq),
                 control(ACK | PSH, next_seq, 501, command), answer(ACK, 501, next_seq + len(command)),
                 (1, tcp(server, 20, client, 2048, SYN, 900, 0)), (0, tcp(client, 2048, server, 20, SYN | ACK, 7, 901)),
                 (1, tcp(server, 20, client, 2048, ACK, 901, 8)), (1, tcp(server, 20, client, 2049, SYN, 900, 0)))
        helpers = ('ftp', 'ftp-2121', 'ft', 'tftp', '""', 'FTP', 'sip')
        nodes = [f'-m cluster --cluster-total-nodes 2 --cluster-local-node {node} --cluster-hash-seed {seed}'
                 for seed in range(1, 9) for node in (1, 2)]
        recorder.case('a connection that FTP announced', rules('raw', 'PREROUTING -p tcp --dport 21 -j CT --helper ftp')
            + rules('mangle', 'PREROUTING -p tcp --dport 21 -j CONNMARK --set-mark 0x77', *(f'PREROUTING {one}' for one in (
                *(f'-m helper {sign}--helper {name}' for name in helpers for sign in ('', '! ')),
                '-m connmark --mark 0x77', '-m conntrack --ctstate RELATED', '-m conntrack --ctstatus EXPECTED',
                '-m conntrack ! --ctstatus EXPECTED', '-m helper --helper ftp -m conntrack --ctstate ESTABLISHED', *nodes)),
            ), steps, family)


def template_cases(recorder):
    answers = (
        '--ctstate INVALID', '--ctstate NEW', '--ctstate UNTRACKED', '--ctdir ORIGINAL', '--ctdir REPLY', '--ctproto 17',
        '! --ctproto 17', '--ctorigsrcport 0', '! --ctorigsrcport 0', '--ctstatus CONFIRMED', '--ctstatus ASSURED',
        '--ctexpire 0', '--ctorigsrc 0.0.0.0', '--ctorigsrc 10.0.0.0/8')
    for target in ('CT --zone 5', 'CT', 'CT --notrack', 'NOTRACK', 'CT --ctevents new'):
        recorder.case(f'raw behind {target}', rules('raw',
            *(f'PREROUTING -m conntrack {one}' for one in answers[:4]), f'PREROUTING -p udp -j {target}',
            *(f'PREROUTING -m conntrack {one}' for one in answers),
            'PREROUTING -m connmark --mark 0', 'PREROUTING -m connmark ! --mark 0', 'PREROUTING -m connlabel --label 1',
            'PREROUTING -m connlabel ! --label 1', 'PREROUTING -m helper ! --helper ftp',
            'PREROUTING -m connbytes --connbytes 0 --connbytes-mode bytes --connbytes-dir both',
        ) + seen(*(f'-m conntrack --ctstate {one}' for one in STATES[:5])), (*FLOW, PING))
    first = ('CT --zone 1', 'CT --notrack', 'CT --zone-orig 2')
    for one in first:
        for two in first:
            recorder.case(f'{one}, then {two}', rules('raw',
                f'PREROUTING -i eth0 -j {one}', f'PREROUTING -j {two}',
            ) + seen(*(f'-m conntrack --ctstate {state}' for state in STATES[:5])), FLOW)
    recorder.case('zones by interface', rules('raw',
        'PREROUTING -i eth0 -j CT --zone 7', 'PREROUTING -i eth1 -j CT --zone 8',
    ) + seen(*(f'-m conntrack --ctstate {state}' for state in STATES[:5])), FLOW)
    recorder.case('zones by mark', rules('raw',
        'PREROUTING -s 10.0.0.0/24 -j MARK --set-mark 0x10007', 'PREROUTING -d 10.0.0.0/24 -j MARK --set-mark 0x20007',
        'PREROUTING -p icmp -j MARK --set-mark 1', 'PREROUTING -p icmp -d 10.0.0.0/24 -j MARK --set-mark 2',
        'PREROUTING -j CT --zone mark',
    ) + seen(*(f'-m conntrack --ctstate {state}' for state in STATES[:5])), (*FLOW, PING, PONG, PING))
    fragments = ((0, ip(A, B, UDP, struct.pack('!HHHH', 5, 6, 24, 0), fragment=0x2000)),
                 (0, ip(A, B, UDP, b'0123456789abcdef', fragment=1)))
    for target in ('NOTRACK', 'CT --notrack', 'CT', 'CT --ctevents new', 'CT --zone 1', 'CONNMARK --set-mark 1'):
        recorder.case(f'{target} and fragments', rules('raw', f'PREROUTING -p tcp -j {target}')
                      + seen('-f', '! -f'), fragments)


def main():
    try:
        recorder = Recorder(build())
        conntrack_cases(recorder)
        mark_cases(recorder)
        amount_cases(recorder)
        cluster_cases(recorder)
        expected_cases(recorder)
        template_cases(recorder)
    finally:
        for name in (ROUTER, ENDS):
            subprocess.run(['ip', 'netns', 'delete', name])


main()
