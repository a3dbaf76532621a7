// The reference evaluator: frames in, what Linux would do out. Slow and plain on purpose: it reads the model and the
// machine, never an image, and shares no code with the kernel that it is the check on.

import type { ConntrackEntry } from '../conntrack/entry.ts';
import type { ConntrackEvent } from '../conntrack/events.ts';
import { entryNeeds, needsConntrack } from '../extension/tracking.ts';
import type { Interface, Machine } from '../host/machine.ts';
import type { Backend, Chain, Family, HookName, Rule, RuleSet, TableName } from '../model/ruleset.ts';
import { HOOK_ORDER } from '../model/ruleset.ts';
import { Bytes, NotCaptured } from './bytes.ts';
import { Conntrack, type Passing } from './conntrack/conntrack.ts';
import { type CtState, ctStateOf } from './conntrack/state.ts';
import { type ConntrackStep, conntrackStep } from './conntrack/step.ts';
import { Reassembly } from './fragment/reassembly.ts';
import { type FragmentStep, fragmentStep } from './fragment/step.ts';
import type { FragmentUser } from './fragment/waiting.ts';
import { type Link, parseLink } from './link.ts';
import { Lost } from './lost.ts';
import { type Decision, PACKET_OTHERHOST, Packet, parseIpv4, parseIpv6 } from './packet.ts';
import { Path, refuseBadOptions } from './path.ts';
import { packetType, place, receivingDevice } from './place.ts';
import { Routing } from './route.ts';
import { accepting, Ended, type Tracking, traverse } from './traverse.ts';
import type { CounterMap, Step, Unknown, Walker } from './walk.ts';

export interface InterpreterOptions {
  readonly rules4?: RuleSet | undefined;
  readonly rules6?: RuleSet | undefined;
  readonly machine: Machine;
  readonly backend: Backend;
  /** Default: `verdict`. */
  readonly unknown?: Unknown | undefined;
  /** Checksums of transport headers decide; default: as net.netfilter.nf_conntrack_checksum says, if it is known. */
  readonly verifyChecksums?: boolean | undefined;
  /** Conntrack events are kept. */
  readonly events?: boolean | undefined;
}

export interface Frame {
  /** What was captured. */
  readonly bytes: Uint8Array;
  /** Bytes of the frame on the wire. */
  readonly originalLength: number;
  /** tcpdump.org/linktypes.html */
  readonly linkType: number;
  readonly timeNs: bigint;
  /** Interface of the machine that the capture names. */
  readonly interfaceIndex?: number | undefined;
  readonly direction?: 'in' | 'out' | undefined;
  /** From 1, over all captures. */
  readonly number: number;
}

/** What `--verdicts` says of a packet. */
export interface Outcome {
  readonly number: number;
  readonly timeNs: bigint;
  readonly family: Family | null;
  /** The last hook reached. */
  readonly hook: HookName | null;
  readonly verdict: 'ACCEPT' | 'DROP' | 'REJECT' | 'QUEUE' | 'LOST' | 'FRAGMENT' | 'UNKNOWN' | 'SKIP';
  /** What decided; for UNKNOWN the rule that could not be asked. */
  readonly table: TableName | null;
  readonly chain: string | null;
  readonly rule: number | null;
  readonly in: string | null;
  readonly out: string | null;
  readonly mark: number;
  /** What connection tracking made of it; null where it did not come there. */
  readonly ctstate: CtState | null;
  readonly reason: string | null;
  /** FRAGMENT: number of the packet that completed the datagram; filled in when that comes. */
  readonly datagram: number | null;
  readonly path: readonly Step[];
  /** What connection tracking made of it, once or (over lo) twice; absent where it is off. */
  readonly tracked?: readonly ConntrackStep[] | undefined;
  /** What reassembly made of it: it was held, or completed a datagram. */
  readonly reassembled?: readonly FragmentStep[] | undefined;
}

/** Thrown where a fragment waits because its datagram is not complete. */
class HeldFragment extends Error {
  override readonly name = 'HeldFragment';

  constructor() {
    super('held for reassembly');
  }
}

type End = Pick<Outcome, 'verdict' | 'reason'> & { readonly decision?: Decision | undefined };

export class Interpreter {
  /** Packets and bytes by rule, and by built-in chain for its policy. */
  readonly counters: CounterMap = new Map();
  readonly #options: InterpreterOptions;
  readonly #routing: Routing;
  readonly #reassembly: Reassembly;
  readonly #conntrack: Conntrack;
  /** Families whose rules need connection tracking. */
  readonly #tracked: ReadonlySet<Family>;
  /** What connection tracking and reassembly made of the packet in work. */
  #steps: ConntrackStep[] = [];
  #reassembled: FragmentStep[] = [];

  constructor(options: InterpreterOptions) {
    this.#options = options;
    this.#routing = new Routing(options.machine);
    this.#reassembly = new Reassembly(options.machine);
    const ruleSets = [options.rules4, options.rules6].filter((rules) => rules !== undefined);
    this.#tracked = new Set(ruleSets.filter(needsConntrack).map(({ family }) => family));
    const needs = ruleSets.map(entryNeeds);
    this.#conntrack = new Conntrack({
      machine: options.machine,
      accounting: needs.some(({ accounting }) => accounting),
      labels: needs.some(({ labels }) => labels),
      verifyChecksums: options.verifyChecksums,
      events: options.events,
    });
  }

  /** The connections that are known and alive at `nowNs`, in the order of the packets that made them. */
  conntrackEntries(nowNs: bigint): ConntrackEntry[] {
    return this.#conntrack.entries(nowNs);
  }

  /**
   * Enters connections that there are before the first packet (`--conntrack-from`); times count from `nowNs`, the time of
   * that packet.
   *
   * @returns how many of them there was no room for
   */
  startConntrack(entries: readonly ConntrackEntry[], nowNs: bigint): number {
    return this.#conntrack.start(entries, nowNs);
  }

  /** Gives up datagrams that are too old by now, of which fragments are held. */
  expireFragments(nowNs: bigint): void {
    this.#reassembly.expire(nowNs);
  }

  /** Conntrack events so far, if they are kept. A connection's end is told when somebody finds that it has expired. */
  get conntrackEvents(): readonly ConntrackEvent[] {
    return this.#conntrack.events;
  }

  /** Answers what happens to one frame. Frames are to come in the order of the capture. */
  evaluate(frame: Frame): Outcome {
    const whole = new Bytes(frame.bytes, frame.originalLength);
    const steps: Step[] = [];
    this.#steps = [];
    this.#reassembled = [];
    const journey: Journey = { packet: undefined, family: null };
    const end = this.#run(frame, whole, steps, journey);
    const { packet } = journey;
    if (packet !== undefined) this.#conntrack.abandon(packet);
    const held = end.verdict === 'FRAGMENT' ? this.#reassembled.at(-1)?.held : undefined;
    return {
      number: frame.number,
      timeNs: frame.timeNs,
      family: journey.family,
      hook: packet?.hook ?? null,
      verdict: end.verdict,
      table: end.decision?.table ?? null,
      chain: end.decision?.chain ?? null,
      rule: end.decision?.rule ?? null,
      in: (packet?.in ?? journey.in)?.name ?? null,
      out: packet?.out?.name ?? null,
      mark: packet?.mark ?? 0,
      ctstate: packet === undefined ? null : ctStateOf(packet),
      reason: end.reason,
      get datagram(): number | null {
        const fate = held?.fate;
        return fate !== undefined && 'datagram' in fate ? fate.datagram : null;
      },
      path: steps,
      tracked: this.#steps,
      reassembled: this.#reassembled,
    };
  }

  /** The rule sets with this run's counters. */
  countersOf(): { readonly ipv4?: RuleSet; readonly ipv6?: RuleSet } {
    const { rules4, rules6 } = this.#options;
    return {
      ...(rules4 === undefined ? {} : { ipv4: withCounters(rules4, this.counters) }),
      ...(rules6 === undefined ? {} : { ipv6: withCounters(rules6, this.counters) }),
    };
  }

  #run(frame: Frame, whole: Bytes, steps: Step[], journey: Journey): End {
    try {
      return this.#enter(frame, whole, steps, journey);
    } catch (error) {
      if (error instanceof Lost) return { verdict: 'LOST', reason: error.reason };
      if (error instanceof NotCaptured) return { verdict: 'UNKNOWN', reason: 'not-captured' };
      if (error instanceof HeldFragment) return { verdict: 'FRAGMENT', reason: null };
      if (error instanceof Ended) {
        return { verdict: error.verdict, reason: error.reason, decision: error.decision };
      }
      throw error;
    }
  }

  #enter(frame: Frame, whole: Bytes, steps: Step[], journey: Journey): End {
    const link = parseLink(whole, frame.linkType);
    if (link.family === undefined) return { verdict: 'SKIP', reason: link.skip ?? null };
    journey.family = link.family;
    const rest = new Bytes(whole.captured.subarray(link.offset), link.bytes ?? whole.length - link.offset);
    const { machine } = this.#options;
    if (machine.placement.kind === 'hook') {
      this.#oneHook(HOOK_ORDER[machine.placement.hook] as HookName, frame, rest, link, steps, journey);
    } else {
      this.#wholePath(frame, rest, link, steps, journey);
    }
    const { packet } = journey;
    return {
      verdict: 'ACCEPT',
      reason: null,
      decision: packet === undefined ? undefined : accepting(packet),
    };
  }

  /** `--hook`: the tables of one hook, with the interfaces that the capture or the options name. */
  #oneHook(hook: HookName, frame: Frame, rest: Bytes, link: Link, steps: Step[], journey: Journey): void {
    const incoming = hook !== 'OUTPUT' && hook !== 'POSTROUTING';
    const { machine } = this.#options;
    const named = frame.interfaceIndex ?? 0;
    const device = (index: number): Interface | undefined => this.#routing.interface(index);
    if (incoming) journey.in = device(named || machine.defaultIn);
    const arrived = this.#parse(link, rest, incoming);
    journey.packet = arrived;
    arrived.in = journey.in;
    if (incoming) refuseBadOptions(arrived);
    if (hook === 'FORWARD') arrived.out = device(machine.defaultOut);
    if (!incoming) arrived.out = device(named || machine.defaultOut);
    arrived.packetType = packetType(machine, link, arrived.in);
    const packet = this.#gather(arrived, incoming ? 'in' : 'out', frame, steps);
    journey.packet = packet;
    this.#trackedHook(hook, packet, frame, steps);
  }

  /** Connection tracking is passed before the hook and behind it, as it would be on the whole way. */
  #trackedHook(hook: HookName, packet: Packet, frame: Frame, steps: Step[]): void {
    packet.hook = hook;
    const tracking = this.#tracking(packet.family, frame, steps);
    const sends = hook === 'OUTPUT' || hook === 'POSTROUTING';
    if (hook !== 'PREROUTING' && hook !== 'OUTPUT') tracking?.track(packet, sends ? 'OUTPUT' : 'PREROUTING');
    this.#hook(hook, packet, frame, steps, () => {});
    if (hook !== 'INPUT' && hook !== 'POSTROUTING') tracking?.confirm(packet);
  }

  #tracking(family: Family, frame: Frame, steps: readonly Step[]): Tracking | undefined {
    if (!this.#tracked.has(family)) return undefined;
    const passing: Passing = { nowNs: frame.timeNs, number: BigInt(frame.number) };
    return {
      track: (packet, hook) => {
        const seen = packet.passedConntrack;
        this.#conntrack.track(packet, hook, passing);
        if (!seen) this.#steps.push(conntrackStep(packet, hook, steps.length, frame.timeNs));
      },
      confirm: (packet) => this.#conntrack.confirm(packet, passing),
    };
  }

  /** The datagram that a fragment completes; throws when it is held or dropped. */
  #reassemble(packet: Packet, user: FragmentUser, frame: Frame, steps: readonly Step[]): Packet {
    const answer = this.#reassembly.add(packet, user, frame);
    const step = fragmentStep(answer, user, steps.length);
    if (step !== undefined) this.#reassembled.push(step);
    if (answer.kind === 'held') throw new HeldFragment();
    return answer.packet;
  }

  /** Connection tracking sees datagrams whole. */
  #gather(packet: Packet, way: 'in' | 'out', frame: Frame, steps: readonly Step[]): Packet {
    if (!this.#tracked.has(packet.family)) return packet;
    return this.#reassemble(packet, `conntrack-${way}`, frame, steps);
  }

  #wholePath(frame: Frame, rest: Bytes, link: Link, steps: Step[], journey: Journey): void {
    const { machine } = this.#options;
    const path: Path = new Path(this.#routing, {
      run: (hook, packet) => {
        journey.packet = packet;
        this.#hook(hook, packet, frame, steps, (changed) => {
          changed.out = path.reroute(changed, journey.device);
        });
      },
      gather: (packet, way) => this.#gather(packet, way, frame, steps),
      defragment: (packet) => {
        const whole = this.#reassemble(packet, 'deliver', frame, steps);
        journey.packet = whole;
        return whole;
      },
      aside: (follow) => {
        try {
          follow();
        } catch (error) {
          const kinds = [Ended, Lost, HeldFragment, NotCaptured];
          if (!kinds.some((kind) => error instanceof kind)) throw error;
        }
      },
    });
    const placed = place(this.#routing, frame, link, sourceOf(link, rest));
    journey.device = placed.device;
    if (placed.sent && machine.routed) {
      const packet = this.#parse(link, rest, false);
      journey.packet = packet;
      path.send(packet, placed.device);
      return;
    }
    this.#receive(path, frame, placed.device, rest, link, journey);
  }

  #receive(
    path: Path,
    frame: Frame,
    base: Interface | undefined,
    rest: Bytes,
    link: Link,
    journey: Journey,
  ): void {
    const { machine } = this.#options;
    journey.in = base;
    const device =
      base === undefined
        ? undefined
        : receivingDevice(machine, base, link.vlans, frame.interfaceIndex !== undefined);
    journey.in = device;
    const type = packetType(machine, link, device);
    // ip_rcv_core and ip6_rcv_core look at this before the header.
    if (machine.routed && type === PACKET_OTHERHOST) throw new Lost('other-host');
    const packet = this.#parse(link, rest, true);
    packet.packetType = type;
    journey.packet = packet;
    packet.in = device;
    if (machine.routed && device !== undefined) path.receive(packet, device);
    else path.pass(packet, device, this.#routing.interface(otherSide(machine, device)));
  }

  #parse(link: Link, rest: Bytes, incoming: boolean): Packet {
    const header = link.family === 'ipv4' ? parseIpv4(rest, incoming) : parseIpv6(rest);
    return new Packet(header, link.sender);
  }

  #hook(
    hook: HookName,
    packet: Packet,
    frame: Frame,
    steps: Step[],
    reroute: (packet: Packet) => void,
  ): void {
    packet.hook = hook;
    const rules = packet.family === 'ipv4' ? this.#options.rules4 : this.#options.rules6;
    if (rules === undefined) return;
    const walker: Walker = {
      backend: this.#options.backend,
      unknown: this.#options.unknown ?? 'verdict',
      counters: this.counters,
      path: steps,
      context: {
        machine: this.#options.machine,
        routing: this.#routing,
        conntrack: this.#conntrack,
        nowNs: frame.timeNs,
      },
    };
    traverse(walker, rules, hook, packet, this.#tracking(packet.family, frame, steps), reroute);
  }
}

/** What is known of a frame so far, also when its way ends early. */
interface Journey {
  packet: Packet | undefined;
  family: Family | null;
  device?: Interface | undefined;
  /** Where it came in, if it came in. */
  in?: Interface | undefined;
}

/** A router of which nothing is known: from `--in` to `--out`, and what comes in there back. */
function otherSide(machine: Machine, device: Interface | undefined): number {
  return device?.index === machine.defaultOut ? machine.defaultIn : machine.defaultOut;
}

/** The source address, for placing; zeros where the header is too short for one, or it was not captured. */
function sourceOf(link: Link, rest: Bytes): Uint8Array {
  const [offset, count] = link.family === 'ipv4' ? [12, 4] : [8, 16];
  return offset + count <= rest.captured.length ? rest.slice(offset, count) : new Uint8Array(count);
}

const ZERO = { packets: 0n, bytes: 0n };

function withCounters(rules: RuleSet, counters: CounterMap): RuleSet {
  const counted = (chain: Chain): Chain => ({
    ...chain,
    counters: counters.get(chain) ?? ZERO,
    rules: chain.rules.map((rule): Rule => ({ ...rule, counters: counters.get(rule) ?? ZERO })),
  });
  return { ...rules, tables: rules.tables.map((table) => ({ ...table, chains: table.chains.map(counted) })) };
}
