// What the compiler chose to search each chain by: `check --plan`.

import type { CompiledRules } from '../compile/compile.ts';
import { bytesText, counted, grouped } from './text.ts';

/** Lines of text, one or more a chain, for rules that were compiled with `explain`. */
export function planText({ chains, image, recordCount }: CompiledRules): string {
  const lines = [`image: ${bytesText(image.length)}, ${counted(recordCount, 'record')}`];
  for (const { table, chain, plan, candidates } of chains) {
    if (plan === undefined || chain.rules.length === 0) continue;
    const name = `${table.name} ${chain.name}, ${counted(chain.rules.length, 'rule')}`;
    if (plan.within !== undefined) {
      lines.push(`${name}: searched in ${plan.within}`);
    } else if (plan.kind === 'linear') {
      lines.push(`${name}: walked rule by rule`);
    } else {
      const kind = plan.kind === 'trees' ? 'cut trees' : 'bit vectors';
      lines.push(`${name}: ${kind} of ${bytesText(plan.bytes)} by ${plan.fields.join(', ')}`);
      if (candidates !== undefined) lines.push(`    candidates a packet: ${candidateText(candidates)}`);
    }
    for (const note of plan.notes) lines.push(`    ${note}`);
  }
  return `${lines.join('\n')}\n`;
}

function candidateText(candidates: number): string {
  return candidates < 100 ? candidates.toFixed(1) : grouped(Math.round(candidates));
}
