// Of which chains the way of a connection's packets is remembered, and what it depends on: told from the compiled image.

import { describe, expect, test } from 'vitest';
import { compile } from '../../src/compile/compile.ts';
import * as Image from '../../src/layout/image.ts';
import * as Trail from '../../src/layout/trail.ts';
import type { Family } from '../../src/model/ruleset.ts';
import { readRules } from '../../src/save/read.ts';
import { FORWARD } from './lane.ts';

const PLAIN = Array.from(
  { length: 4 },
  (_, rule) => `-A FORWARD -p tcp -m tcp --dport ${rule + 1} -j ACCEPT`,
);
const TRACKED = '-A INPUT -m conntrack --ctstate NEW';

/** The mask of FORWARD for a chain with these rules behind some plain ones; undefined when nothing is remembered. */
function maskOf(rules: readonly string[], family: Family = 'ipv4', before: readonly string[] = [TRACKED]) {
  const text = ['*filter', ':sub - [0:0]', ':other - [0:0]', ...before, ...PLAIN, ...rules, 'COMMIT\n'].join(
    '\n',
  );
  const { image } = compile(readRules(text, { file: 'rules', family, unknown: 'keep' }), {
    backend: 'legacy',
    unknown: 'match',
  });
  const view = new DataView(
    image.buffer,
    Image.TRAIL_KEYS + FORWARD * Image.TRAIL_KEY_BYTES,
    Image.TRAIL_KEY_BYTES,
  );
  const mask = [0, 4, 8, 12].map((at) => view.getUint32(at, true));
  return mask[0] === 0 ? undefined : mask.slice(1);
}

const NOTHING = [0, 0, 0];

describe('a way is remembered', () => {
  test.each([
    ['addresses', '-s 192.0.2.1 -d 198.51.100.0/24 -j DROP', NOTHING],
    ['an address range', '-m iprange --src-range 192.0.2.1-192.0.2.7', NOTHING],
    ['several ports', '-p udp -m multiport --ports 1,5:9', NOTHING],
    ['kinds of addresses', '-m addrtype --dst-type LOCAL', NOTHING],
    ['a kind of address at an interface', '-m addrtype --src-type LOCAL --limit-iface-in', [0, 0xffff, 0]],
    ['fragments', '-f -j DROP', NOTHING],
    ['another protocol', '-p icmp -m icmp --icmp-type 8 -m length --length 40 -j MARK --set-mark 1', NOTHING],
    ['tuples of the connection', '-m conntrack --ctorigsrc 192.0.2.1 --ctdir REPLY --ctproto tcp', NOTHING],
    ['the helper of its master', '-m helper --helper ftp', NOTHING],
    ['its state', '-m conntrack --ctstate ESTABLISHED', [0xffff, 0, 0]],
    ['its status', '-m conntrack --ctstatus SEEN_REPLY,ASSURED', [6 << Trail.KEY_STATUS_SHIFT, 0, 0]],
    ['an interface', '-i eth0', [0, 0xffff, 0]],
    ['the other one', '! -o eth0', [0, 0xffff0000, 0]],
    ['marks', '-m mark --mark 1/1', [0, 0, 0xffffffff]],
    ['packet types', '-m pkttype --pkt-type unicast', [7 << Trail.KEY_PKTTYPE_SHIFT, 0, 0]],
    ['TCP flags', '-p tcp -m tcp --syn', [(0x17 << Trail.KEY_FLAGS_SHIFT) >>> 0, 0, 0]],
    ['log entries', '-j LOG', NOTHING],
    ['rejects', '-j REJECT', NOTHING],
  ])('where rules ask for %s', (_, rule, mask) => {
    expect(maskOf([`-A FORWARD ${rule}`])).toEqual(mask);
  });

  test('with what all chains ask that are jumped to', () => {
    const jumps = ['-A FORWARD -j sub', '-A sub -i eth0 -g other', '-A other -m mark --mark 1 -j DROP'];
    expect(maskOf(jumps)).toEqual([0, 0xffff, 0xffffffff]);
    expect(maskOf(['-A sub -i eth0'])).toEqual(NOTHING);
  });
});

describe('a way is not remembered', () => {
  test.each([
    ['length', '-m length --length 40'],
    ['TTL', '-m ttl --ttl-eq 1'],
    ['TOS', '-m tos --tos 0x10/0x3f'],
    ['time left', '-m conntrack --ctexpire 1:10'],
    ['marks of connections', '-m connmark --mark 1'],
    ['labels', '-m connlabel --label 1'],
    ['packets of connections', '-m connbytes --connbytes 1: --connbytes-mode packets --connbytes-dir both'],
    ['hardware addresses', '-m mac --mac-source 02:00:00:00:00:02'],
    ['TCP options', '-p tcp -m tcp --tcp-option 2'],
    ['congestion', '-m ecn --ecn-ip-ect 1'],
    ['any protocol but one', '! -p icmp -m length --length 40'],
  ])('where rules ask for %s', (_, rule) => {
    expect(maskOf([`-A FORWARD ${rule}`])).toBeUndefined();
    expect(maskOf(['-A FORWARD -j sub', '-A sub -g other', `-A other ${rule}`])).toBeUndefined();
  });

  test.each([
    ['mark', '-j MARK --set-mark 1'],
    ['mark connections', '-j CONNMARK --set-mark 1'],
    ['do what is not known', '-j TEE --gateway 192.0.2.1'],
    ['ask for what is not known', '-m recent --rcheck'],
  ])('where rules %s', (_, rule) => {
    expect(maskOf([`-A FORWARD ${rule}`])).toBeUndefined();
  });

  test('where nothing is tracked, or rules are few', () => {
    expect(maskOf([], 'ipv4', [])).toBeUndefined();
    const text = `*filter\n${TRACKED}\n${PLAIN.slice(1).join('\n')}\nCOMMIT\n`;
    const { image } = compile(readRules(text, { file: 'rules', family: 'ipv4' }), {
      backend: 'legacy',
      unknown: 'refuse',
    });
    expect(new Set(image.subarray(Image.TRAIL_KEYS, Image.HEADER_BYTES))).toEqual(new Set([0]));
  });

  test('of IPv6 where kinds of addresses are asked for, which are told by routes', () => {
    expect(maskOf(['-A FORWARD -s 2001:db8::/32'], 'ipv6')).toEqual(NOTHING);
    expect(maskOf(['-A FORWARD -m addrtype --dst-type LOCAL'], 'ipv6')).toBeUndefined();
  });
});
