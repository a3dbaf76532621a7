"""Asks Linux what matches do with crafted frames: writes linux.jsonl.

    sudo python3 test/extension/record.py > test/extension/linux.jsonl

Each case is one rule in raw PREROUTING, a rule behind it that takes everything, and one frame. By their counters the
rule matched (YES), did not (NO), dropped the packet on the spot (HOTDROP), or did both (COUNTED: an inverted condition
that legacy iptables counts although the packet is gone). Two namespaces and a veth pair; needs root.
"""

import ctypes
import json
import os
import socket
import struct
import subprocess
import sys
import time

HOST, PEER = 'wasmtables-host', 'wasmtables-peer'


def run(*words):
    return subprocess.run(words, capture_output=True, text=True)


def namespaces():
    for line in (
        f'ip netns add {HOST}',
        f'ip netns add {PEER}',
        f'ip link add v0 netns {HOST} address 02:00:00:00:00:01 type veth peer name v1 netns {PEER} address 02:00:00:00:00:02',
        f'ip netns exec {PEER} sysctl -qw net.ipv6.conf.v1.disable_ipv6=1',
        f'ip -n {HOST} link set v0 up',
        f'ip -n {PEER} link set v1 up',
        f'ip -n {HOST} addr add 10.9.0.1/24 dev v0',
        f'ip -n {HOST} addr add fd00::1/64 dev v0 nodad',
    ):
        done = run(*line.split())
        if done.returncode:
            sys.exit(f'{line}: {done.stderr}')


def enter(name):
    descriptor = os.open(f'/run/netns/{name}', os.O_RDONLY)
    ctypes.CDLL(None).setns(descriptor, 0x40000000)
    os.close(descriptor)


def checksum(data):
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


ETHERNET = bytes.fromhex('020000000001020000000002')


def ip4(proto, payload, fragment=0, tos=0):
    source, destination = socket.inet_aton('10.9.0.2'), socket.inet_aton('10.9.0.1')
    length = 20 + len(payload)
    head = struct.pack('!BBHHHBBH4s4s', 0x45, tos, length, 1, fragment, 64, proto, 0, source, destination)
    return ETHERNET + b'\x08\x00' + head[:10] + struct.pack('!H', checksum(head)) + head[12:] + payload


def ip6(following, payload, source='fd00::2', flow=0):
    head = struct.pack('!IHBB', (6 << 28) | flow, len(payload), following, 64)
    ends = socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, 'fd00::1')
    return ETHERNET + b'\x86\xdd' + head + ends + payload


RESULTS = {(1, 1): 'YES', (0, 1): 'NO', (0, 0): 'HOTDROP', (1, 0): 'COUNTED'}


def test(family, rule, frame, backend):
    command = ('ip', 'netns', 'exec', HOST, f'{"iptables" if family == 4 else "ip6tables"}-{backend}', '-t', 'raw')
    run(*command, '-F')
    done = run(*command, '-A', 'PREROUTING', *rule.split())
    if done.returncode:
        sys.exit(f'{rule}: {done.stderr}')
    run(*command, '-A', 'PREROUTING', '-m', 'comment', '--comment', 'rest')
    wire.send(frame)
    time.sleep(0.02)
    listing = run(*command, '-L', 'PREROUTING', '-v', '-n', '-x').stdout.splitlines()[2:]
    result = RESULTS[tuple(int(line.split()[0]) for line in listing)]
    run(*command, '-F')
    case = {'family': family, 'backend': backend, 'rule': rule, 'frame': frame.hex(), 'result': result}
    print(json.dumps(case, separators=(',', ':')))


run('ip', 'netns', 'del', HOST)
run('ip', 'netns', 'del', PEER)
namespaces()
enter(PEER)
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind(('v1', 0))
later = struct.pack('!BBHI', 17, 0, (8 << 3) | 1, 77) + b'x' * 64
first = struct.pack('!BBHI', 17, 0, 1, 77) + b'x' * 64

for backend in ('legacy', 'nft'):
    test(6, '-m frag --fragid 77', ip6(44,later), backend)
    test(6, '-m frag --fragmore', ip6(44,later), backend)
    test(6, '-m frag --fragfirst', ip6(44,later), backend)
    test(6, '-m frag --fragid 77', ip6(44,first), backend)
    test(6, '-m frag --fragid 77', ip6(44,first[:6]), backend)
    test(6, '-m frag --fragid 77', ip6(44,first[:3]), backend)
    test(6, '-m frag', ip6(17,b'x'*20), backend)
    test(6, '-m dst', ip6(44,b'\x3c'+later[1:]), backend)
    test(6, '-m dst', ip6(60,bytes([17,0,1,4,0,0,0,0])+b'x'*20), backend)
    test(6, '-m dst', ip6(60,bytes([17,9,1,4,0,0,0,0])+b'x'*20), backend)
    test(6, '-m dst', ip6(60,b'\x11'), backend)
    test(6, '-m dst --dst-opts 1:4', ip6(60,bytes([17,0,1,4,0,0,0,0])+b'x'*20), backend)
    test(6, '-m dst --dst-opts 1:4,5', ip6(60,bytes([17,0,1,4,0,0,0,0])+b'x'*20), backend)
    test(6, '-m dst --dst-opts 1:9', ip6(60,bytes([17,0,1,9,0,0,0,0])+b'x'*20), backend)
    test(6, '-m rt', ip6(43,b'\x11\0\4'), backend)
    test(6, '-m rt', ip6(43,b'\x11\0\4\0'), backend)
    test(6, '-m rt --rt-type 4', ip6(43,b'\x11\0\4\0'+b'\0'*4+b'y'*20), backend)
    test(6, '-m ah', ip6(51,b'\x11\0\0\0'), backend)
    test(6, '-m ah', ip6(51,b'\x11'), backend)
    test(6, '-m ah', ip6(51,b'\x11\1'+b'\0'*10+b'z'*20), backend)
    test(6, '-m ipv6header --header esp --soft', ip6(50,b'z'), backend)
    test(6, '-m ipv6header --header esp --soft', ip6(50,b'zz'), backend)
    test(6, '-m ipv6header --header dst,prot', ip6(60,bytes([17,9,1,4,0,0,0,0])+b'x'*20), backend)
    test(6, '-m ipv6header --header prot --soft', ip6(60,bytes([17,9,1,4,0,0,0,0])+b'x'*20), backend)
    test(6, '-m ipv6header --header none', ip6(59,b''), backend)
    test(6, '-m ipv6header ! --header frag,dst --soft', ip6(17,b'x'*20), backend)
    test(6, '-m ipv6header ! --header frag,dst --soft', ip6(44,first), backend)
    test(6, '-m ipv6header --header frag,dst,prot', ip6(44,b'\x3c'+later[1:]), backend)
    test(6, '-p mh -m mh', ip6(135,b'\x3b\0\1\0\0'), backend)
    test(6, '-p mh -m mh --mh-type 1', ip6(135,b'\x3b\0\1\0\0\0\0\0'), backend)
    test(6, '-p mh -m mh --mh-type 1', ip6(135,b'\x11\0\1\0\0\0\0\0'), backend)
    test(6, '-m eui64', ip6(17,b'x'*20,'fd00::0:ff:fe00:2'), backend)
    test(6, '-m eui64', ip6(17,b'x'*20,'fd00::200:ff:fe00:2'), backend)
    test(6, '-p icmpv6 -m icmp6 --icmpv6-type 128', ip6(58,b'\x80\0'), backend)
    test(6, '-p icmpv6 -m icmp6 ! --icmpv6-type 128', ip6(58,b'\x81\0\0\0'), backend)
    test(4, '-p icmp -m icmp --icmp-type 8', ip4(1,b'\x08\0\0'), backend)
    test(4, '-p icmp -m icmp --icmp-type 8', ip4(1,b'\x00'), backend)
    test(4, '-p icmp -m icmp --icmp-type any', ip4(1,b'\x00'), backend)
    test(4, '-p icmp -m icmp --icmp-type any', ip4(1,b'\x00'*32,5), backend)
    th=struct.pack('!HHIIBBHHH',1,80,0,0,0x50,0xc2,0,0,0)
    test(4, '-p tcp -m ecn --ecn-tcp-cwr --ecn-tcp-ece', ip4(6,th), backend)
    test(4, '-p tcp -m ecn --ecn-tcp-cwr', ip4(6,th[:15]), backend)
    test(4, '-p tcp -m ecn --ecn-tcp-cwr', ip4(6,th+th,5), backend)
    test(4, '-p tcp -m ecn --ecn-tcp-cwr', ip4(6,th[:15],5), backend)
    test(4, '-p tcp -m ecn ! --ecn-ip-ect 2', ip4(6,th,0,2), backend)
    test(4, '-p tcp -m tcp --dport 80', ip4(6,th[:15]), backend)
    test(4, '-p tcp -m tcp --tcp-flags SYN SYN', ip4(6,th[:13]), backend)
    test(4, '-p tcp -m tcp', ip4(6,th[:13]), backend)
    test(4, '-p tcp -m tcp', ip4(6,th,1), backend)
    test(4, '-p tcp -m tcp --dport 80', ip4(6,th,1), backend)
    test(4, '-p tcp -m tcp --tcp-option 2', ip4(6,th[:12]+b'\x40'+th[13:]), backend)
    test(4, '-p tcp -m tcp ! --tcp-option 2', ip4(6,th), backend)
    test(4, '-p tcp -m tcp --tcp-option 2', ip4(6,th[:12]+b'\x60'+th[13:]+b'\1\1'), backend)
    test(4, '-p tcp -m tcp --tcp-option 2', ip4(6,th[:12]+b'\x60'+th[13:]+b'\1\1\1\5'), backend)
    test(4, '-p tcp -m tcp --tcp-option 2', ip4(6,th[:12]+b'\x60'+th[13:]+b'\2\4\1\1'), backend)
    test(4, '-p tcp -m tcp ! --sport :', ip4(6,th), backend)
    test(4, '-p tcp -m tcp --tcp-flags NONE SYN', ip4(6,th), backend)
    test(4, '-p tcp -m tcp ! --tcp-flags NONE NONE', ip4(6,th), backend)
    test(4, '-p udp -m udp --dport 80', ip4(17,b'\0\1\0\x50\0'), backend)
    test(4, '-p udp -m udp', ip4(17,b'\0\1\0\x50\0'), backend)
    test(4, '-p udp -m multiport --dports 80', ip4(17,b'\0\1\0'), backend)
    test(4, '-p udp -m multiport --dports 80', ip4(17,b'\0\1\0\x50'), backend)
    test(4, '-p udplite -m multiport --dports 80', ip4(136,b'\0\1\0\x50'), backend)
    test(6, '-p tcp -m tcp --dport 80', ip6(44,struct.pack('!BBHI',6,0,(1<<3)|1,77)+th), backend)
    test(6, '-p tcp -m tcp --dport 80', ip6(6,th[:15]), backend)
    test(6, '-p udp -m udp --dport 80', ip6(17,th[:5]), backend)
    test(4, '-m pkttype --pkt-type host', ip4(17,th), backend)
    test(4, '-m mac --mac-source 02:00:00:00:00:02', ip4(17,th), backend)
    test(4, '-p esp -m esp --espspi 1', ip4(50,b'\0\0\0\1\0\0\0'), backend)
    test(4, '-p esp -m esp --espspi 1', ip4(50,b'\0\0\0\1\0\0\0\0'), backend)
    test(4, '-p ah -m ah --ahspi 1', ip4(51,b'\0\0\0\0\0\0\0\1\0\0\0'), backend)
    test(4, '-p ah -m ah --ahspi 1', ip4(51,b'\0\0\0\0\0\0\0\1\0\0\0\0'), backend)
    sc=struct.pack('!HHII',1,80,0,0)
    test(4, '-p sctp -m sctp --chunk-types any DATA', ip4(132,sc), backend)
    test(4, '-p sctp -m sctp --dport 80', ip4(132,sc), backend)
    test(4, '-p sctp -m sctp --chunk-types any DATA', ip4(132,sc+b'\0\3\0\x08xxxx'), backend)
    test(4, '-p sctp -m sctp --chunk-types all DATA', ip4(132,sc+b'\0\3\0\x08xxxx\3\0\0\4'), backend)
    test(4, '-p sctp -m sctp --chunk-types only DATA', ip4(132,sc+b'\0\3\0\x08xxxx\3\0\0\4'), backend)
    test(4, '-p sctp -m sctp --chunk-types only DATA,SACK', ip4(132,sc+b'\0\3\0\x08xxxx\3\0\0\4'), backend)
    test(4, '-p sctp -m sctp --chunk-types all DATA:BE', ip4(132,sc+b'\0\3\0\x08xxxx\3\0\0\4'), backend)
    test(4, '-p sctp -m sctp --chunk-types all DATA:Be', ip4(132,sc+b'\0\3\0\x08xxxx\3\0\0\4'), backend)
    test(4, '-p sctp -m sctp --chunk-types any SACK', ip4(132,sc+b'\0\3\0\0xxxx\3\0\0\4'), backend)
    test(4, '-p sctp -m sctp --chunk-types any SACK', ip4(132,sc+b'\0\3\0\x80xxxx\3\0\0\4'), backend)
    test(4, '-p sctp -m sctp --chunk-types any SACK', ip4(132,sc+b'\0\3\0\x08xxxx\3\0'), backend)
    test(4, '-p sctp -m sctp --chunk-types any I_DATA:I', ip4(132,sc+b'\x40\0\0\x08xxxx'), backend)
    dc=lambda t,doff,opts=b'',x=1: struct.pack('!HHBBHBBHI',1,80,doff,0,0,(t<<1)|x,0,0,0)+opts
    test(4, '-p dccp -m dccp --dccp-types REQUEST', ip4(33,dc(0,5)+b'\0'*4), backend)
    test(4, '-p dccp -m dccp ! --dccp-types REQUEST', ip4(33,dc(0,5)+b'\0'*4), backend)
    test(4, '-p dccp -m dccp --dport 80', ip4(33,dc(0,5)[:11]), backend)
    test(4, '-p dccp -m dccp ! --dccp-option 5', ip4(33,dc(0,5)+b'\0'*4), backend)
    test(4, '-p dccp -m dccp ! --dccp-option 5', ip4(33,dc(0,4)+b'\0'*4), backend)
    test(4, '-p dccp -m dccp --dccp-option 5', ip4(33,dc(0,6)+b'\0'*4+b'\0\0\5\2'), backend)
    test(4, '-p dccp -m dccp --dccp-option 5', ip4(33,dc(3,7)+b'\0'*8+b'\0\0\5\2'), backend)
    test(4, '-p dccp -m dccp --dccp-option 5', ip4(33,dc(12,8)+b'\0'*12+b'\0\0\5\2'), backend)
    test(4, '-p dccp -m dccp --dccp-option 5', ip4(33,struct.pack('!HHBBHBBH',1,80,4,0,0,(2<<1)|0,0,0)+b'\0\0\5\2'), backend)
    test(4, '-m length --length 33', ip4(17,b'\0'*13), backend)
    lt=struct.pack('!BBHI',6,0,(8<<3)|1,77)+th
    test(6, '-p tcp -m ecn --ecn-tcp-cwr', ip6(44,lt,'fd00:0:80::2'), backend)
    test(6, '-p tcp -m ecn --ecn-tcp-cwr', ip6(44,lt,'fd00:0:0080::2'), backend)
    test(6, '-p tcp -m ecn --ecn-tcp-cwr', ip6(44,lt), backend)
    test(6, '-p tcp -m tcp --dport 80', ip6(44,lt,'fd00::2',80), backend)
    test(6, '-p tcp -m tcp --sport 24576', ip6(44,lt), backend)
    test(4, '-p tcp -m tcp --dport 80', ip4(6,th,9), backend)
    test(4, '-p tcp -m tcp --dport 80', ip4(6,th[:3],9), backend)
    test(4, '-p udp -m udp --dport 80', ip4(17,th,9), backend)
    test(4, '-p tcp -m tcp --tcp-flags SYN SYN', ip4(6,th,9), backend)
    test(6, '-m dst', ip6(60,bytes([17,9,1,4,0,0,0,0])+b'x'*20), backend)
    test(6, '-m dst --dst-len 80', ip6(60,bytes([17,9,1,4,0,0,0,0])+b'x'*20), backend)
    test(6, '-m dst --dst-len 80', ip6(60,bytes([17,9,1,4,0,0,0,0])+b'x'*72), backend)
    test(6, '-m dst --dst-len 80', ip6(60,bytes([17,9,1,4,0,0,0,0])+b'x'*71), backend)
    test(6, '-m rt', ip6(43,b'\x11\0\4\0'+b'\0'*3), backend)
    test(6, '-m rt', ip6(43,b'\x11\0\4\0'+b'\0'*4), backend)
    test(6, '-m rt --rt-type 0 --rt-0-res', ip6(43,b'\x11\0\0\0'+b'\0'*4), backend)
    test(6, '-m rt --rt-type 0 --rt-0-addrs ::1,::2 --rt-0-not-strict', ip6(43,b'\x11\6\0\0'+b'\0'*4+b'\0'*15+b'\1'+b'\0'*15+b'\5'+b'\0'*15+b'\2'), backend)
    test(6, '-m rt --rt-type 0 --rt-0-addrs ::1,::2', ip6(43,b'\x11\6\0\0'+b'\0'*4+b'\0'*15+b'\1'+b'\0'*15+b'\5'+b'\0'*15+b'\2'), backend)
    test(6, '-m rt --rt-type 0 --rt-0-addrs ::1,::5,::2', ip6(43,b'\x11\6\0\0'+b'\0'*4+b'\0'*15+b'\1'+b'\0'*15+b'\5'+b'\0'*15+b'\2'), backend)
    test(6, '-m ah', ip6(51,b'\x11\0\0\0'), backend)
    test(6, '-m ah', ip6(51,b'\x11\x40'+b'\0'*10), backend)
    test(6, '-m ah --ahlen 12', ip6(51,b'\x11\x01'+b'\0'*10), backend)
    test(6, '-m frag', ip6(60,bytes([44,9,1,4,0,0,0,0])+b'x'*20), backend)
    test(4, '-p icmp -m icmp --icmp-type 8', ip4(1,b'\x08\0\0\0\0\0\0'), backend)
    test(4, '-p icmp -m icmp --icmp-type 8', ip4(1,b'\x08\0\0\0\0\0\0\0'), backend)
    test(6, '-p icmpv6 -m icmp6 --icmpv6-type 128', ip6(58,b'\x80\0\0\0\0\0\0'), backend)
    test(6, '-p icmpv6 -m icmp6 --icmpv6-type 128', ip6(58,b'\x80\0\0\0\0\0\0\0'), backend)
    test(6, '-p icmpv6 -m icmp6 --icmpv6-type 255', ip6(58,b'\x80\0\0\0\0\0\0\0'), backend)
    test(4, '-p icmp -m icmp --icmp-type 255', ip4(1,b'\x08\0\0\0\0\0\0\0'), backend)
    test(4, '-m mark --mark 0/0', ip4(1,b'\x08\0\0\0\0\0\0\0'), backend)
    test(4, '-m iprange ! --src-range 10.9.0.9-10.9.0.1', ip4(1,b'\x08\0\0\0\0\0\0\0'), backend)
    bad=sc+b'\0\3\0\0xxxx'
    test(4, '-p sctp -m sctp ! --chunk-types any SACK', ip4(132,bad), backend)
    test(4, '-p sctp -m sctp ! --chunk-types any SACK -m length --length 0:1500 -m ttl --ttl-eq 64', ip4(132,bad), backend)
    test(4, '-p sctp -m sctp ! --chunk-types any SACK -m length --length 0:10', ip4(132,bad), backend)
    test(4, '-p sctp -m length --length 0:10 -m sctp ! --chunk-types any SACK', ip4(132,bad), backend)
    test(4, '-p dccp -m dccp ! --dccp-option 5 -m ttl --ttl-gt 64', ip4(33,dc(0,4)+b'\0'*4), backend)
    test(4, '-p dccp -m dccp ! --dccp-option 5 -m ttl --ttl-lt 65', ip4(33,dc(0,4)+b'\0'*4), backend)
    test(4, '-p dccp -m dccp ! --dccp-option 5 --dccp-types ACK', ip4(33,dc(0,4)+b'\0'*4), backend)
    test(6, '-p sctp -m sctp ! --chunk-types all DATA -m frag --fragid 1', ip6(132,bad), backend)
    test(6, '-p sctp -m sctp ! --chunk-types all DATA -m dst', ip6(132,bad), backend)
    test(6, '-p sctp -m sctp ! --chunk-types all DATA -m hl --hl-eq 64', ip6(132,bad), backend)
    # An authentication header, and header chains that break off: what -p sees.
    ah=lambda following: bytes([following,1])+b'\0'*10
    chains=(
        ip6(51,ah(6)+th),
        ip6(51,ah(51)+ah(6)+th),
        ip6(51,b'\x06'),
        ip6(51,ah(60)),
        ip6(51,ah(60)+bytes([6,0])+b'\0'*6+th),
        ip6(60,bytes([51,0])+b'\0'*6+ah(6)+th),
        ip6(60,b'\x06'),
        ip6(44,struct.pack('!BBHI',51,0,1,77)+ah(6)+th),
        ip6(44,struct.pack('!BBHI',51,0,(8<<3)|1,77)+ah(6)+th),
        ip6(44,struct.pack('!BBHI',60,0,(8<<3)|1,77)+th),
        ip6(51,ah(44)+struct.pack('!BBHI',6,0,(8<<3)|1,77)+th),
        ip6(51,ah(59)),
        ip6(59,th),
    )
    for frame in chains:
        for rule in ('-p tcp', '! -p tcp', '-p ah', '! -p ah', '-p ipv6-nonxt'):
            test(6, rule, frame, backend)
    test(6, '-p tcp -m tcp --dport 80', chains[0], backend)
    test(6, '-p tcp -m tcp --dport 80', chains[10], backend)
    test(6, '-p tcp -m tcp', chains[0], backend)
    test(6, '-p tcp -m multiport --dports 80', chains[0], backend)
    test(6, '-p ah -m ah --ahspi 0', chains[0], backend)
    test(6, '-m ah --ahspi 0', chains[0], backend)
    test(6, '-p tcp -s fd00::9', chains[6], backend)
    test(6, '-s fd00::9', chains[6], backend)
    # Payload length 0 in front of hop-by-hop options: the frame's length stands.
    jumbo=bytearray(ip6(0,bytes([17,0,1,4,0,0,0,0])+b'\0\1\0\x50\0\x08\0\0'))
    jumbo[18:20]=b'\0\0'
    test(6, '-m length --length 40', bytes(jumbo), backend)
    test(6, '-m length --length 56', bytes(jumbo), backend)
    test(6, '-m hbh', bytes(jumbo), backend)
    test(6, '-p udp -m udp --dport 80', bytes(jumbo), backend)
    test(4, '-p dccp -m dccp ! --dccp-option 5', ip4(33,dc(12,6)+b'\0'*8), backend)
    test(4, '-p dccp -m dccp --dccp-option 5', ip4(33,dc(12,6)+b'\0'*8), backend)
    test(4, '-p dccp -m dccp --dccp-types INVALID', ip4(33,dc(12,7)+b'\0'*12), backend)
    test(4, '-p dccp -m dccp --dccp-types RESET', ip4(33,dc(7,7)+b'\0'*12), backend)
    test(4, '-m tos --tos 0x1f/0x10', ip4(17,th,0,0x10), backend)
    test(4, '-m tos ! --tos 0x1f/0x10', ip4(17,th,0,0x10), backend)
    test(4, '-m tos --tos 0x10/0x10', ip4(17,th,0,0x1f), backend)
    test(4, '-m tos --tos minimize-delay', ip4(17,th,0,0x13), backend)
    test(4, '-m tos --tos minimize-delay', ip4(17,th,0,0x53), backend)
    test(4, '-m dscp --dscp 4', ip4(17,th,0,0x13), backend)
    test(6, '-m tos --tos 0x10/0x10', ip6(17,th,flow=0x1f<<20), backend)
    test(6, '-m dscp ! --dscp 4', ip6(17,th,flow=0x13<<20), backend)
    test(6, '-m ecn --ecn-ip-ect 3', ip6(17,th,flow=0x13<<20), backend)
    test(4, '-m ttl --ttl-lt 0', ip4(17,th), backend)
    test(4, '-m ttl --ttl-gt 255', ip4(17,th), backend)
    test(4, '-m length ! --length 40:', ip4(17,th), backend)
    test(4, '-m length --length 40:40', ip4(17,th), backend)
    for fragment in (0, 1, 0x2000, 0x2001):
        test(4, '-f', ip4(17,th,fragment), backend)
        test(4, '! -f', ip4(17,th,fragment), backend)
        test(4, '-f -p tcp -m tcp --dport 80', ip4(6,th,fragment), backend)
        test(4, '-p tcp -m tcp --tcp-option 2', ip4(6,th,fragment), backend)
        test(4, '-p tcp -m tcp ! --tcp-option 2', ip4(6,th,fragment), backend)
        test(4, '-p udp -m multiport ! --ports 80', ip4(17,th,fragment), backend)
        test(4, '-p icmp -m icmp --icmp-type any', ip4(1,b'\x08'*32,fragment), backend)
        test(4, '-p icmp -m icmp ! --icmp-type any', ip4(1,b'\x08'*32,fragment), backend)
        test(4, '-p sctp -m sctp ! --dport 80', ip4(132,sc,fragment), backend)
        test(4, '-p dccp -m dccp ! --dport 80', ip4(33,dc(0,5)+b'\0'*4,fragment), backend)
        test(4, '-p esp -m esp', ip4(50,b'\0'*8,fragment), backend)
        test(4, '-p ah -m ah', ip4(51,b'\0'*12,fragment), backend)
    for offset in (0, 8, 16):
        part=lambda proto: struct.pack('!BBHI',proto,0,offset|1,77)
        test(6, '-p tcp -m tcp --tcp-option 2', ip6(44,part(6)+th), backend)
        test(6, '-p tcp -m tcp', ip6(44,part(6)+th), backend)
        test(6, '-p udp -m udp', ip6(44,part(17)+th), backend)
        test(6, '-p mh -m mh', ip6(44,part(135)+b'\x3b\0\1\0\0\0\0\0'), backend)
        test(6, '-p icmpv6 -m icmp6 --icmpv6-type 128', ip6(44,part(58)+b'\x80'+b'\0'*15), backend)
        test(6, '-m ipv6header --header frag,prot', ip6(44,part(17)+th), backend)
        test(6, '-m frag --fraglast', ip6(44,part(17)+th), backend)
        test(6, '-m frag --fragfirst', ip6(44,part(17)+th), backend)
        test(6, '-m frag --fragres', ip6(44,struct.pack('!BBHI',17,0,offset|2,77)+th), backend)
        test(6, '-m frag --fragres', ip6(44,struct.pack('!BBHI',17,1,offset,77)+th), backend)
        test(6, '-m frag ! --fragid 5:76', ip6(44,part(17)+th), backend)
        test(6, '-m rt', ip6(44,part(43)+b'\x11\0\0\0\0\0\0\0'+th), backend)
        test(6, '-m ah', ip6(44,part(51)+ah(6)+th), backend)
        test(6, '-m eui64', ip6(44,part(17)+th,'fd00::ff:fe00:2'), backend)
        test(6, '-p udp -m eui64', ip6(44,part(17)+th), backend)
    for proto, name in ((6,'tcp'), (17,'udp')):
        for ports in (b'\0', b'\0\1', b'\0\1\0'):
            test(4, f'-p {name} -m {name} --sport 1', ip4(proto,ports), backend)
            test(6, f'-p {name} -m {name} --sport 1', ip6(proto,ports), backend)
            test(4, f'-p {name} -m {name} --sport 1 ! --dport 1', ip4(proto,ports), backend)

run('ip', 'netns', 'del', HOST)
run('ip', 'netns', 'del', PEER)
