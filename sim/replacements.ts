/** What takes the place of the sources that touch a board's buses, in a program whose chips are models. */
import { existsSync, realpathSync } from "node:fs"
import { basename, dirname, join, relative, resolve } from "node:path"

const SPI_BUS = resolve(import.meta.dirname, "../src/net/bus/spi-bus.ts")
const I2C_CLIENT = join("node_modules", "@devicescript/i2c/src/client.ts")
const SIM_BUS = resolve(import.meta.dirname, "device/sim-bus")

/** @returns the text to compile instead of a source, by its absolute path; undefined: its own */
export function replacementOf(path: string): string | undefined {
    if (isSpiBus(path))
        return 'export { spiBus } from "../../../sim/device/spi-bus"\n'
    return path.endsWith(I2C_CLIENT) ? i2cClient(dirname(path)) : undefined
}

/** In this repository, or where a project has the package. */
function isSpiBus(path: string): boolean {
    return (
        basename(path) === basename(SPI_BUS) &&
        existsSync(path) &&
        realpathSync(path) === SPI_BUS
    )
}

function i2cClient(folder: string): string {
    const simBus = relative(folder, SIM_BUS).replaceAll("\\", "/")
    return `import { I2C } from "./i2c_impl"
import { simI2c } from "${simBus}"

const bus = simI2c("i2c")

class ModelledI2C extends I2C {
    override async xfer(address: number, data: Buffer, read?: number) {
        return await bus.xfer(address, data, read)
    }
}

export const i2c: I2C = new ModelledI2C()
`
}
