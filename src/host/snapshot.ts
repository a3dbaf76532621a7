// Which commands print the files of a host folder, and how they are collected.

import { WasmtablesError } from '../error.ts';

export interface SnapshotCommand {
  readonly file: string;
  readonly command: readonly string[];
  /** Without it there is no host folder; what else fails is left out. */
  readonly required: boolean;
}

/** In the order in which they run. */
export const SNAPSHOT_COMMANDS: readonly SnapshotCommand[] = [
  { file: 'addr.json', command: ['ip', '-json', '-details', 'address'], required: true },
  { file: 'route.json', command: ['ip', '-json', '-4', 'route', 'show', 'table', 'all'], required: true },
  { file: 'route6.json', command: ['ip', '-json', '-6', 'route', 'show', 'table', 'all'], required: false },
  { file: 'rule.json', command: ['ip', '-json', 'rule'], required: true },
  { file: 'rule6.json', command: ['ip', '-json', '-6', 'rule'], required: false },
  { file: 'neigh.json', command: ['ip', '-json', 'neighbour'], required: false },
  { file: 'maddr.json', command: ['ip', '-json', 'maddress'], required: false },
  { file: 'sysctl.txt', command: ['sysctl', '-a'], required: false },
  { file: 'rules.v4', command: ['iptables-save', '-c'], required: false },
  { file: 'rules.v6', command: ['ip6tables-save', '-c'], required: false },
  { file: 'connlabel.conf', command: ['cat', '/etc/xtables/connlabel.conf'], required: false },
  { file: 'ipset.save', command: ['ipset', 'save'], required: false },
  { file: 'conntrack.txt', command: ['conntrack', '-L', '-o', 'extended'], required: false },
];

/**
 * Runs the commands and answers what they print, by file.
 *
 * @param run runs a command (no shell) and answers its standard output; rejects or throws when it fails
 * @returns the files to write, and the commands that failed with why
 * @throws WasmtablesError('HOST') when a required command fails
 */
export async function collect(
  run: (command: readonly string[]) => Promise<string> | string,
): Promise<{ files: Map<string, string>; missing: { file: string; command: string; reason: string }[] }> {
  const files = new Map<string, string>();
  const missing: { file: string; command: string; reason: string }[] = [];
  for (const { file, command, required } of SNAPSHOT_COMMANDS) {
    try {
      files.set(file, await run(command));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      if (required) {
        throw new WasmtablesError('HOST', `${command.join(' ')}: ${reason}`, {
          hint: 'a snapshot is taken on a Linux machine with iproute2',
          cause,
        });
      }
      missing.push({ file, command: command.join(' '), reason });
    }
  }
  return { files, missing };
}

/**
 * A POSIX shell script that writes the same files. It needs sh and iproute2; without sysctl(8) it reads /proc/sys
 * itself, and what other commands are not there leave out their files.
 */
export function script(): string {
  const commands = SNAPSHOT_COMMANDS.filter(({ file }) => file !== 'sysctl.txt').map(
    ({ file, command, required }) => `${required ? 'need' : 'take'} ${file} ${command.join(' ')}`,
  );
  return `#!/bin/sh
# Collects what wasmtables needs to know of this host. Usage: sh snapshot.sh DIR   (as root, for the rules)
set -u
dir=\${1:?usage: $0 DIR}
mkdir -p "$dir" || exit 1

# take FILE COMMAND...: keeps what the command prints, if it is there and succeeds
take() {
  file=$1
  shift
  command -v "$1" >/dev/null 2>&1 || { echo "$1: not there, $file is left out" >&2; return 1; }
  if "$@" >"$dir/$file" 2>/dev/null; then return 0; fi
  echo "$*: failed, $file is left out" >&2
  rm -f "$dir/$file"
  return 1
}

need() {
  take "$@" || exit 1
}

# walk DIRECTORY KEY: prints sysctls as sysctl(8) does, dots in names as slashes
walk() {
  for entry in "$1"/*; do
    name=\${entry##*/}
    while :; do
      case $name in
        *.*) name=\${name%%.*}/\${name#*.} ;;
        *) break ;;
      esac
    done
    if [ -d "$entry" ]; then
      walk "$entry" "$2.$name"
    elif [ -r "$entry" ]; then
      value=
      { IFS= read -r value <"$entry"; } 2>/dev/null || [ -n "$value" ] || continue
      echo "$2.$name = $value"
    fi
  done
}

${commands.join('\n')}
if command -v sysctl >/dev/null 2>&1 && sysctl -a >"$dir/sysctl.txt" 2>/dev/null && [ -s "$dir/sysctl.txt" ]; then
  :
else
  walk /proc/sys/net net >"$dir/sysctl.txt"
fi
exit 0
`;
}
