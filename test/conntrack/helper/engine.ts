// What is replayed against the records: a helper's implementation with its expectations, behind one small interface;
// connections, directions and the rest of connection tracking are replay()'s.

import { expect } from 'vitest';
import { type Case, type Parsed, parse, type Seen, spell, withoutTimeouts } from './case.ts';

/** enum ip_conntrack_info */
export type Info = 0 | 1 | 2 | 3;

/** `cut`: bytes of the packet that are captured; `broadcast`: the host sends it to all of its network. */
export interface How {
  readonly cut?: number;
  readonly broadcast?: boolean;
}

export interface Engine {
  /** The sender's call id of a GRE packet. */
  greKey(packet: Parsed): number;
  /** Takes what the packet's new connection was expected by: the helper that it gets (or none). Undefined: nothing. */
  meet(packet: Parsed, seconds: number): { readonly helper: string } | undefined;
  /** A new connection, after meet(). */
  open(packet: Parsed, helper: string, seconds: number): number;
  /** Shows a packet to a connection's helper. False: it is dropped. */
  help(connection: number, packet: Uint8Array, info: Info, seconds: number, how?: How): boolean;
  confirm(connection: number): void;
  /** The connection goes. */
  close(connection: number): void;
  /** Whether the connection's time is over by then. */
  expired(connection: number, seconds: number): boolean;
  expectations(seconds: number): Seen[];
}

interface Flow {
  readonly id: number;
  readonly key: string;
  readonly expected: boolean;
  replied: boolean;
}

const keyOf = (p: Parsed, mirrored = false): string => {
  const ends = [`${p.source}:${p.sport}`, `${p.destination}:${p.dport}`];
  return `${p.proto} ${mirrored ? ends.reverse() : ends}`;
};

/** Replays a case and holds each step to what Linux did. */
export function replay(one: Case, engine: Engine): void {
  const flows: Flow[] = [];
  for (const [i, step] of one.steps.entries()) {
    const where = `${one.name}, step ${i}`;
    const packet = parse(step.packet);
    if (packet.proto === 47) Object.assign(packet, { sport: engine.greKey(packet) });
    if (step.state !== 'INVALID') pass(one, step, packet, flows, engine, where);
    const recorded = withoutTimeouts(step.expects);
    const got = withoutTimeouts(engine.expectations(step.at).map(spell));
    expect({ where, expects: got.lines }).toEqual({ where, expects: recorded.lines });
    for (const [n, timeout] of got.timeouts.entries()) {
      expect(Math.abs(timeout - (recorded.timeouts[n] as number)), where).toBeLessThanOrEqual(1);
    }
  }
}

function pass(
  one: Case,
  step: Case['steps'][0],
  packet: Parsed,
  flows: Flow[],
  engine: Engine,
  where: string,
): void {
  const gone = flows.findIndex((flow) => engine.expired(flow.id, step.at));
  if (gone >= 0) flows.splice(gone, 1);
  const reply = flows.find((flow) => flow.key === keyOf(packet, true));
  let flow = reply ?? flows.find((other) => other.key === keyOf(packet));
  let info: Info = reply !== undefined ? 3 : 2;
  const fresh = flow === undefined;
  if (flow === undefined) {
    const met = engine.meet(packet, step.at);
    const helper = met !== undefined ? met.helper : packet.proto === one.proto ? one.helper : '';
    const id = engine.open(packet, helper, step.at);
    flow = { id, key: keyOf(packet), expected: met !== undefined, replied: false };
  }
  if (info === 2 && flow.replied) info = 0;
  else if (info === 2 && flow.expected) info = 1;
  const broadcast = step.from === 'host' && packet.destination[3] === 255;
  const came = engine.help(flow.id, step.packet, info, step.at, { broadcast });
  const state = came ? ['ESTABLISHED', 'RELATED', 'NEW', 'ESTABLISHED'][info] : null;
  expect({ where, state }).toEqual({ where, state: step.state });
  if (info === 3) flow.replied = true;
  if (!fresh) return;
  if (came) {
    engine.confirm(flow.id);
    flows.push(flow);
  } else engine.close(flow.id);
}
