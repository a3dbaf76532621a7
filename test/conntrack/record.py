#!/usr/bin/env python3
"""Records what conntrack(8) prints: linux-list.txt (`conntrack -L -o extended`), linux-proc.txt (/proc/net/nf_conntrack)
and linux-events.txt (`conntrack -E -o timestamp,extended`); and a fresh namespace's sysctls, linux-sysctl.txt. As root;
needs conntrack, iptables, ip and sysctl.

    test/conntrack/record.py DIRECTORY

Entries are made by `conntrack -I` in every state that it knows, and by traffic over the loopback interface of a network
namespace of its own, with accounting and time stamps on."""

import os
import socket
import struct
import subprocess
import sys
import time

NAMESPACE = f'conntrack-text-{os.getpid()}'


def run(command, quiet=False):
    return subprocess.run(
        ['ip', 'netns', 'exec', NAMESPACE, *command.split()],
        check=not quiet, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL if quiet else None,
    ).stdout


def insert(options):
    subprocess.run(
        ['ip', 'netns', 'exec', NAMESPACE, 'conntrack', '-I', '-t', '1000', *options.split()],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )


def made_by_hand():
    port = 0
    v4, v6 = '-s 192.0.2.1 -d 198.51.100.2', '-s 2001:db8::1 -d 2001:db8:0:1::2'
    for state in 'NONE SYN_SENT SYN_RECV ESTABLISHED FIN_WAIT CLOSE_WAIT LAST_ACK TIME_WAIT CLOSE LISTEN'.split():
        for status in ('', '-u SEEN_REPLY', '-u SEEN_REPLY,ASSURED -m 7'):
            port += 1
            insert(f'{v4} -p tcp --sport {port} --dport 443 --state {state} {status}')
    for state in ('CLOSED COOKIE_WAIT COOKIE_ECHOED ESTABLISHED SHUTDOWN_SENT SHUTDOWN_RECD '
                  'SHUTDOWN_ACK_SENT').split():
        port += 1
        insert(f'{v4} -p sctp --orig-port-src {port} --orig-port-dst 20 --state {state} --orig-vtag 4 --reply-vtag 5')
    insert(f'{v4} -p udp --sport 1 --dport 2 -m 0xffffffff')
    insert(f'{v4} -p udp --sport 2 --dport 2 --zone 5')
    insert(f'{v4} -p udp --sport 3 --dport 2 --orig-zone 5')
    insert(f'{v4} -p udp --sport 4 --dport 2 --reply-zone 65535 -u SEEN_REPLY,FIXED_TIMEOUT')
    insert(f'{v4} -p udplite --sport 1 --dport 2')
    insert(f'{v4} -p icmp --icmp-type 8 --icmp-code 0 --icmp-id 77')
    insert(f'{v4} -p icmp --icmp-type 13 --icmp-code 0 --icmp-id 65535 -u SEEN_REPLY')
    insert(f'{v4} -p gre --srckey 10 --dstkey 65535')
    insert(f'{v4} -p 99')
    insert(f'{v4} -p 2 -u SEEN_REPLY')
    insert(f'{v4} -p tcp --sport 999 --dport 20 --state ESTABLISHED -u SEEN_REPLY,ASSURED -n 203.0.113.5:77')
    insert(f'{v4} -p tcp --sport 998 --dport 20 --state ESTABLISHED -u SEEN_REPLY,ASSURED -g 203.0.113.5:77')
    insert(f'{v6} -p icmpv6 --icmpv6-type 128 --icmpv6-code 0 --icmpv6-id 77')
    insert(f'{v6} -p tcp --sport 1 --dport 20 --state SYN_RECV -u SEEN_REPLY')
    insert('-s fd00::1 -d ::ffff:192.0.2.4 -p udp --sport 1 --dport 20')
    insert('-s fd00:0:0:1:0:0:0:1 -d ::192.0.2.4 -p 99 -u SEEN_REPLY')


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def sctp_init():
    chunk = b'\1\0\0\x14' + struct.pack('>IIHHI', 1, 65536, 1, 1, 1)
    head = struct.pack('>HHI', 10, 20, 0)
    return head + struct.pack('<I', crc32c(head + b'\0\0\0\0' + chunk)) + chunk


def echo(family):
    if family == 4:
        packet = struct.pack('>BBHHH', 8, 0, 0, 4711, 1)
        total = sum(struct.unpack('>4H', packet))
        return packet[:2] + struct.pack('>H', 0xFFFF - total) + packet[4:]
    return struct.pack('>BBHHH', 128, 0, 0, 4711, 1)


def traffic():
    """Runs inside the namespace."""
    listening = socket.create_server(('127.0.0.1', 2121))
    client = socket.create_connection(('127.0.0.1', 2121))
    server, _ = listening.accept()
    client.send(b'x' * 10)
    server.recv(100)
    server.send(b'220 ready\r\n')
    client.recv(100)
    time.sleep(0.1)
    client.close()
    time.sleep(0.1)
    server.close()
    held = [socket.create_connection(('127.0.0.1', 2121)), listening.accept()[0]]
    listening6 = socket.create_server(('::1', 2121), family=socket.AF_INET6)
    held += [socket.create_connection(('::1', 2121)), listening6.accept()[0]]
    try:
        socket.create_connection(('127.0.0.1', 4444))
    except ConnectionRefusedError:
        pass
    for port in (7, 8, 9, 5000):
        receiver = socket.socket(type=socket.SOCK_DGRAM)
        receiver.bind(('127.0.0.1', port))
        sender = socket.socket(type=socket.SOCK_DGRAM)
        sender.sendto(b'question', ('127.0.0.1', port))
        _, address = receiver.recvfrom(10)
        if port == 5000:
            receiver.sendto(b'answer', address)
            time.sleep(0.05)
            sender.sendto(b'again', ('127.0.0.1', port))
    raw = {99: b'abcd', 47: b'\x20\x01\x88\x0b\0\4\0\1abcd', 132: sctp_init(), 33: struct.pack('>HH', 10, 20) + b'\0' * 20,
           136: struct.pack('>HHHH4s', 10, 20, 0, 0, b'abcd'), 1: echo(4)}
    for protocol, data in raw.items():
        socket.socket(socket.AF_INET, socket.SOCK_RAW, protocol).sendto(data, ('127.0.0.1', 0))
    for protocol, data in ((99, b'abcd'), (58, echo(6))):
        socket.socket(socket.AF_INET6, socket.SOCK_RAW, protocol).sendto(data, ('::1', 0))
    time.sleep(0.2)
    print(run_inside('conntrack -L -o extended'), end='')
    print('---')
    print(open('/proc/net/nf_conntrack').read(), end='')
    sys.stdout.flush()
    time.sleep(1.2)
    run_inside('conntrack -L')
    time.sleep(0.2)
    for one in held:
        one.close()


def run_inside(command):
    return subprocess.run(command.split(), text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


RULES = """
iptables -A INPUT -m conntrack --ctstate NEW
ip6tables -A INPUT -m conntrack --ctstate NEW
iptables -t raw -A OUTPUT -p tcp --dport 2121 -j CT --helper ftp
iptables -t raw -A OUTPUT -p udp --dport 7 -j CT --zone 9
iptables -t raw -A PREROUTING -p udp --dport 7 -j CT --zone 9
iptables -t raw -A OUTPUT -p udp --dport 8 -j CT --zone-orig 10
iptables -t raw -A OUTPUT -p udp --dport 9 -j CT --zone-reply 11
iptables -t mangle -A OUTPUT -p tcp -j CONNMARK --set-mark 0x99
iptables -t mangle -A OUTPUT -p udp --dport 5000 -m conntrack --ctstate ESTABLISHED -j CONNMARK --set-mark 0x5
"""


def main():
    directory = sys.argv[1]
    subprocess.run(['ip', 'netns', 'add', NAMESPACE], check=True)
    try:
        run('ip link set lo up')
        for rule in RULES.strip().splitlines():
            run(rule)
        sysctls = ''.join(line for line in run('sysctl net.netfilter').splitlines(True) if 'nf_conntrack_' in line)
        made_by_hand()
        listed = run('conntrack -L -o extended', quiet=True)
        proc = run('cat /proc/net/nf_conntrack')
        run('conntrack -F', quiet=True)
        run('sysctl -qw net.netfilter.nf_conntrack_acct=1 net.netfilter.nf_conntrack_timestamp=1 '
            'net.netfilter.nf_conntrack_udp_timeout=1 net.netfilter.nf_conntrack_udp_timeout_stream=1')
        events = subprocess.Popen(['ip', 'netns', 'exec', NAMESPACE, 'conntrack', '-E', '-o', 'timestamp,extended'],
                                  text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        first, second = run(f'{sys.executable} {os.path.abspath(__file__)} traffic').split('---\n')
        time.sleep(0.3)
        events.terminate()
        seen = events.communicate()[0]
    finally:
        subprocess.run(['ip', 'netns', 'del', NAMESPACE], check=True)
    files = {'list': listed + first, 'proc': proc + second, 'events': seen, 'sysctl': sysctls}
    for name, text in files.items():
        with open(os.path.join(directory, f'linux-{name}.txt'), 'w') as file:
            file.write(text)


if sys.argv[1:] == ['traffic']:
    traffic()
else:
    main()
