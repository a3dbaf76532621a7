"""Records what Linux's helpers make of conversations: python3 record.py [NAME...] as root writes NAME.jsonl here;
python3 record.py --random COUNT NAME... writes NAME-random.jsonl, of mutated ones.

A line a case: {name, helper, proto, steps}; a step is {at: seconds, from, packet: hex, state, expects[, entries]}, state
null where the packet did not come out at the other side. Expectations as namespace.py spells them.
"""
import importlib, json, os, sys, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from mutate import mutated
from namespace import Router

HERE = os.path.dirname(os.path.abspath(__file__))
HELPERS = {'ftp': 'tcp', 'tftp': 'udp', 'irc': 'tcp', 'sip': 'udp', 'sip-tcp': 'tcp', 'pptp': 'tcp', 'amanda': 'udp',
           'sane': 'tcp', 'netbios-ns': 'udp', 'snmp': 'udp'}


def record(router, file, count):
    name, proto = file.removesuffix('-tcp'), HELPERS[file]
    families = router.helper(name, proto)
    cases = importlib.import_module('cases.' + file.replace('-', '_')).CASES
    if count:
        cases = list(mutated(cases, count, f'{file} {count}'))
    lines = []
    for title, steps in cases:
        router.flush()
        start = time.time()
        made = []
        for step in steps:
            if isinstance(step, (int, float)):
                time.sleep(step)
                continue
            if step == 'entries':
                made[-1]['entries'] = router.entries()
                continue
            if step[0] == 'host':
                packet, state = router.say(*step[1:])
                made.append({'at': round(time.time() - start, 2), 'from': 'host', 'packet': packet.hex(),
                             'state': state, 'expects': router.expectations()})
                continue
            side, packet = step
            family = packet[0] >> 4
            assert family in families, f'{name} is not there for family {family}'
            at = round(time.time() - start, 2)
            state = router.send(side, packet)
            made.append({'at': at, 'from': side, 'packet': packet.hex(), 'state': state,
                         'expects': router.expectations()})
        lines.append(json.dumps({'name': title, 'helper': name, 'proto': proto, 'steps': made}, separators=(',', ':')))
    with open(f'{HERE}/{file}{"-random" if count else ""}.jsonl', 'w') as out:
        out.write('\n'.join(lines) + '\n')
    print(file, 'families', families, 'cases', len(cases))


router = Router()
try:
    names = sys.argv[1:]
    count = int(names[1]) if names[:1] == ['--random'] else 0
    for file in (names[2:] if count else names) or HELPERS:
        record(router, file, count)
finally:
    router.close()
