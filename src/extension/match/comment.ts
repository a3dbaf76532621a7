// -m comment: says something to people, and always matches.

import type { MatchExtension } from '../extension.ts';
import { argument, find, saveString } from '../value.ts';

export interface CommentOptions {
  readonly comment: string;
}

/** XT_MAX_COMMENT_LEN without its terminator, in bytes. */
const MOST_BYTES = 255;

export const comment: MatchExtension<CommentOptions> = {
  kind: 'match',
  name: 'comment',
  options: [{ name: 'comment', arguments: 1 }],

  parse(options, context) {
    const option = find(options, 'comment');
    if (option === undefined) return context.fail('comment: option "--comment" must be specified');
    const comment = argument(option);
    if (Buffer.byteLength(comment) > MOST_BYTES) {
      context.fail(`the comment is longer than ${MOST_BYTES} bytes`, option);
    }
    return { comment };
  },

  print({ comment }) {
    return `--comment ${saveString(comment)}`;
  },

  list({ comment }) {
    return `/* ${comment} */`;
  },

  lower() {},
};
