/** OCapN over bare TCP on the loopback: for conformance suites, and for nothing else. */
export { testingNetlayer, type TestingOptions } from './netlayer.ts';
