// A record (records.ts) through the reference interpreter.

import type { ConntrackEvent } from '../../src/conntrack/events.ts';
import { entryText } from '../../src/conntrack/text.ts';
import { Interpreter, type Outcome } from '../../src/interpret/interpreter.ts';
import type { RuleSet } from '../../src/model/ruleset.ts';
import { printRules } from '../../src/save/print.ts';
import { LINKTYPE_ETHERNET } from '../kernel/capture.ts';
import { type ConntrackRecord, machineOf } from './records.ts';
import { rulesOf } from './scanned.ts';

const START_NS = 1_700_000_000_000_000_000n;

export interface Interpreted {
  readonly outcomes: readonly Outcome[];
  /** As `conntrack -L -o extended` lists it, at the time of the record's. */
  readonly table: readonly string[];
  readonly events: readonly ConntrackEvent[];
  readonly counters4: string;
  readonly counters6: string;
}

export function interpret(record: ConntrackRecord): Interpreted {
  const machine = machineOf(record);
  const interpreter = new Interpreter({ ...rulesOf(record), machine, backend: 'legacy', events: true });
  const outcomes = record.packets.map((packet, index) =>
    interpreter.evaluate({
      bytes: packet.frame,
      originalLength: packet.frame.length,
      linkType: LINKTYPE_ETHERNET,
      timeNs: START_NS + BigInt(packet.timeNs),
      interfaceIndex: machine.interfaces.find(({ name }) => name === packet.interface)?.index,
      direction: 'in',
      number: index + 1,
    }),
  );
  const entries = interpreter.conntrackEntries(START_NS + BigInt(record.tableTimeNs));
  const { ipv4, ipv6 } = interpreter.countersOf();
  const print = (rules: RuleSet | undefined): string =>
    rules === undefined ? '' : printRules(rules, { backend: 'legacy', counters: true });
  return {
    outcomes,
    table: entries.map((entry) => entryText(entry)),
    events: interpreter.conntrackEvents,
    counters4: print(ipv4),
    counters6: print(ipv6),
  };
}
