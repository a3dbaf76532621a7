// A generation of rule sets: those that decide from some batch on, in place of others. This stands before its images and
// says where it begins. Written once, by the lane that reads that batch, under the baton.

/** i32, atomic: 1 when the rest is written. */
export const BEGUN = 0;
/** Sequence number of the batch. */
export const SEQUENCE = 4;
/** u64: number of its first packet in the scan, from 1. */
export const NUMBER = 8;
/** A multiple of 128, so that what follows is aligned. */
export const BYTES = 128;
