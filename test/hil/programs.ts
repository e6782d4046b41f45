/** Where the programs of a device are. */
import type { ProgramName } from "./device.ts"

/** It uses no network. */
const PROBE = "test/hil/device/probe.ts"
const probe = { wifi: PROBE, ethernet: PROBE, cellular: PROBE }
const sockets = { wifi: "test/hil/device/probe-socket.ts" }

/** For the simulator, whose chips are on a bus of its own: entries by network. */
export const SIMULATED: Record<ProgramName, Record<string, string>> = {
    echo: {
        wifi: "src/main.ts",
        ethernet: "sim/device/main-ethernet.ts",
        cellular: "sim/device/main-cellular.ts",
    },
    sizes: {
        wifi: "test/hil/device/sizes-wifi.ts",
        ethernet: "test/hil/device/sizes-sim-ethernet.ts",
        cellular: "test/hil/device/sizes-sim-cellular.ts",
    },
    probe,
    sockets,
}

/** For a board with pins: entries by network. */
export const ON_BOARD: Record<ProgramName, Record<string, string>> = {
    echo: {
        wifi: "src/main.ts",
        ethernet: "src/main-ethernet.ts",
        cellular: "src/main-cellular.ts",
    },
    sizes: {
        wifi: "test/hil/device/sizes-wifi.ts",
        ethernet: "test/hil/device/sizes-ethernet.ts",
        cellular: "test/hil/device/sizes-cellular.ts",
    },
    probe,
    sockets,
}
