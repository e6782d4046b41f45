/** Serial ports of this computer. */
import { setTimeout as sleep } from "node:timers/promises"
import { SerialPort } from "serialport"
import { NoDevice } from "../../lib/errors.ts"

/** USB vendors of boards that run DeviceScript, and of the bridges on them. */
const VENDORS: Record<string, string> = {
    "2e8a": "Raspberry Pi",
    "303a": "Espressif",
    "10c4": "Silicon Labs bridge",
    "1a86": "WCH bridge",
    "0403": "FTDI bridge",
}
/** Milliseconds between two looks. */
const AGAIN = 250

/**
 * The serial ports that may be boards.
 * @throws NoDevice when this computer cannot list them, as without udev
 */
export async function boardPorts() {
    const ports = await SerialPort.list().catch((error: Error) => {
        throw new NoDevice(
            `expected a list of this computer's serial ports, got: ${error.message}. Name the port with --port`
        )
    })
    return ports.filter(
        ({ vendorId = "" }) => vendorId.toLowerCase() in VENDORS
    )
}

/**
 * The port of the only board there is.
 * @param patience milliseconds to wait for it
 * @throws NoDevice when there is none, or more than one
 */
export async function findPort(patience: number): Promise<string> {
    const end = performance.now() + patience
    for (;;) {
        const ports = await boardPorts()
        if (ports.length === 1) return ports[0].path
        if (ports.length > 1)
            throw new NoDevice(
                `expected one board, found several; choose with --port: ${ports.map(describe).join(", ")}`
            )
        if (performance.now() > end) break
        await sleep(AGAIN)
    }
    throw new NoDevice(
        `expected a board on USB (${Object.values(VENDORS).join(", ")}), found none. Is a data cable plugged in? Some boards show up only after: hold BOOT down, press RESET, let BOOT go. Name another port with --port.`
    )
}

function describe({
    path,
    vendorId = "",
    manufacturer,
}: Awaited<ReturnType<typeof SerialPort.list>>[number]): string {
    return `${path} (${manufacturer ?? VENDORS[vendorId.toLowerCase()]})`
}

/**
 * Opens a port, as soon as it is there.
 * @param patience milliseconds to wait for it
 * @throws NoDevice
 */
export async function openPort(
    path: string,
    baudRate: number,
    patience: number
): Promise<SerialPort> {
    const end = performance.now() + patience
    for (;;) {
        const port = new SerialPort({ path, baudRate, autoOpen: false })
        const error = await new Promise<Error | null>(resolve =>
            port.open(resolve)
        )
        if (!error) return port
        if (performance.now() > end)
            throw new NoDevice(
                `expected serial port ${path} to open: ${error.message}`
            )
        await sleep(AGAIN)
    }
}
