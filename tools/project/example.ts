/** The program that a new project begins with. */
import type { Board } from "./boards.ts"
import type { Network } from "./config.ts"

/** How the program gets into its network: imports of its own, and what `dial` is. */
const NETWORKS: Record<
    Network,
    { names: string[]; pins: boolean; start: string; heartbeat?: string }
> = {
    wifi: {
        names: ["dialNative", "joinWifi"],
        pins: false,
        start: `const ssid = await readSetting("SSID", "")
if (ssid) joinWifi(ssid, await readSetting("PASSWORD", ""))
const dial = dialNative`,
    },
    ethernet: {
        names: ["startW5500"],
        pins: true,
        start: `const dial = await startW5500({
    miso: pins.MISO,
    mosi: pins.MOSI,
    sck: pins.SCK,
    cs: pins.CS,
    reset: pins.RST,
})`,
    },
    cellular: {
        names: ["startModem", "simcom"],
        pins: true,
        start: `const dial = startModem({
    miso: pins.MISO,
    mosi: pins.MOSI,
    sck: pins.SCK,
    cs: pins.UART_CS,
    powerKey: pins.PWRKEY,
    dialect: simcom(),
})`,
        // each Ping costs some 130 bytes of the contract
        heartbeat: ", { interval: 240000 }",
    },
}

/** A program that sends a text each second, and logs the reply. */
export function exampleFor(board: Board, network: Network): string {
    const { names, pins, start, heartbeat = "" } = NETWORKS[network]
    const all = ["connectOver", "heartbeat", "reconnecting", "sleep"]
    return [
        'import { readSetting } from "@devicescript/settings"',
        ...(pins ? [`import { pins } from "@dsboard/${board.id}"`] : []),
        "import {",
        ...[...all, ...names].sort().map(name => `    ${name},`),
        '} from "devicescript-websocket"',
        "",
        "// settings: .env.local",
        'const url = await readSetting("URL", "")',
        start,
        "",
        "const connection = reconnecting(async () =>",
        `    heartbeat(await connectOver(dial, url)${heartbeat})`,
        ")",
        "for (let n = 1; ; ++n) {",
        "    await connection.opened()",
        "    await connection.send(`reading ${n}`)",
        "    const reply = await connection.recv(5000)",
        "    if (reply) console.log(reply.text())",
        "    await sleep(1000)",
        "}",
        "",
    ].join("\n")
}
