export const HELD = 0;
export const COMPLETE = 1;
export const DROPPED = 2;
export const ARENA_BYTES = 65536;
