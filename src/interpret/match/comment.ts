// -m comment always matches (xt_comment.c).

import type { Result } from '../condition.ts';

export function comment(): Result {
  return 'yes';
}
