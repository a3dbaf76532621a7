// The configuration from a machine's sysctls; defaults against those of a fresh network namespace (record.py).

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type ConntrackFeatures, conntrackConfig, writeConfig } from '../../src/conntrack/config.ts';
import { readHost } from '../../src/host/folder.ts';
import { machineFromOptions } from '../../src/host/options.ts';
import * as Conntrack from '../../src/layout/conntrack.ts';

const features: ConntrackFeatures = { seed: 1n, memoryEntries: 10_000_000 };
const sysctls = readFileSync(new URL('linux-sysctl.txt', import.meta.url), 'utf8');

/** A host with a folder of these sysctls. */
function host(text: string) {
  return readHost((name) => ({
    path: name,
    text:
      name === 'addr.json'
        ? '[{"ifname":"lo","flags":["LOOPBACK","UP"]}]'
        : name === 'sysctl.txt'
          ? text
          : undefined,
  }));
}

describe('conntrackConfig', () => {
  it("has Linux's defaults", () => {
    expect(sysctls).toContain('nf_conntrack_tcp_timeout_established = 432000');
    const verified = { ...features, verifyChecksums: false };
    expect(conntrackConfig(host(''), verified)).toEqual(conntrackConfig(host(sysctls), verified));
  });

  it.each([
    ['tcp_loose = 0', Conntrack.TCP_LOOSE, false],
    ['tcp_be_liberal = 1', Conntrack.TCP_LIBERAL, true],
    ['tcp_ignore_invalid_rst = 1', Conntrack.TCP_IGNORE_INVALID_RST, true],
    ['checksum = 1', Conntrack.CHECKSUM, true],
    ['checksum = 0', Conntrack.CHECKSUM, false],
    ['dccp_loose = 0', Conntrack.DCCP_LOOSE, false],
    ['events = 0', Conntrack.EVENTS, false],
  ])('%s', (line, flag, set) => {
    const one = { ...features, events: true };
    const { flags } = conntrackConfig(host(`net.netfilter.nf_conntrack_${line}\n`), one);
    expect((flags & flag) !== 0).toBe(set);
    expect((conntrackConfig(host(''), one).flags & flag) !== 0).toBe(
      flag === Conntrack.CHECKSUM ? false : !set,
    );
  });

  it('takes every timeout from its sysctl', () => {
    const names = sysctls.split('\n').flatMap((line) => {
      const [, key = ''] = /^(\S*_timeout\S*) = /.exec(line) ?? [];
      return key === '' || key.includes('frag6') ? [] : [key];
    });
    expect(names).toHaveLength(25);
    const seen = names.map((name) => {
      const { timeouts } = conntrackConfig(host(`${name} = 12345\n`), features);
      const before = conntrackConfig(host(''), features).timeouts;
      const changed = Object.entries(timeouts).filter(
        ([key, value]) => JSON.stringify(value) !== JSON.stringify(before[key as keyof typeof before]),
      );
      expect(
        changed.map(([key]) => key),
        name,
      ).toHaveLength(1);
      return JSON.stringify(changed);
    });
    expect(new Set(seen).size).toBe(names.length);
  });

  it('divides the limit among shards that are not small', () => {
    const shards = (text: string) => {
      const { shardBits, shardLimit, limit } = conntrackConfig(host(text), features);
      return [limit, 2 ** shardBits, shardLimit];
    };
    expect(shards('')).toEqual([262_144, 64, 4096]);
    expect(shards('net.netfilter.nf_conntrack_max = 8191')).toEqual([8191, 1, 8191]);
    expect(shards('net.netfilter.nf_conntrack_max = 8193')).toEqual([8193, 2, 4096]);
    expect(shards('net.netfilter.nf_conntrack_max = 1')).toEqual([1, 1, 1]);
    expect(shards('net.netfilter.nf_conntrack_max = 0')).toEqual([10_000_000, 64, 156_250]);
    expect(shards('net.netfilter.nf_conntrack_max = 2000000000')).toEqual([10_000_000, 64, 156_250]);
    expect(conntrackConfig(machineFromOptions({}), features).limit).toBe(10_000_000);
  });

  it('does not take what is no number for one', () => {
    const odd =
      'net.netfilter.nf_conntrack_udp_timeout = -1\nnet.netfilter.nf_conntrack_icmp_timeout = soon\n';
    const { timeouts } = conntrackConfig(
      host(`${odd}net.netfilter.nf_conntrack_gre_timeout = 99999999999`),
      features,
    );
    expect(timeouts).toMatchObject({ udp: 30, icmp: 30, gre: 0x7fffffff });
  });

  it('gives entries what the scan needs', () => {
    expect(conntrackConfig(host(''), features).entry4).toEqual({
      bytes: 128,
      accounting: 0,
      labels: 0,
      timestamp: 0,
      master: 0,
      help: 0,
    });
    const all = conntrackConfig(
      host('net.netfilter.nf_conntrack_acct = 1\nnet.netfilter.nf_conntrack_timestamp = 1'),
      {
        ...features,
        labels: true,
      },
    );
    expect(all.entry4).toEqual({
      bytes: 192,
      accounting: 128,
      labels: 160,
      timestamp: 176,
      master: 0,
      help: 0,
    });
    expect(all.entry6).toEqual({
      bytes: 256,
      accounting: 192,
      labels: 224,
      timestamp: 240,
      master: 0,
      help: 0,
    });
    expect(all.entry6.bytes).toBeLessThanOrEqual(Conntrack.EVENT_BYTES - Conntrack.EVENT_ENTRY);
    expect(conntrackConfig(host(''), { ...features, accounting: true }).entry4.accounting).toBe(128);
    expect(conntrackConfig(host(''), { ...features, master: true }).entry6).toMatchObject({
      bytes: 208,
      master: 192,
    });
  });

  it('draws a seed', () => {
    const seeds = Array.from(
      { length: 4 },
      () => conntrackConfig(host(''), { ...features, seed: undefined }).seed,
    );
    expect(new Set(seeds).size).toBe(4);
    expect(conntrackConfig(host(''), { ...features, seed: -1n }).seed).toBe((1n << 64n) - 1n);
  });
});

describe('writeConfig', () => {
  it('writes every field where the kernel looks for it', () => {
    const config = conntrackConfig(host('net.netfilter.nf_conntrack_acct = 1'), {
      ...features,
      seed: 0xfedcn,
    });
    const view = new DataView(new ArrayBuffer(64 + Conntrack.CONFIG_BYTES));
    writeConfig(view, 64, config, { shards: 4096, heap: 8192, heapEnd: 65536 });
    const word = (offset: number) => view.getUint32(64 + offset, true);
    const seconds = (offset: number) => Number(view.getBigUint64(64 + offset, true) / 1_000_000_000n);
    expect([word(Conntrack.SHARDS), word(Conntrack.HEAP_NEXT), word(Conntrack.HEAP_END)]).toEqual([
      4096, 8192, 65536,
    ]);
    expect(word(Conntrack.SHARD_BITS)).toBe(6);
    expect(word(Conntrack.SHARD_LIMIT)).toBe(4096);
    expect(word(Conntrack.ACCT6)).toBe(192);
    expect(view.getBigUint64(64 + Conntrack.SEED, true)).toBe(0xfedcn);
    expect(seconds(Conntrack.TIMEOUT_TCP + 8 * Conntrack.TCP_ESTABLISHED)).toBe(432_000);
    expect(seconds(Conntrack.TIMEOUT_TCP + 8 * Conntrack.TCP_SYN_SENT2)).toBe(120);
    expect(seconds(Conntrack.TIMEOUT_TCP_RETRANS)).toBe(300);
    expect(seconds(Conntrack.TIMEOUT_UDP_STREAM)).toBe(120);
    expect(seconds(Conntrack.TIMEOUT_SCTP + 8 * 4)).toBe(210);
    expect(seconds(Conntrack.TIMEOUT_DCCP + 8 * 4)).toBe(43_200);
    expect(view.getBigUint64(64 + Conntrack.CONFIG_BYTES - 8, true)).toBe(0n);
  });
});
