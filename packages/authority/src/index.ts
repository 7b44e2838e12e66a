/** Who may do what, and what was done. */
export * from './audit/index.ts';
