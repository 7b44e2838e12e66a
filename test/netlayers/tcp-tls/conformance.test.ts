import { tlsRig } from '../../support/netlayer-real-rigs.ts';
import { conformance } from '../conformance.ts';

conformance('tcp-tls', tlsRig);
