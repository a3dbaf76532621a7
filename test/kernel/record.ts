// Asks the kernel about a scenario under both back ends.

import { release } from 'node:os';
import { readCapture, writePcapng } from './capture.ts';
import { captureDigest, digest, frameLine, rulesDigest } from './golden.ts';
import {
  ask,
  BACKENDS,
  createHost,
  deleteHost,
  type KernelAnswer,
  settled,
  snapshotHost,
} from './namespace.ts';
import { place } from './placement.ts';
import type { Golden, Rules, Scenario } from './scenario.ts';

export interface Recorded {
  readonly golden: Golden;
  readonly rules: Rules;
  readonly answers: readonly KernelAnswer[];
}

/** The kernel's counters for a scenario; `settle` drops rules that a back end refuses (rules made at random). */
export function record(scenario: Scenario, settle: boolean): Recorded {
  const { host } = scenario;
  createHost(host);
  try {
    const files = snapshotHost();
    let rules = scenario.rules;
    if (settle) {
      const { ipv4, ipv6 } = rules;
      rules = {
        ...(ipv4 === undefined ? {} : { ipv4: settled('ipv4', ipv4) }),
        ...(ipv6 === undefined ? {} : { ipv6: settled('ipv6', ipv6) }),
      };
    }
    const own = scenario.capture.kind === 'frames' ? scenario.capture.frames : undefined;
    const packets =
      scenario.capture.kind === 'frames'
        ? readCapture(writePcapng(scenario.capture.frames))
        : scenario.capture.packets;
    const instructions = place(host, packets);
    const answers = BACKENDS.map((backend) => ask(host, backend, rules, instructions));
    const counters: Golden['counters'] = {};
    BACKENDS.forEach((backend, index) => {
      const { ipv4, ipv6 } = answers[index] as KernelAnswer;
      counters[backend] = { ...(ipv4 && { ipv4 }), ...(ipv6 && { ipv6 }) };
    });
    const corpus = scenario.ruleSources !== undefined;
    return {
      rules,
      answers,
      golden: {
        kernel: `Linux ${release().split('-')[0]}`,
        host: files,
        ...(corpus ? { ruleSources: scenario.ruleSources } : { rules }),
        rulesSha256: rulesDigest(rules),
        ...(scenario.capture.kind === 'file' ? { capture: scenario.capture.path } : {}),
        ...(!corpus && own !== undefined ? { frames: own.map(frameLine) } : {}),
        captureSha256: captureDigest(scenario),
        counters,
        table: Object.fromEntries(
          BACKENDS.map((backend, index) => {
            const { table } = answers[index] as KernelAnswer;
            return [backend, corpus ? digest(...table) : table];
          }),
        ),
      },
    };
  } finally {
    deleteHost();
  }
}
