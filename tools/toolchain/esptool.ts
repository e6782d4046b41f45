/** esptool, Espressif's program that writes to ESP32 boards. */
import { UserError } from "../../lib/errors.ts"
import { run } from "./devs.ts"

/** @returns the Python that has it, or undefined */
export async function pythonWithEsptool(): Promise<string | undefined> {
    for (const python of ["python3", "python", "py"]) {
        const found = await run(python, ["-m", "esptool", "version"], true)
            .then(({ code }) => code === 0)
            .catch(() => false)
        if (found) return python
    }
    return undefined
}

/** How to get it. */
export const ESPTOOL_MISSING =
    "esptool, which writes to ESP32 boards, is not there. Install it with: python3 -m pip install esptool"

/**
 * @returns the Python that has it
 * @throws UserError with how to get it
 */
export async function findEsptool(): Promise<string> {
    const python = await pythonWithEsptool()
    if (python) return python
    throw new UserError(ESPTOOL_MISSING)
}
