/** Who asks where no reference of anybody else does. */

/** The shepherd itself, at its beginning and its end. What it asks for is never written down. */
export const itself = 'shepherd';
/** Who asks through the local root. */
export const localRoot = 'root';
