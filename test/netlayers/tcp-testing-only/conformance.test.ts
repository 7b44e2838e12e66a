import { testingRig } from '../../support/netlayer-real-rigs.ts';
import { conformance } from '../conformance.ts';

conformance('tcp-testing-only', testingRig);
