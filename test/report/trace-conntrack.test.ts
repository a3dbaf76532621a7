import { describe, expect, it } from 'vitest';
import { readConntrack } from '../../src/conntrack/read.ts';
import * as Invalid from '../../src/layout/invalid.ts';
import { INVALID_TEXTS } from '../../src/report/invalid.ts';
import { conntrackLine } from '../../src/report/trace-conntrack.ts';

const TCP =
  'ipv4     2 tcp      6 60 SYN_RECV src=192.0.2.1 dst=192.0.2.2 sport=1 dport=80 src=192.0.2.2 dst=192.0.2.1 sport=80 dport=1 mark=0 use=1';
const UDP = TCP.replace('tcp      6 60 SYN_RECV', 'udp      17 30');
const [tcp, udp] = [TCP, UDP].map((text) => readConntrack(text, { file: '' })[0]);

describe('conntrackLine', () => {
  it('shows the connection and how the packet changed it', () => {
    const step = {
      place: 0,
      hook: 'PREROUTING',
      ctstate: 'ESTABLISHED',
      direction: 'reply',
      entry: tcp,
    } as const;
    expect(conntrackLine({ ...step, before: 'SYN_SENT' }, 0n)).toBe(
      `CONNTRACK: PREROUTING ESTABLISHED reply SYN_SENT->SYN_RECV: ${TCP}`,
    );
  });

  it('shows the first packet of a connection, and protocols without states', () => {
    const step = { place: 0, hook: 'OUTPUT', ctstate: 'NEW', direction: 'original' } as const;
    expect(conntrackLine({ ...step, entry: tcp }, 0n)).toBe(
      `CONNTRACK: OUTPUT NEW original SYN_RECV: ${TCP}`,
    );
    expect(conntrackLine({ ...step, entry: udp }, 0n)).toBe(`CONNTRACK: OUTPUT NEW original: ${UDP}`);
  });

  it('says why a packet belongs to no connection', () => {
    const why = Invalid.TCP_ACK_OVER;
    const invalid = { place: 0, hook: 'PREROUTING', ctstate: 'INVALID' } as const;
    expect(conntrackLine({ ...invalid, why }, 0n)).toBe(
      'CONNTRACK: PREROUTING INVALID: ACK is over upper bound (ACKed data not seen yet)',
    );
    expect(conntrackLine({ ...invalid, why: Invalid.NONE }, 0n)).toBe('CONNTRACK: PREROUTING INVALID');
    expect(conntrackLine({ place: 0, hook: 'PREROUTING', ctstate: 'UNTRACKED' }, 0n)).toBe(
      'CONNTRACK: PREROUTING UNTRACKED',
    );
  });

  it('has a text for every reason', () => {
    expect(INVALID_TEXTS).toHaveLength(Invalid.COUNT);
  });
});
