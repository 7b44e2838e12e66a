import { websocketRig } from '../../support/netlayer-real-rigs.ts';
import { conformance } from '../conformance.ts';

conformance('ws', () => websocketRig(false));
conformance('wss', () => websocketRig(true));
conformance('wss to peers that want each frame alone', () => websocketRig(true, ''));
