// Targets that change nothing that a rule or a counter can see: the packet goes on.

export function goOn(): 'continue' {
  return 'continue';
}
