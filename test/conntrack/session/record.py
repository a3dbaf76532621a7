#!/usr/bin/env python3
"""Records a session of a host: what came and went (capture.pcap.gz), what it is (host/), and what conntrack(8) told
meanwhile (events.txt) and listed at the end (table.txt). As root, from the project's root, after `npm run build`:

    python3 test/conntrack/session/record.py test/conntrack/session

Two network namespaces and a veth pair; connections of TCP that end in every way, UDP with and without answers, ICMP and
a protocol without a tracker, IPv4 and IPv6. Segments are short, so that the capture has them as netfilter saw them.
"""

import gzip
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

CLIENT, HOST = f'session-client-{os.getpid()}', f'session-host-{os.getpid()}'
ADDRESS4, ADDRESS6 = '10.7.0.2', 'fd07::2'


def ip(command):
    subprocess.run(['ip', *command.split()], check=True)


def inside(namespace, command, **options):
    return subprocess.run(['ip', 'netns', 'exec', namespace, *command.split()], check=True, text=True, **options)


SETUP = f"""
netns add {CLIENT}
netns add {HOST}
link add v0 netns {CLIENT} address 02:00:00:00:07:01 type veth peer name v1 netns {HOST} address 02:00:00:00:07:02
-n {CLIENT} addr add 10.7.0.1/24 dev v0
-n {HOST} addr add {ADDRESS4}/24 dev v1
-n {CLIENT} addr add fd07::1/64 dev v0 nodad
-n {HOST} addr add {ADDRESS6}/64 dev v1 nodad
-n {CLIENT} link set v0 up
-n {HOST} link set v1 up
-n {HOST} link set lo up
"""

RULES = """
iptables -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT
iptables -A INPUT -m conntrack --ctstate INVALID -j DROP
ip6tables -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT
"""


def serve():
    """Echoes, inside the host's namespace."""
    def echo(connection):
        try:
            while data := connection.recv(4096):
                connection.send(data)
        except OSError:
            pass
        connection.close()

    def accept(listening):
        while True:
            threading.Thread(target=echo, args=(listening.accept()[0],), daemon=True).start()

    for family, address in ((socket.AF_INET, ADDRESS4), (socket.AF_INET6, ADDRESS6)):
        listening = socket.create_server((address, 80), family=family)
        threading.Thread(target=accept, args=(listening,), daemon=True).start()
    receiving = socket.socket(type=socket.SOCK_DGRAM)
    receiving.bind((ADDRESS4, 53))
    while True:
        data, address = receiving.recvfrom(2000)
        if data != b'silent':
            receiving.sendto(data, address)


def talk():
    """Speaks with the host, inside the client's namespace."""
    held = []
    for round in range(9):
        connection = socket.create_connection((ADDRESS4, 80))
        connection.send(b'x' * (100 * round + 1))
        connection.recv(4096)
        if round % 3 == 1:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        if round % 3 == 2:
            held.append(connection)
        else:
            connection.close()
    for round in range(2):
        connection = socket.create_connection((ADDRESS6, 80))
        connection.send(b'hello')
        connection.recv(10)
        held.append(connection) if round else connection.close()
    try:
        socket.create_connection((ADDRESS4, 81))
    except ConnectionRefusedError:
        pass
    for data, port in ((b'silent', 53), (b'question', 53), (b'closed', 9999)):
        sender = socket.socket(type=socket.SOCK_DGRAM)
        sender.sendto(data, (ADDRESS4, port))
        held.append(sender)
    stream = socket.socket(type=socket.SOCK_DGRAM)
    for _ in range(3):
        stream.sendto(b'more', (ADDRESS4, 53))
        stream.recv(10)
        time.sleep(1.2)
    echo = struct.pack('>BBHHH', 8, 0, 0, 4711, 1)
    echo = echo[:2] + struct.pack('>H', 0xFFFF - sum(struct.unpack('>4H', echo))) + echo[4:]
    socket.socket(socket.AF_INET, socket.SOCK_RAW, 1).sendto(echo, (ADDRESS4, 0))
    socket.socket(socket.AF_INET, socket.SOCK_RAW, 99).sendto(b'abcd', (ADDRESS4, 0))
    for connection in held[:2]:
        connection.close()
    time.sleep(0.3)


def keep_host(directory, collected):
    """Of the snapshot what a scan reads, and of the sysctls those of the network."""
    host = os.path.join(directory, 'host')
    shutil.rmtree(host, ignore_errors=True)
    os.makedirs(host)
    for name in ('addr.json', 'route.json', 'route6.json', 'rule.json', 'rule6.json', 'maddr.json', 'rules.v4', 'rules.v6'):
        shutil.copy(os.path.join(collected, name), host)
    with open(os.path.join(collected, 'sysctl.txt')) as source, open(os.path.join(host, 'sysctl.txt'), 'w') as file:
        file.writelines(line for line in source if line.startswith(('net.netfilter.nf_conntrack_', 'net.ipv4.ip_forward')))


def record(directory, scratch):
    for line in SETUP.strip().splitlines():
        ip(line)
    for namespace, device in ((CLIENT, 'v0'), (HOST, 'v1')):
        inside(namespace, f'ethtool -K {device} tx off tso off gso off gro off', stdout=subprocess.DEVNULL)
    inside(HOST, 'sysctl -qw net.netfilter.nf_conntrack_acct=1 net.netfilter.nf_conntrack_udp_timeout=2')
    for rule in RULES.strip().splitlines():
        inside(HOST, rule)
    time.sleep(1.5)
    begin = lambda command, **options: subprocess.Popen(['ip', 'netns', 'exec', HOST, *command], **options)
    capture = os.path.join(scratch, 'capture.pcap')
    quiet = {'stderr': subprocess.DEVNULL}
    events = begin(['conntrack', '-E', '-o', 'timestamp,extended'], text=True, stdout=subprocess.PIPE, **quiet)
    dump = begin(['tcpdump', '-i', 'v1', '-Z', 'root', '-U', '--immediate-mode', '-w', capture], **quiet)
    server = begin([sys.executable, os.path.abspath(__file__), 'serve'])
    time.sleep(1)
    inside(CLIENT, f'{sys.executable} {os.path.abspath(__file__)} talk')
    table = inside(HOST, 'conntrack -L -o extended', stdout=subprocess.PIPE, **quiet).stdout
    time.sleep(0.3)
    for process in (dump, events, server):
        process.terminate()
    told = events.communicate()[0]
    dump.wait()
    inside(HOST, f'node dist/cli/main.js snapshot {scratch}/host', stdout=subprocess.DEVNULL)
    keep_host(directory, os.path.join(scratch, 'host'))
    with open(capture, 'rb') as source, gzip.GzipFile(os.path.join(directory, 'capture.pcap.gz'), 'wb', mtime=0) as file:
        file.write(source.read())
    for name, text in (('table.txt', table), ('events.txt', told)):
        with open(os.path.join(directory, name), 'w') as file:
            file.write(text)


def main(directory):
    try:
        with tempfile.TemporaryDirectory() as scratch:
            record(directory, scratch)
    finally:
        for namespace in (CLIENT, HOST):
            subprocess.run(['ip', 'netns', 'del', namespace], check=False)


if sys.argv[1:] == ['serve']:
    serve()
elif sys.argv[1:] == ['talk']:
    talk()
else:
    main(sys.argv[1])
