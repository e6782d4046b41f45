/** Where the programs of a device are. */
import type { ProgramName } from "./device.ts"

/** For the simulator, whose chips are on a bus of its own: entries by network. */
export const SIMULATED: Record<ProgramName, Record<string, string>> = {
    echo: {
        wifi: "src/main.ts",
        ethernet: "sim/device/mainethernet.ts",
        cellular: "sim/device/maincellular.ts",
    },
    sizes: {
        wifi: "test/hil/device/sizeswifi.ts",
        ethernet: "test/hil/device/sizessimethernet.ts",
        cellular: "test/hil/device/sizessimcellular.ts",
    },
}

/** For a board with pins: entries by network. */
export const ON_BOARD: Record<ProgramName, Record<string, string>> = {
    echo: {
        wifi: "src/main.ts",
        ethernet: "src/mainethernet.ts",
        cellular: "src/maincellular.ts",
    },
    sizes: {
        wifi: "test/hil/device/sizeswifi.ts",
        ethernet: "test/hil/device/sizesethernet.ts",
        cellular: "test/hil/device/sizescellular.ts",
    },
}
