// PPTP (nf_conntrack_pptp.c, RFC 2637): a control connection agrees on the call ids of a GRE tunnel.

import type { Tuple } from '../../../conntrack/entry.ts';
import type { Address } from '../../../model/address.ts';
import { type ExpectationTable, equal, type Master, type Request, type Tunnel } from '../expectation.ts';
import { type Context, type HelperVerdict, type Segment, tcpPayload, word16, word32 } from './segment.ts';

const GRE = 47;
const HEADER = 12;

interface State {
  session: 'none' | 'error' | 'stopping' | 'requested' | 'confirmed';
  call:
    | 'none'
    | 'out-requested'
    | 'out-confirmed'
    | 'in-requested'
    | 'in-replied'
    | 'in-confirmed'
    | 'clearing';
  /** Call ids of the client (PNS) and the server (PAC). */
  pns: number;
  pac: number;
  tunnel: Tunnel | undefined;
}

/** A message's type, its least length behind the header, and what it does. */
interface Message {
  readonly least: number;
  readonly act?: (state: State, body: Uint8Array, session: Session) => void;
}

/** What a message can ask for. */
interface Session {
  expectTunnel(): void;
  endCall(): void;
}

const FROM_CLIENT: Record<number, Message['act']> = {
  1: (state) => {
    if (state.session === 'none') state.session = 'requested';
  },
  3: (state) => {
    state.session = 'stopping';
  },
  7: (state, body) => {
    if (state.session !== 'confirmed') return;
    state.call = 'out-requested';
    state.pns = word16(body, 0);
  },
  10: (state, body) => {
    if (state.call !== 'in-requested' && state.call !== 'in-replied') return;
    if (state.pac !== word16(body, 2)) return;
    state.call = body[4] === 1 ? 'in-replied' : 'none';
    if (body[4] === 1) state.pns = word16(body, 0);
  },
  12: (state) => {
    if (state.session === 'confirmed') state.call = 'clearing';
  },
};

const FROM_SERVER: Record<number, Message['act']> = {
  2: (state, body) => {
    if (state.session === 'requested' || state.session === 'confirmed')
      state.session = body[2] === 1 ? 'confirmed' : 'error';
  },
  4: (state, body) => {
    if (state.session === 'requested' || state.session === 'confirmed') return;
    state.session = body[0] === 1 ? 'none' : 'error';
  },
  8: (state, body, session) => {
    if (state.session !== 'confirmed' || !state.call.startsWith('out-')) return;
    if (state.pns !== word16(body, 2)) return;
    state.call = body[4] === 1 ? 'out-confirmed' : 'none';
    if (body[4] !== 1) return;
    state.pac = word16(body, 0);
    session.expectTunnel();
  },
  9: (state, body) => {
    if (state.session !== 'confirmed') return;
    state.call = 'in-requested';
    state.pac = word16(body, 0);
  },
  11: (state, body, session) => {
    if (state.session !== 'confirmed' || state.pns !== word16(body, 0)) return;
    if (state.call !== 'in-replied' && state.call !== 'in-confirmed') return;
    state.call = 'in-confirmed';
    session.expectTunnel();
  },
  13: (state, _body, session) => {
    state.call = 'none';
    session.endCall();
  },
};

const LEAST: Record<number, number> = {
  1: 144,
  2: 144,
  3: 4,
  4: 4,
  7: 156,
  8: 20,
  9: 208,
  10: 12,
  11: 16,
  12: 4,
  13: 136,
};

export function pptp({ master, expectations }: Context, segment: Segment): HelperVerdict {
  const payload = segment.established ? tcpPayload(segment) : undefined;
  if (payload === undefined || payload.bytes.length < HEADER) return 'accept';
  if (word16(payload.bytes, 2) !== 1 || word32(payload.bytes, 4) !== 0x1a2b3c4d) return 'accept';
  const message = word16(payload.bytes, 8);
  const least = LEAST[message] ?? 0;
  const body = payload.bytes.subarray(HEADER);
  // Of what was cut the first five bytes are enough.
  if (payload.length - HEADER < least || body.length < Math.min(least, 5)) return 'accept';
  master.helperState ??= { session: 'none', call: 'none', pns: 0, pac: 0, tunnel: undefined } satisfies State;
  const state = master.helperState as State;
  const messages = segment.direction === 'original' ? FROM_CLIENT : FROM_SERVER;
  messages[message]?.(state, body, {
    expectTunnel: () => expectTunnel(master, state, expectations, segment.nowNs),
    endCall: () => endCall(master, state, expectations, segment.nowNs),
  });
  return 'accept';
}

/** The two directions' tuples of the tunnel. */
function tunnelTuples(master: Master, { pns, pac }: State): readonly [Tuple, Tuple] {
  const up = { source: master.original.source, destination: master.original.destination };
  const down = { source: master.reply.source, destination: master.reply.destination };
  return [
    { ...up, sourceKey: pns, destinationKey: pac },
    { ...down, sourceKey: pac, destinationKey: pns },
  ];
}

/** exp_gre */
function expectTunnel(master: Master, state: State, expectations: ExpectationTable, nowNs: bigint): void {
  const [up, down] = tunnelTuples(master, state).map((tuple): Request => {
    const inverse: Tuple = {
      source: tuple.destination,
      destination: tuple.source,
      sourceKey: tuple.destinationKey,
      destinationKey: tuple.sourceKey,
    };
    return {
      family: master.family,
      protocol: GRE,
      source: tuple.source,
      destination: tuple.destination,
      sourcePort: tuple.sourceKey,
      destinationPort: tuple.destinationKey as number,
      class: 0,
      met: (tunnel) => {
        state.tunnel = tunnel;
        const other = expectations.find(master.family, GRE, inverse, master.zone, nowNs);
        if (other !== undefined) expectations.remove(other);
      },
    };
  }) as [Request, Request];
  const before = new Set(expectations.of(master, nowNs));
  if (expectations.expect(master, up, nowNs) !== 'expected') return;
  const ids = { master, family: master.family };
  if (expectations.expect(master, down, nowNs) === 'expected') {
    const [first, second] = tunnelTuples(master, state);
    if (expectations.keys.add({ ...ids, direction: 0, tuple: first })) {
      if (expectations.keys.add({ ...ids, direction: 1, tuple: second })) return;
      expectations.keys.forget(master);
    }
  }
  for (const one of expectations.of(master, nowNs)) if (!before.has(one)) expectations.remove(one);
}

/** pptp_destroy_siblings */
function endCall(master: Master, state: State, expectations: ExpectationTable, nowNs: bigint): void {
  expectations.keys.forget(master);
  for (const tuple of tunnelTuples(master, state)) {
    if (state.tunnel !== undefined && isTunnel(state.tunnel, tuple)) {
      state.tunnel.kill();
      state.tunnel = undefined;
      continue;
    }
    const expected = expectations.find(master.family, GRE, tuple, master.zone, nowNs);
    if (expected !== undefined) expectations.remove(expected);
  }
}

/** The session's connection is gone: with it goes its tunnel. */
export function forgetSession(master: Master, expectations: ExpectationTable): void {
  expectations.keys.forget(master);
  const state = master.helperState as State | undefined;
  if (state?.tunnel === undefined) return;
  const { tunnel } = state;
  if (tunnelTuples(master, state).some((tuple) => isTunnel(tunnel, tuple))) tunnel.kill();
}

/** Whether the tuple is that of the tunnel in one of its directions. */
function isTunnel({ original, isAlive }: Tunnel, tuple: Tuple): boolean {
  if (!isAlive()) return false;
  const own = [
    original.sourceKey ?? original.sourcePort,
    original.destinationKey ?? original.destinationPort,
  ];
  const keys = [tuple.sourceKey, tuple.destinationKey];
  const same = (a: Address, b: Address): boolean => equal(a, b);
  return (
    (same(original.source, tuple.source) && own[0] === keys[0] && own[1] === keys[1]) ||
    (same(original.source, tuple.destination) && own[0] === keys[1] && own[1] === keys[0])
  );
}
