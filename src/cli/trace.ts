// wasmtables trace CAPTURE: the path of chosen packets, by the reference interpreter.

import { Command, InvalidArgumentError } from 'commander';
import type { ConntrackEntry } from '../conntrack/entry.ts';
import { needsConntrack } from '../extension/tracking.ts';
import { Bytes } from '../interpret/bytes.ts';
import { type Frame, Interpreter } from '../interpret/interpreter.ts';
import { type Link, parseLink } from '../interpret/link.ts';
import { noRoomWarning } from '../scan/start-conntrack.ts';
import { EXIT_DONE, EXIT_PART } from './exit.ts';
import { FrameReader } from './frames.ts';
import { Inputs } from './input.ts';
import { readSetup, verifiesChecksums } from './machine.ts';
import { addMachineOptions, chosenBackend, type MachineOptions } from './option.ts';
import {
  type NumberRange,
  PacketSelection,
  parseAddressWord,
  parseNumbers,
  parsePorts,
  parseProtocolWord,
  type SelectedAddress,
} from './selection.ts';
import { conntrackOffWarning, warn } from './terminal.ts';
import { TraceOutput } from './trace-output.ts';

interface TraceOptions extends MachineOptions {
  readonly packet?: readonly NumberRange[];
  readonly from?: SelectedAddress;
  readonly to?: SelectedAddress;
  readonly proto?: number;
  readonly port?: readonly NumberRange[];
  readonly explain?: true;
}

export function traceCommand(finish: (code: number) => void): Command {
  const command = new Command('trace')
    .description('The path of chosen packets through the rules, as the TRACE target logs it.')
    .argument('<capture>', 'pcap or pcapng file, also compressed; - is stdin')
    .optionsGroup('Which packets (all must hold; default: every packet):')
    .option('--packet <n,...>', 'by number, from 1: 7 or 7,9 or 100-200', wrapped(parseNumbers))
    .option('--from <address>', 'by source address or network', wrapped(parseAddressWord))
    .option('--to <address>', 'by destination address or network', wrapped(parseAddressWord))
    .option('--proto <protocol>', 'by protocol: tcp, udp, icmp, 47, ...', wrapped(parseProtocolWord))
    .option('--port <n,...>', 'by source or destination port: 443 or 80,8000-8999', wrapped(parsePorts))
    .optionsGroup('Output:')
    .option('--explain', 'also the rules that did not match, each with the first condition that failed');
  return addMachineOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  wasmtables trace --host gateway/ --packet 7 capture.pcap
  wasmtables trace --rules rules.v4 --local 192.0.2.1 --from 198.51.100.7 --port 22 --explain capture.pcap`,
    )
    .action(async (capture: string, options: TraceOptions) => finish(await runTrace(capture, options)));
}

/** A parser whose error is the option's. */
function wrapped<T>(parse: (text: string) => T | string): (text: string) => T {
  return (text) => {
    const value = parse(text);
    if (typeof value === 'string') throw new InvalidArgumentError(value);
    return value;
  };
}

async function runTrace(capture: string, options: TraceOptions): Promise<number> {
  const inputs = new Inputs();
  inputs.claim('the capture', capture);
  const setup = readSetup(options, inputs);
  const { rules4, rules6, machine } = setup;
  const reader = await FrameReader.open({
    captures: [capture],
    machine,
    in: options.in,
    out: options.out,
    mac: options.mac,
  });
  for (const warning of reader.warnings) warn(`warning: ${warning}`);
  const backend = chosenBackend(options.backend, rules4 ?? rules6);
  const interpreter = new Interpreter({
    rules4,
    rules6,
    machine: reader.machine,
    backend,
    unknown: options.unknown,
    verifyChecksums: verifiesChecksums(options, machine),
  });
  const tracks = [rules4, rules6].some((rules) => rules !== undefined && needsConntrack(rules));
  if (options.conntrackFrom !== undefined && !tracks) warn(conntrackOffWarning(['--conntrack-from']));
  const output = new TraceOutput({ backend, explain: options.explain === true });
  try {
    await traceFrames(reader, interpreter, new PacketSelection(options), output, {
      tracks,
      conntrackFrom: tracks ? setup.conntrackFrom : undefined,
    });
  } finally {
    reader.close();
  }
  for (const message of reader.broken) process.stderr.write(`wasmtables: error: ${message}\n`);
  if (output.count === 0) warn('no packet of the capture is one of those asked for');
  return reader.broken.length > 0 ? EXIT_PART : EXIT_DONE;
}

/** Connection tracking of a trace. */
interface Tracking {
  /** It is on for some family. */
  readonly tracks: boolean;
  readonly conntrackFrom: readonly ConntrackEntry[] | undefined;
}

async function traceFrames(
  reader: FrameReader,
  interpreter: Interpreter,
  selection: PacketSelection,
  output: TraceOutput,
  { tracks, conntrackFrom }: Tracking,
): Promise<void> {
  let isFirst = true;
  for (const frame of reader.frames()) {
    if (isFirst && conntrackFrom !== undefined) {
      const refused = interpreter.startConntrack(conntrackFrom, frame.timeNs);
      if (refused > 0) warn(`warning: ${noRoomWarning(refused, conntrackFrom)}`);
    }
    isFirst = false;
    if (selection.isPast(frame.number)) {
      // Of what is held it is told what becomes of it.
      interpreter.expireFragments(frame.timeNs);
      await output.writeKnown();
      if (!output.waits) break;
    }
    const link = parseLink(new Bytes(frame.bytes, frame.originalLength), frame.linkType);
    const selected = selection.includes(frame, link);
    // Packets that are not asked for matter where they complete a datagram, and to what connections are known.
    if (!selected && !tracks && !isFragment(frame, link)) continue;
    const outcome = interpreter.evaluate(frame);
    if (selected) output.add({ frame, link, outcome });
    await output.writeKnown();
  }
  await output.finish();
}

/** A fragment of IPv4, by offset and MF. Those of IPv6 are put together by connection tracking alone. */
function isFragment({ bytes }: Frame, { family, offset }: Link): boolean {
  if (family !== 'ipv4') return false;
  return ((bytes[offset + 6] ?? 0) & 0x3f) !== 0 || (bytes[offset + 7] ?? 0) !== 0;
}
