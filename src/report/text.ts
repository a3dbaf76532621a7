// Numbers and columns as people read them.

/** `1,234,567`. */
export function grouped(value: number | bigint): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** `3.42 GB`: decimal units, three digits. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  const units = ['kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)} ${units[unit]}`;
}

/** `12.5 million`, `340,000`: a count a second, three digits. */
export function rateText(perSecond: number): string {
  if (!Number.isFinite(perSecond) || perSecond <= 0) return '0';
  if (perSecond >= 1e6) return `${(perSecond / 1e6).toPrecision(3)} million`;
  const digits = Math.max(0, Math.floor(Math.log10(perSecond)) - 2);
  return grouped(Math.round(perSecond / 10 ** digits) * 10 ** digits);
}

/** `0.52 s`, `1 min 03 s`, `2 h 05 min`. */
export function durationText(seconds: number): string {
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(2) : seconds.toFixed(1)} s`;
  if (seconds < 3600) {
    const whole = Math.round(seconds);
    return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
  }
  const minutes = Math.round(seconds / 60);
  return `${grouped(Math.floor(minutes / 60))} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** `1 packet`, `2 packets`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}

/** Seconds since 1970 with nine decimals. */
export function epochText(timeNs: bigint): string {
  return `${timeNs / 1_000_000_000n}.${String(timeNs % 1_000_000_000n).padStart(9, '0')}`;
}

/** Rows of cells as lines; `right` says which columns are numbers. The last column is not padded. */
export function columns(rows: readonly (readonly string[])[], right: readonly boolean[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, cell.length);
    });
  }
  return rows.map((row) =>
    row
      .map((cell, index) => {
        const width = widths[index] ?? 0;
        if (right[index] === true) return cell.padStart(width);
        return index === row.length - 1 ? cell : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}

const BLOCK_LINES = 256;

/** Many lines joined to fewer texts, as they come: the parts that each was put together from are not kept. */
export function* blocks(lines: Iterable<string>): Generator<string> {
  let block: string[] = [];
  for (const line of lines) {
    block.push(line);
    if (block.length < BLOCK_LINES) continue;
    yield block.join('\n');
    block = [];
  }
  if (block.length > 0) yield block.join('\n');
}
