/** The boards: those in boards/ and those that the tool chain brings. */
import { existsSync, readFileSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { toolchain, type BoardDefinition } from "../../sim/vm.ts"
import { PROJECT } from "./folder.ts"

/** What the tools need to know of a board. */
export interface Board {
    id: string
    name: string
    /** `esp32c3`, `rp2040w`, … */
    arch: string
    wifi: boolean
    /** It has pins for the chip of `"network": "ethernet"`, by the names that src/main-ethernet.ts uses. */
    w5500: boolean
    /** Likewise for `"network": "cellular"`: a bridge on SPI, or on I2C as it must be beside a W5500; and a power key. */
    bridge: { spi: boolean; i2c: boolean }
    /** Its light takes green before red, and its firmware sends red first. */
    isGreenFirst: boolean
    /** From where `devs` fetches the firmware. */
    firmware: string
}

/** The pins of src/main-ethernet.ts. */
export const W5500_PINS = ["MISO", "MOSI", "SCK", "CS", "RST"]
/** The pins of src/main-cellular.ts. */
export const BRIDGE_PINS = ["MISO", "MOSI", "SCK", "UART_CS", "PWRKEY"]

/** Every board that can be named in devs.json, by id; those of the project's folder first. */
export function boards(project = PROJECT): Map<string, Board> {
    const known = toolchain().compiler.resolveBuildConfig()
    const folder = join(project, "boards")
    const own = (existsSync(folder) ? readdirSync(folder) : [])
        .filter(file => file.endsWith(".board.json"))
        .map((file): [string, BoardDefinition] => [
            file.slice(0, -".board.json".length),
            JSON.parse(readFileSync(join(folder, file), "utf8")),
        ])
    return new Map(
        [...own, ...Object.entries(known.boards)].map(([id, board]) => [
            id,
            {
                id,
                name: board.devName,
                arch: board.archId,
                wifi: board.archId !== "rp2040",
                w5500: W5500_PINS.every(pin => pin in (board.pins ?? {})),
                bridge: {
                    spi: BRIDGE_PINS.every(pin => pin in (board.pins ?? {})),
                    i2c: "i2c" in board && "PWRKEY" in (board.pins ?? {}),
                },
                // jd_rgbext_set() of devicescript-esp32 (main/ledstrip.c) against the WS2812B's data sheet, "composition of 24bit data"
                isGreenFirst:
                    board.archId.startsWith("esp32") && board.led?.type === 1,
                firmware:
                    board.$fwUrl ?? known.archs[board.archId].bareUrl ?? "",
            },
        ])
    )
}
