// -j LOG and -j NFLOG record the packet and let it go on.

export function LOG(): 'continue' {
  return 'continue';
}

export const NFLOG = LOG;
