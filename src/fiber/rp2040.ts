import { _dcfgString } from "@devicescript/core"

/** Whether the firmware is the RP2040's, which loses timers and the ends of some transfers; see docs/platform.md. */
export function isRp2040(): boolean {
    return _dcfgString("archId").startsWith("rp2040")
}
