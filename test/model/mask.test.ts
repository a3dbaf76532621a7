import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../src/model/address.ts';
import { parseAddressMask, parseNumber } from '../../src/model/mask.ts';
import { protocolName, protocolNumber } from '../../src/model/protocol.ts';
import { servicePort } from '../../src/model/service.ts';

const shown = (text: string, family: 'ipv4' | 'ipv6'): string => {
  const value = parseAddressMask(text, family);
  return 'reason' in value ? value.reason : `${formatAddress(value.address)}/${formatAddress(value.mask)}`;
};

describe('addresses with masks', () => {
  it.each([
    ['10.1.2.3', '10.1.2.3/255.255.255.255'],
    ['10.1.2.3/8', '10.0.0.0/255.0.0.0'],
    ['10.1', '10.1.0.0/255.255.255.255'],
    ['0x0a.010.0.1', '10.8.0.1/255.255.255.255'],
    ['1.2.3.4/255.0.255.0', '1.0.3.0/255.0.255.0'],
    ['anything/0', '0.0.0.0/0.0.0.0'],
    ['1.2.3.4/010', '1.0.0.0/255.0.0.0'],
    ['1.2.3.4/33', 'mask'],
    ['1.2.3.4/255.255', 'mask'],
    ['1.2.3.4.5', 'host'],
    ['256.1.1.1', 'host'],
    ['', 'host'],
    ['::1', 'family'],
    ['::1/128', 'family'],
  ])('IPv4 %s', (text, expected) => expect(shown(text, 'ipv4')).toBe(expected));
  it.each([
    ['2001:db8::1/32', '2001:db8::/ffff:ffff::'],
    ['::1', '::1/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['::5:6/::ffff', '::6/::ffff'],
    ['any/0', '::/::'],
    ['fe80::1%eth0', 'host'],
    ['10.0.0.1', 'family'],
    ['::1/129', 'mask'],
  ])('IPv6 %s', (text, expected) => expect(shown(text, 'ipv6')).toBe(expected));
});

describe('numbers and names', () => {
  it('reads as strtoul does with base 0', () => {
    expect(
      ['10', '010', '0x10', '+7', ' 8', '-1', '1a', '', '300'].map((text) => parseNumber(text, 255)),
    ).toEqual([10, 8, 16, 7, 8, undefined, undefined, undefined, undefined]);
  });
  it('knows protocols and services', () => {
    expect(protocolNumber('ospf')).toBe(89);
    expect(protocolNumber('all')).toBe(0);
    expect(protocolNumber('nonsense')).toBeUndefined();
    expect(protocolName(58)).toBe('ipv6-icmp');
    expect(protocolName(135)).toBe('mobility-header');
    expect(protocolName(89)).toBeUndefined();
    expect(servicePort('http', 'tcp')).toBe(80);
    expect(servicePort('www')).toBe(80);
    expect(servicePort('syslog')).toBe(514);
    expect(servicePort('fsp', 'tcp')).toBeUndefined();
  });
});
