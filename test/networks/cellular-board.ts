/** A board with a modelled modem behind a modelled bridge, and a server for it to talk to. */
import type { Socket } from "node:net"
import type { TestContext } from "node:test"
import { createServer as createTlsServer } from "node:tls"
import { Board } from "../../sim/board.ts"
import { Backplane, I2cWire, SpiWire } from "../../sim/buses.ts"
import type { Modem, ModemOptions } from "../../sim/chips/modem/modem.ts"
import { QuectelModem } from "../../sim/chips/modem/quectel.ts"
import {
    Sc16is7xx,
    type BridgeOptions,
} from "../../sim/chips/modem/sc16is7xx.ts"
import { SimcomModem } from "../../sim/chips/modem/simcom.ts"
import { certificate, credentials, listen } from "../wire/tcp-server.ts"
import { echo, serve } from "./ethernet-board.ts"

export { echo, until } from "./ethernet-board.ts"

export const MAKES = ["simcom", "quectel"] as const
export type Make = (typeof MAKES)[number]

const MODELS = { simcom: SimcomModem, quectel: QuectelModem }

export interface Setup {
    /** Settings of test/device/cellular-client.ts. */
    settings?: Record<string, unknown>
    /** What the server does with a connection; default: echo. */
    serve?: (socket: Socket) => void
    modem?: ModemOptions
    bridge?: Partial<BridgeOptions>
    /** Before the board starts. */
    prepare?: (modem: Modem, bridge: Sc16is7xx) => void
    /** Another program than test/device/cellular-client.ts. */
    program?: string
    /** The server's port, if it is one of the test's own. */
    port?: number
}

/** Simulated milliseconds in a real one, where a test need not see the real rate. */
const PACE = 10

export async function start(t: TestContext, make: Make, setup: Setup = {}) {
    const port = setup.port ?? (await serve(t, setup.serve ?? echo))
    const modem = new MODELS[make]({ pace: PACE, ...setup.modem })
    const bridge = new Sc16is7xx({ pace: PACE, ...setup.bridge, peer: modem })
    setup.prepare?.(modem, bridge)
    const bus = new Backplane({
        spi: new SpiWire(bridge),
        i2c: new I2cWire(bridge),
        key: powerKey(modem),
    })
    const board = await Board.start(
        setup.program ?? "test/device/cellular-client.ts",
        {
            settings: { port, modem: make, ...setup.settings },
            wires: { bus },
        }
    )
    t.after(async () => {
        await board.stop()
        modem.close()
    })
    return { board, modem, bridge, port }
}

/** The power key: a wire whose level is the key's. */
function powerKey(modem: Modem) {
    let since = 0
    return {
        data([level]: Uint8Array) {
            if (level) since = performance.now()
            else modem.powerKey(performance.now() - since)
        },
    }
}

/** The certificate that the modem trusts, and a server that has it: for localhost and 127.0.0.1. */
export const CERTIFICATE = certificate.toString()

export async function serveTls(t: TestContext) {
    const names: (string | false | null)[] = []
    const server = createTlsServer(credentials, socket => {
        names.push(socket.servername)
        socket.on("error", () => {})
        echo(socket)
    })
    server.on("tlsClientError", () => {})
    return { port: await listen(t, server), names }
}
