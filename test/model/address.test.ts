import { isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress, parseIpv4, parseIpv6, prefixLength, prefixMask } from '../../src/model/address.ts';

const group = fc.oneof(
  fc.integer({ min: 0, max: 0xffff }).map((value) => value.toString(16)),
  fc.constantFrom('0', '00ff', 'FFFF', '12345', '', 'g', '1.2.3.4', '1.2.3', '01.2.3.4', '1.2.3.256'),
);
/** Nearly IPv6 addresses, and some that are. */
const nearly = fc
  .tuple(fc.array(group, { minLength: 1, maxLength: 9 }), fc.constantFrom('', ':', '::'), fc.nat(9))
  .map(([groups, extra, at]) => [
    ...groups.slice(0, at),
    ...(extra === '' ? [] : [extra.slice(1)]),
    ...groups.slice(at),
  ])
  .map((parts) => parts.join(':'));

describe('addresses', () => {
  it('of IPv6 are those that Node.js knows', () => {
    fc.assert(
      fc.property(fc.oneof(nearly, fc.ipV6()), (text) => {
        expect(parseIpv6(text) !== undefined, text).toBe(isIPv6(text));
      }),
      { seed: 20_261_203, numRuns: 5000 },
    );
  });

  it.each(['', ':', ':::', '::', '1::', '::1:', '1:2:3:4:5:6:7:8:', '1:2:3:4:5:6:7::8', '::1%eth0', ' ::1'])(
    '%j is one or is none',
    (text) => expect(parseIpv6(text) !== undefined).toBe(isIPv6(text) && !text.includes('%')),
  );

  it('print what they were read from', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        const zeros = bytes.map((byte) => (byte < 100 ? 0 : byte));
        expect(parseIpv6(formatAddress(zeros))).toStrictEqual(zeros);
      }),
      { seed: 20_261_204 },
    );
    fc.assert(
      fc.property(fc.ipV4(), (text) => {
        expect(formatAddress(parseIpv4(text) as Uint8Array)).toBe(text);
      }),
      { seed: 20_261_205 },
    );
  });

  it('of IPv4 may have zeros before their parts, as inet_pton allows', () => {
    expect(parseIpv4('010.001.00.0')).toStrictEqual(Uint8Array.of(10, 1, 0, 0));
    for (const text of ['1.2.3', '1.2.3.4.5', '1.2.3.256', '1.2.3.0004', '1.2.3.', 'a.b.c.d', '']) {
      expect(parseIpv4(text), text).toBeUndefined();
      expect(isIPv4(text), text).toBe(false);
    }
  });

  it('have masks that are prefixes or not', () => {
    for (const bytes of [4, 16] as const) {
      for (let length = 0; length <= 8 * bytes; length++) {
        const mask = prefixMask(length, bytes);
        expect(prefixLength(mask)).toBe(length);
        if (length < 2) continue;
        mask[0] = (mask[0] as number) & 0x7f;
        expect(prefixLength(mask)).toBeUndefined();
      }
    }
    expect(prefixLength(Uint8Array.of(255, 0, 255, 0))).toBeUndefined();
    expect(prefixLength(Uint8Array.of(255, 254, 0, 1))).toBeUndefined();
  });
});
