// The walk's question "which rule next?", whatever the chain is searched by.

import * as Classifier from '../../src/layout/classifier.ts';
import * as Frame from '../../src/layout/frame.ts';
import { classify as classifyByBits, nextCandidate as nextByBits } from './bitvector';
import { enterTrees, nextInTrees } from './tree';

/**
 * Looks packet record `p` up in the classifier at `data`, for nextCandidate to go on from the frame alone, and answers
 * the first candidate of the chain, whose first record is `first`.
 */
export function classify(image: usize, data: usize, p: usize, frame: usize, first: usize): usize {
  const kind = load<u32>(data, Classifier.KIND);
  store<u32>(frame, kind + 1, Frame.CLASSIFIED);
  if (kind != Classifier.TREES) return classifyByBits(image, data, p, frame, first);
  enterTrees(image, data, p, frame);
  return nextInTrees(frame, first);
}

/**
 * The first candidate at or after rule record `r` of the frame's chain. The chain's end always is one. `r` only grows
 * between two calls of classify.
 */
export function nextCandidate(frame: usize, r: usize): usize {
  if (load<u32>(frame, Frame.CLASSIFIED) == Classifier.TREES + 1) return nextInTrees(frame, r);
  return nextByBits(frame, r);
}
