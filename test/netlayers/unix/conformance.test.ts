import { unixRig } from '../../support/netlayer-real-rigs.ts';
import { conformance } from '../conformance.ts';

conformance('unix', () => unixRig('private'));
conformance('unix-shared', () => unixRig('shared'));
