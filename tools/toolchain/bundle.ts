/** Makes an image: firmware, board definition, settings and program in one file for the flash memory. */
import { isIP } from "node:net"
import { mkdirSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import { reachableAddresses } from "../../lib/addresses.ts"
import { UserError } from "../../lib/errors.ts"
import { boards, type Board } from "../project/boards.ts"
import type { Config } from "../project/config.ts"
import { configure, entryOf } from "../project/configure.ts"
import { PROJECT } from "../project/folder.ts"
import {
    readSettings,
    withSettings,
    type Settings,
} from "../project/settings.ts"
import { devs } from "./devs.ts"
import { cannotFetch, expectFirmware } from "./firmware.ts"

/** cli/src/exitcodes.ts: the dev server that `devs bundle` starts found its ports taken. */
const EXIT_CODE_EADDRINUSE = 100

const EXPECTED_PSK =
    'Expected PSK="identity:key" in .env.local, as docs/tls.md describes, or ws://'

/** Why a chip has no wss:// over its own Wi-Fi. */
const WITHOUT_TLS: Record<string, string> = {
    rp2040w: "the firmware of a Pico W has no TLS",
    esp32s2: "an ESP32-S2 has too little memory for TLS",
}

/** An image and the board that it is for. */
export interface Image {
    /** Path in the project folder. */
    file: string
    board: Board
    /** Where in the flash memory it begins, `0x1000`; a UF2 file says so itself. */
    offset?: string
}

/**
 * Makes the image for the board of devs.json.
 * @param program instead of the one of devs.json
 * @throws UserError
 */
export async function bundle(program?: string): Promise<Image> {
    const config = configure(program)
    const notes = checkForBoard(config, readSettings(PROJECT))
    for (const note of notes) console.log(`note: ${note}`)
    const image = imageOf(config.board)
    await expectFirmware(image.board)
    mkdirSync(join(PROJECT, dirname(image.file)), { recursive: true })
    const { code, output } = await devs(
        [
            "bundle",
            ...["--board", config.board],
            ...["--flash-file", image.file],
            entryOf(config),
        ],
        true
    )
    if (code !== 0) throw new UserError(explain(code, output, image.board))
    const { size } = statSync(join(PROJECT, image.file))
    console.log(`${image.file}: ${size} bytes for ${image.board.name}`)
    return image
}

/** @param id of a board that exists */
export function imageOf(id: string): Image {
    const board = boards().get(id)!
    // esptool is told the offset, which the firmware's name ends in
    const offset = /-(0x[0-9a-f]+)\.bin$/.exec(board.firmware)?.[1]
    const file = offset ? `built/${id}-${offset}.bin` : `built/${id}.uf2`
    return { file, board, offset }
}

/**
 * Looks for what works in the simulator but not on a board.
 * @returns what the user should know
 * @throws UserError when the program cannot work there
 */
export function checkForBoard(config: Config, settings: Settings): string[] {
    const { url } = withSettings(config, settings)
    if (url !== undefined) checkUrl(url, config, settings.PSK !== undefined)
    if (![config.network].flat().includes("wifi")) return []
    if (archOf(config).startsWith("esp32")) checkLengths(settings)
    if (settings.SSID !== undefined) return []
    return [
        settings.WIFI_SSID === undefined
            ? "no SSID (and PASSWORD) in .env.local: the board joins no Wi-Fi network. The image replaces the part of its flash memory with the one that it knows from before"
            : "the tool chain leaves WIFI_SSID and WIFI_PWD out of an image: name them SSID and PASSWORD in .env.local",
    ]
}

function archOf({ board }: Config): string {
    return boards().get(board)?.arch ?? ""
}

/** Whether the board can reach the server that way. */
function checkUrl(url: string, config: Config, hasPsk: boolean) {
    const { hostname, protocol } = new URL(url)
    const needsNative = protocol === "wss:" && !hasPsk
    if (config.network === "ethernet" && needsNative)
        throw new UserError(
            `"url" is ${url}: over Ethernet TLS needs a pre-shared key. ${EXPECTED_PSK}`
        )
    if (/^(localhost|127\..*|\[::1\])$/.test(hostname))
        throw new UserError(
            `"url" is ${url}: on the board that is the board itself. Expected an address of the computer with the server` +
                addressesHint()
        )
    if (config.network === "wifi")
        checkWifi({
            url,
            hostname,
            arch: archOf(config),
            isSecure: needsNative,
        })
}

/** What the firmware cannot do over its own Wi-Fi, or not on this chip. */
function checkWifi(program: {
    url: string
    arch: string
    hostname: string
    isSecure: boolean
}) {
    const { url, arch, hostname, isSecure } = program
    const isAddress = isIP(hostname) !== 0
    if (hostname.startsWith("["))
        throw new UserError(
            `"url" is ${url}: the board gets no IPv6 address. Expected a name or an IPv4 address`
        )
    if (isSecure && arch in WITHOUT_TLS)
        throw new UserError(
            `"url" is ${url}: ${WITHOUT_TLS[arch]}. ${EXPECTED_PSK}`
        )
    if (isSecure && isAddress)
        throw new UserError(
            `"url" is ${url}: the board checks the server's certificate, which is for a name. Expected wss:// and that name`
        )
}

/** The firmware copies both with a zero behind into buffers of 32 and 64 bytes (main/wifi_impl.c), and joins with what is left. */
function checkLengths(settings: Settings) {
    for (const [name, most] of [
        ["SSID", 31],
        ["PASSWORD", 63],
    ] as const) {
        const bytes = Buffer.byteLength(String(settings[name] ?? ""))
        if (bytes > most)
            throw new UserError(
                `${name} in .env.local takes ${bytes} bytes, and an ESP32's firmware cuts it off at ${most}: the board could not join. ` +
                    (name === "SSID"
                        ? "Give the network a shorter name"
                        : "Write the passphrase instead of the key of 64 digits")
            )
    }
}

function addressesHint(): string {
    const addresses = reachableAddresses()
    return addresses.length ? `; this one has ${addresses.join(", ")}` : ""
}

/** What went wrong in `devs bundle`, and what to do about it. */
export function explain(
    code: number | null,
    output: string,
    { firmware }: Pick<Board, "firmware">
): string {
    if (code === EXIT_CODE_EADDRINUSE || output.includes("EADDRINUSE"))
        return "Port 8081, 8082 or 8083 of this computer is taken, probably by another DeviceScript dev server (an editor's?). End that first."
    const reason = /cause\]: (.*?) ?\{?$/m.exec(output)?.[1]
    const refused = /can't fetch: (.*)$/m.exec(output)?.[1]
    if (!refused && !output.includes("fetch failed")) return output
    return cannotFetch(firmware, refused ?? reason)
}
