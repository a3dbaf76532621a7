// wasmtables' answers to a scenario: the reference interpreter's, and the program's.

import { readHost } from '../../src/host/folder.ts';
import { Interpreter } from '../../src/interpret/interpreter.ts';
import type { RuleSet } from '../../src/model/ruleset.ts';
import { printRules } from '../../src/save/print.ts';
import { readRules } from '../../src/save/read.ts';
import { type CapturedPacket, LINKTYPE_ETHERNET, readCapture, writePcapng } from './capture.ts';
import { parseCounters } from './counters.ts';
import type { Backend, HostFiles } from './namespace.ts';
import type { FamilyCounters, Rules, Scenario } from './scenario.ts';

export interface Answer {
  readonly counters: FamilyCounters;
  readonly text: { readonly ipv4?: string; readonly ipv6?: string };
}

export function packetsOf(capture: Scenario['capture']): readonly CapturedPacket[] {
  return capture.kind === 'frames' ? readCapture(writePcapng(capture.frames)) : capture.packets;
}

export function readBoth(rules: Rules, backend: Backend): { ipv4?: RuleSet; ipv6?: RuleSet } {
  const { ipv4, ipv6 } = rules;
  return {
    ...(ipv4 === undefined ? {} : { ipv4: readRules(ipv4, { file: 'rules.v4', family: 'ipv4', backend }) }),
    ...(ipv6 === undefined ? {} : { ipv6: readRules(ipv6, { file: 'rules.v6', family: 'ipv6', backend }) }),
  };
}

/** The reference interpreter over the whole capture. */
export function interpret(
  host: HostFiles,
  rules: Rules,
  capture: Scenario['capture'],
  backend: Backend,
): Answer {
  const packets = packetsOf(capture);
  const read = readBoth(rules, backend);
  const machine = readHost((name) => ({ path: name, text: host[name] }));
  const macs = machine.interfaces
    .filter((one) => !one.loopback)
    .map((one) => Buffer.from(one.mac ?? []).toString('hex'));
  const useMac = packets.slice(0, 1000).some(({ data, linkType }) => {
    const hex = Buffer.from(data.subarray(0, 12)).toString('hex');
    return linkType === LINKTYPE_ETHERNET && macs.some((mac) => hex.startsWith(mac) || hex.endsWith(mac));
  });
  const interpreter = new Interpreter({
    machine: { ...machine, useMac },
    backend,
    rules4: read.ipv4,
    rules6: read.ipv6,
  });
  packets.forEach((packet, index) => {
    interpreter.evaluate({
      bytes: packet.data,
      originalLength: packet.originalLength,
      linkType: packet.linkType,
      timeNs: BigInt(index) * 1_000_000n,
      interfaceIndex: machine.interfaces.find((one) => one.name === packet.interface)?.index,
      direction: packet.direction,
      number: index + 1,
    });
  });
  const counted = interpreter.countersOf();
  const print = (ruleSet: RuleSet | undefined) =>
    ruleSet === undefined ? undefined : printRules(ruleSet, { backend, counters: true });
  const ipv4 = print(counted.ipv4);
  const ipv6 = print(counted.ipv6);
  return {
    counters: {
      ...(ipv4 === undefined ? {} : { ipv4: parseCounters(ipv4) }),
      ...(ipv6 === undefined ? {} : { ipv6: parseCounters(ipv6) }),
    },
    text: { ...(ipv4 === undefined ? {} : { ipv4 }), ...(ipv6 === undefined ? {} : { ipv6 }) },
  };
}
