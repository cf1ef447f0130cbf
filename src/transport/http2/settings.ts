import { defaultMaxFrameSize, defaultWindow, ErrorCode, maxWindow, Setting } from "./constants.ts";
import { ConnectionError } from "./failures.ts";

/** §6.5.2: what the peer asks for. */
export interface PeerSettings {
  maxConcurrentStreams: number;
  initialWindowSize: number;
  maxFrameSize: number;
}

/** What holds until the peer's first SETTINGS. */
export function initialSettings(): PeerSettings {
  return {
    // §6.5.2: no limit; nobody has to be asked for permission to begin (§3.4).
    maxConcurrentStreams: Number.POSITIVE_INFINITY,
    initialWindowSize: defaultWindow,
    maxFrameSize: defaultMaxFrameSize,
  };
}

/** Frames larger than this bring nothing, and would make one stream hold up the others. */
const largestFrame = 65_536;

/**
 * Takes over what a SETTINGS frame says, in its order. HEADER_TABLE_SIZE goes to the encoder each time, since the smallest counts, too
 * (RFC 7541 §4.2). Throws {@link ConnectionError} for values that there are none of.
 */
export function applySettings(
  settings: PeerSettings,
  bytes: Uint8Array,
  start: number,
  length: number,
  onHeaderTableSize: (bytes: number) => void,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, length);
  for (let at = 0; at < length; at += 6) {
    const value = view.getUint32(at + 2);
    switch (view.getUint16(at)) {
      case Setting.headerTableSize:
        onHeaderTableSize(value);
        break;
      case Setting.enablePush:
        // Only a client may say 1.
        refuse(value !== 0, ErrorCode.protocolError, `ENABLE_PUSH ${value} from a server`);
        break;
      case Setting.maxConcurrentStreams:
        settings.maxConcurrentStreams = value;
        break;
      case Setting.initialWindowSize:
        refuse(value > maxWindow, ErrorCode.flowControlError, `INITIAL_WINDOW_SIZE ${value}`);
        settings.initialWindowSize = value;
        break;
      case Setting.maxFrameSize:
        refuse(value < 16_384 || value > 16_777_215, ErrorCode.protocolError, `MAX_FRAME_SIZE ${value}`);
        settings.maxFrameSize = Math.min(value, largestFrame);
        break;
      default:
      // §6.5.2: unknown ones mean nothing to us. MAX_HEADER_LIST_SIZE is advice, and our lists are short.
    }
  }
}

function refuse(wrong: boolean, code: ErrorCode, what: string): void {
  if (wrong) {
    throw new ConnectionError(code, what);
  }
}
