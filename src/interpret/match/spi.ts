// -m ah (ipt_ah.c, ip6t_ah.c) and -m esp (xt_esp.c).

import type { AhOptions, EspOptions, SpiRange } from '../../extension/match/spi.ts';
import { type Result, result } from '../condition.ts';
import { findHeader } from '../extension-header.ts';
import { transportHeader } from '../match.ts';
import { IPPROTO_AH, type Packet } from '../packet.ts';
import { equals, inRange } from './range.ts';

const AH_BYTES = 12;
const ESP_BYTES = 8;

export function esp({ spi }: EspOptions, packet: Packet): Result {
  return spiMatches(spi, packet, ESP_BYTES, 0);
}

export function ah(options: AhOptions, packet: Packet): Result {
  return packet.family === 'ipv4' ? spiMatches(options.spi, packet, AH_BYTES, 4) : ah6(options, packet);
}

function spiMatches(spi: SpiRange, packet: Packet, headerBytes: number, offset: number): Result {
  const header = transportHeader(packet, headerBytes);
  if (header === 'fragment') return 'no';
  if (header === 'short') return 'hotdrop';
  return result(!asks(spi) || inRange(spi, packet.bytes.u32(header + offset)));
}

/** All SPIs, not inverted, ask nothing. */
function asks({ lo, hi, invert }: SpiRange): boolean {
  return invert || lo !== 0 || hi !== 0xffffffff;
}

/** ah_mt6: an extension header, wherever it stands. */
function ah6({ spi, length, reserved }: AhOptions, packet: Packet): Result {
  const header = findHeader(packet, IPPROTO_AH);
  if (header === 'none') return 'no';
  const { bytes } = packet;
  if (header === 'broken' || !bytes.has(header, AH_BYTES)) return 'hotdrop';
  const headerBytes = (bytes.u8(header + 1) + 2) * 4;
  if (!bytes.has(header, headerBytes)) return 'hotdrop';
  return result(
    inRange(spi, bytes.u32(header + 4)) &&
      equals(length, headerBytes) &&
      !(reserved && bytes.u16(header + 2) !== 0),
  );
}
