// Random frames: every protocol that is modelled, with values from the pools; fragments, options, extension headers,
// headers cut short or lying, TTL 0 and 1, addresses that cannot be, VLAN tags, and cuts by the snap length.

import fc from 'fast-check';
import type { Frame } from '../../src/interpret/interpreter.ts';
import type { Family } from '../../src/model/ruleset.ts';
import {
  address,
  ah,
  buildFrame,
  concat,
  dccp,
  esp,
  type FrameSpec,
  fragmentHeader,
  icmp,
  optionsHeader,
  routingHeader,
  sctp,
  tcp,
  udp,
} from './frame.ts';
import { mac } from './host.ts';
import { addresses, LENGTHS, MACS, maybe, PORTS, pick, SPIS, seldom, TOS, TTLS } from './pool.ts';

/** A frame and where the capture says it was. */
export interface PacketSpec {
  readonly spec: FrameSpec;
  /** Index in the machine's interface table; undefined: the capture does not say. */
  readonly interfaceIndex: number | undefined;
  readonly direction: 'in' | 'out' | undefined;
  /** Since the packet before it, ms; default a second. */
  readonly gapMs?: number | undefined;
}

interface Transport {
  readonly protocol: number;
  readonly transport: Uint8Array;
}

const port = pick(PORTS);
const payload = fc.oneof(fc.constant(0), fc.nat({ max: 40 }), fc.constantFrom(1000, 1400));

function transport(protocol: number, bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Transport> {
  return bytes.map((one) => ({ protocol, transport: one }));
}

const tcpBytes = fc
  .record({
    sport: port,
    dport: port,
    flags: fc.oneof(fc.constantFrom(2, 18, 16, 24, 17, 4, 0, 0xc2), fc.nat({ max: 255 })),
    options: fc.oneof(
      fc.constant(new Uint8Array()),
      fc.constantFrom(
        Uint8Array.of(2, 4, 5, 180),
        Uint8Array.of(1, 3, 3, 7),
        Uint8Array.of(8, 0, 1, 1),
        Uint8Array.of(2, 40, 0, 0),
      ),
    ),
    words: maybe(fc.nat({ max: 15 }), 12),
    payload,
  })
  .map(tcp);

const sctpBytes = fc
  .tuple(
    port,
    port,
    fc.array(
      fc.record({
        type: fc.constantFrom(0, 1, 3, 6, 14),
        flags: fc.constantFrom(0, 1, 2),
        bytes: fc.nat({ max: 9 }),
      }),
      {
        maxLength: 4,
      },
    ),
  )
  .map(([sport, dport, chunks]) => sctp(sport, dport, chunks));

const dccpBytes = fc
  .tuple(port, port, fc.nat({ max: 15 }), fc.uint8Array({ maxLength: 24 }))
  .map(([sport, dport, type, options]) => dccp(sport, dport, type, options));

/** Whole transport headers. */
function wholeTransport(family: Family): fc.Arbitrary<Transport> {
  const udpBytes = fc.tuple(port, port, payload).map(([sport, dport, bytes]) => udp(sport, dport, bytes));
  const echo = family === 'ipv4' ? [8, 0, 3, 5] : [128, 129, 1, 135];
  const icmpBytes = fc
    .tuple(pick(echo), fc.constantFrom(0, 1, 4), fc.nat({ max: 20 }))
    .map((all) => icmp(...all));
  return fc.oneof(
    { weight: 5, arbitrary: transport(6, tcpBytes) },
    { weight: 4, arbitrary: transport(17, udpBytes) },
    { weight: 2, arbitrary: transport(family === 'ipv4' ? 1 : 58, icmpBytes) },
    { weight: 1, arbitrary: transport(136, udpBytes) },
    { weight: 2, arbitrary: transport(132, sctpBytes) },
    { weight: 2, arbitrary: transport(33, dccpBytes) },
    { weight: 1, arbitrary: transport(50, pick(SPIS).map(esp)) },
    {
      weight: 1,
      arbitrary: transport(
        51,
        pick(SPIS).map((spi) => ah(6, spi, udp(1, 2))),
      ),
    },
    {
      weight: 1,
      arbitrary: transport(
        135,
        fc.constantFrom(Uint8Array.of(59, 0, 5, 0, 0, 0), Uint8Array.of(6, 0, 1, 0, 0, 0, 0, 0)),
      ),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom(59, 99, 47, 2), payload)
        .map(([protocol, bytes]) => ({ protocol, transport: new Uint8Array(bytes) })),
    },
  );
}

/** ... of which some are cut short, so that the packet ends within the header. */
function anyTransport(family: Family): fc.Arbitrary<Transport> {
  return fc.tuple(wholeTransport(family), maybe(fc.nat({ max: 24 }), 8)).map(([whole, length]) => ({
    ...whole,
    transport: whole.transport.slice(0, length ?? whole.transport.length),
  }));
}

const ipOptions = fc.constantFrom(
  Uint8Array.of(148, 4, 0, 0),
  Uint8Array.of(7, 7, 4, 0, 0, 0, 0),
  Uint8Array.of(7, 7, 6, 0, 0, 0, 0),
  Uint8Array.of(68, 12, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0),
  Uint8Array.of(68, 4, 5, 0xf0),
  Uint8Array.of(131, 7, 4, 192, 0, 2, 9),
  Uint8Array.of(1, 1, 1, 0),
  Uint8Array.of(7, 40, 4),
  Uint8Array.of(130, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0),
);

const extension = fc.oneof(
  fc
    .constantFrom(
      Uint8Array.of(5, 2, 0, 0),
      Uint8Array.of(1, 4, 0, 0, 0, 0),
      Uint8Array.of(0xc0, 2, 0, 0),
      new Uint8Array(),
      Uint8Array.of(5, 3, 0, 0, 0),
    )
    .map((options) => optionsHeader(0, options)),
  fc
    .constantFrom(Uint8Array.of(1, 4, 0, 0, 0, 0), Uint8Array.of(201, 4, 0, 0, 0, 0))
    .map((options) => optionsHeader(60, options)),
  fc.tuple(fc.constantFrom(0, 2), fc.nat({ max: 2 })).map(([kind, left]) => routingHeader(kind, left)),
  fc
    .tuple(fc.constantFrom(0, 0, 1, 2), fc.boolean(), fc.constantFrom(0, 1, 7))
    .map(([offset, more, id]) => fragmentHeader(offset, more, id)),
  pick(SPIS).map((spi) => ({ type: 51, bytes: ah(0, spi) })),
  // A length byte that lies.
  fc.nat({ max: 255 }).map((length) => ({ type: 60, bytes: Uint8Array.of(0, length, 1, 4, 0, 0, 0, 0) })),
);

/** Hop-by-hop options stand first or nowhere, mostly. */
const extensions = fc
  .array(extension, { maxLength: 3 })
  .map((list) => [...list].sort((a, b) => Number(b.type === 0) - Number(a.type === 0)));

function specOf(family: Family): fc.Arbitrary<FrameSpec> {
  const anyAddress = addresses(family).map(address);
  const macs = fc.oneof(
    { weight: 12, arbitrary: fc.constant('02:00:00:00:00:02') },
    { weight: 4, arbitrary: pick([...MACS, '02:00:00:00:00:03', 'ff:ff:ff:ff:ff:ff', '01:00:5e:00:00:01']) },
  );
  const macSources = fc.oneof(
    { weight: 5, arbitrary: fc.constant('02:00:00:00:00:fe') },
    { weight: 1, arbitrary: pick(MACS) },
  );
  const fragment = maybe(fc.record({ offset: fc.constantFrom(0, 0, 1, 2, 3), more: fc.boolean() }), 5);
  return fc
    .record({
      base: fc.record({
        link: fc.constantFrom('ethernet', 'ethernet', 'ethernet', 'raw', 'cooked'),
        packetType: fc.constantFrom(0, 0, 0, 1, 2, 3, 4),
        vlans: fc.oneof(
          { weight: 6, arbitrary: fc.constant([]) },
          { weight: 1, arbitrary: fc.constantFrom([10], [10], [0], [11], [10, 20]) },
        ),
        source: anyAddress,
        destination: anyAddress,
        ttl: fc.oneof({ weight: 3, arbitrary: fc.constant(64) }, { weight: 1, arbitrary: pick(TTLS) }),
        tos: pick(TOS),
        id: fc.constantFrom(1, 2),
        dontFragment: fc.boolean(),
        wrongChecksum: seldom(30),
        version: maybe(fc.constantFrom(0, 4, 5, 6), 40),
        headerWords: maybe(fc.constantFrom(0, 4, 6, 15), 40),
        declaredLength: maybe(fc.oneof(pick(LENGTHS), fc.nat({ max: 120 })), 25),
        padTo: maybe(fc.constant(60), 2),
        snap: maybe(fc.nat({ max: 120 }), 12),
      }),
      macDestination: macs,
      macSource: macSources,
      body: anyTransport(family),
      fragment,
      options: maybe(ipOptions, 10),
      extensions: maybe(extensions, 2),
    })
    .map(({ base, macDestination, macSource, body, fragment: piece, options, extensions: headers }) => ({
      ...base,
      ...body,
      // Linux pads nothing, but every fragment but the last holds whole units of 8 bytes.
      transport:
        piece?.more === true
          ? concat(body.transport, new Uint8Array((8 - (body.transport.length % 8)) % 8))
          : body.transport,
      link: base.link as FrameSpec['link'],
      macDestination: mac(macDestination),
      macSource: mac(macSource),
      fragmentOffset: piece?.offset,
      moreFragments: piece?.more,
      options: family === 'ipv4' ? options : undefined,
      extensions: family === 'ipv6' ? headers : undefined,
    }));
}

/** A frame of one family, or of either. */
export function packet(family?: Family): fc.Arbitrary<PacketSpec> {
  const families: readonly Family[] = family === undefined ? ['ipv4', 'ipv6'] : [family];
  return fc.record({
    spec: pick(families).chain(specOf),
    // eth0, eth1, eth0.10 of the random machines, or lo.
    interfaceIndex: fc.oneof(
      { weight: 3, arbitrary: fc.constant(undefined) },
      { weight: 4, arbitrary: fc.constantFrom(2, 3, 4) },
      { weight: 1, arbitrary: fc.constant(1) },
    ),
    direction: fc.oneof(
      { weight: 3, arbitrary: fc.constant(undefined) },
      { weight: 2, arbitrary: fc.constantFrom('in' as const, 'out' as const) },
    ),
  });
}

/** The frames of descriptions, numbered from 1. */
export function framesOf(packets: readonly PacketSpec[]): Frame[] {
  let timeMs = 1_700_000_000_000;
  return packets.map(({ spec, interfaceIndex, direction, gapMs = 1000 }, index) => {
    if (index > 0) timeMs += gapMs;
    return {
      ...buildFrame(spec),
      number: index + 1,
      timeNs: BigInt(timeMs) * 1_000_000n,
      interfaceIndex,
      direction,
    };
  });
}
