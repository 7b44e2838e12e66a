import { websocketRig } from '../../support/netlayer-real-rigs.ts';
import { conformance } from '../conformance.ts';

conformance('ws', () => websocketRig(false));
conformance('wss', () => websocketRig(true));
