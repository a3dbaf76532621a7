// The words that helpers look for, eight letters a number, the first in its lowest byte: the kernel has no static data
// to keep strings in. In lower case where any case will do. test/conntrack/helper/word.test.ts holds the numbers to their comments.

export const PORT: u64 = 0x74726f70; // 'port'
export const EPRT: u64 = 0x74727065; // 'eprt'
export const REPLY_227: u64 = 0x20373232; // '227 '
export const REPLY_229: u64 = 0x20393232; // '229 '
export const PRIVMSG: u64 = 0x2067736d76697270; // 'privmsg '
export const DCC: u64 = 0x2043434401; // '\x01DCC '
export const SEND: u64 = 0x20444e4553; // 'SEND '
export const CHAT: u64 = 0x2054414843; // 'CHAT '
export const MOVE: u64 = 0x2045564f4d; // 'MOVE '
export const TSEND: u64 = 0x20444e455354; // 'TSEND '
export const SCHAT: u64 = 0x205441484353; // 'SCHAT '
export const CONNECT: u64 = 0x205443454e4e4f43; // 'CONNECT '
export const DATA: u64 = 0x2041544144; // 'DATA '
export const MESG: u64 = 0x204753454d; // 'MESG '
export const INDEX: u64 = 0x205845444e49; // 'INDEX '
export const STATE: u64 = 0x204554415453; // 'STATE '
export const SIP_VERSION: u64 = 0x20302e322f706973; // 'sip/2.0 '
export const SIP_URI: u64 = 0x3a706973; // 'sip:'
export const CSEQ: u64 = 0x71657363; // 'cseq'
export const CONTACT: u64 = 0x746361746e6f63; // 'contact'
export const EXPIRES: u64 = 0x73657269707865; // 'expires'
export const CONTENT_LENGTH: u64 = 0x2d746e65746e6f63; // 'content-'
export const CONTENT_LENGTH_END: u64 = 0x6874676e656c; // 'length'
export const TRANSPORT_PARAMETER: u64 = 0x726f70736e617274; // 'transpor'
export const TRANSPORT_PARAMETER_END: u64 = 0x3d74; // 't='
export const EXPIRES_PARAMETER: u64 = 0x3d73657269707865; // 'expires='
export const TCP: u64 = 0x706374; // 'tcp'
export const UDP: u64 = 0x706475; // 'udp'
export const COMMA: u64 = 0x2c; // ','
export const INVITE: u64 = 0x657469766e69; // 'invite'
export const UPDATE: u64 = 0x657461647075; // 'update'
export const ACK: u64 = 0x6b6361; // 'ack'
export const PRACK: u64 = 0x6b63617270; // 'prack'
export const BYE: u64 = 0x657962; // 'bye'
export const REGISTER: u64 = 0x7265747369676572; // 'register'
export const IN_IP4: u64 = 0x20345049204e49; // 'IN IP4 '
export const IN_IP6: u64 = 0x20365049204e49; // 'IN IP6 '
export const AUDIO: u64 = 0x206f69647561; // 'audio '
export const VIDEO: u64 = 0x206f65646976; // 'video '
export const IMAGE: u64 = 0x206567616d69; // 'image '

/** Whether the `count` bytes at `at` are the word, whatever their case: up to 16 letters in `low` and `high`. */
export function isWord(at: usize, low: u64, high: u64, count: u32): bool {
  for (let i: u32 = 0; i < count; i++) {
    const letter = u32((i < 8 ? low >> ((<u64>i) << 3) : high >> ((<u64>(i - 8)) << 3)) & 0xff);
    if (lower(load<u8>(at + i)) != letter) return false;
  }
  return true;
}

/** The same in the case that the word is written in. */
export function isExactly(at: usize, low: u64, high: u64, count: u32): bool {
  for (let i: u32 = 0; i < count; i++) {
    const letter = u32((i < 8 ? low >> ((<u64>i) << 3) : high >> ((<u64>(i - 8)) << 3)) & 0xff);
    if (u32(load<u8>(at + i)) != letter) return false;
  }
  return true;
}

export function lower(byte: u32): u32 {
  return byte - 65 < 26 ? byte | 32 : byte;
}

export function isDigit(byte: u32): bool {
  return byte - 48 < 10;
}

/** The kernel's isalpha: of latin1, where multiplication and division signs are none. */
export function isLetter(byte: u32): bool {
  return (byte | 32) - 97 < 26 || (byte >= 0xc0 && byte != 0xd7 && byte != 0xf7);
}
