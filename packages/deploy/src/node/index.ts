/** What touches a disk. */
export {};
