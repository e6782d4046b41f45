import { _dcfgString } from "@devicescript/core"

let simulated = false

/** Whether the firmware is the RP2040's, which loses timers and the ends of some transfers; see docs/platform.md. */
export function isRp2040(): boolean {
    return simulated || _dcfgString("archId").startsWith("rp2040")
}

/** For the simulator: from now on this is one. */
export function simulateRp2040() {
    simulated = true
}
