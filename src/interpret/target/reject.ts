// -j REJECT ends the packet's way; the answer to its sender is not made here.

export function REJECT(): 'reject' {
  return 'reject';
}
