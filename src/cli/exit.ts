// Exit codes: the contract with scripts.

/** Done. */
export const EXIT_DONE = 0;
/** Usage, rule-set or host error: nothing was scanned. */
export const EXIT_ERROR = 2;
/** Done in part: a broken capture, UNKNOWN verdicts, an interrupt, an output that could not be written. */
export const EXIT_PART = 3;
