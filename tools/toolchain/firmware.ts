/** What is not in this package: the boards' firmware, and the boot ROM that an emulated RP2040 needs. */
import { existsSync, readFileSync, statSync } from "node:fs"
import { basename, join } from "node:path"
import { UserError } from "../../lib/errors.ts"
import type { Board } from "../project/boards.ts"
import { PROJECT } from "../project/folder.ts"

/** Where `devs` keeps firmware that it has downloaded, and the milliseconds for which it uses that. */
const CACHE = ".devicescript/cache"
const FRESH = 24 * 3600 * 1000
/** Milliseconds for the server that has the firmware. */
const ANSWER = 10_000
const BOOTROM_SIZE = 16384
/** At 0x10 of every RP2040's boot ROM (datasheet 2.8.3). */
const BOOTROM_MAGIC = "Mu\x01"

/**
 * DeviceScript's firmware, a UF2 file.
 * @param file default: as the tool chain has downloaded it
 * @throws UserError with how to get it
 */
export function readFirmware(board: Board, file?: string): Buffer {
    const path = file ?? cached(board)
    if (existsSync(path)) return readFileSync(path)
    throw new UserError(
        [
            `expected the DeviceScript firmware for the RP2040 in ${path}, found none.`,
            `Fetch ${board.firmware} and name it with --firmware; npm run bundle fetches it, too.`,
        ].join("\n")
    )
}

function cached({ firmware }: Pick<Board, "firmware">): string {
    return join(PROJECT, CACHE, basename(firmware))
}

/** Whether `devs` has the firmware already, and would use it. */
export function hasFirmware(board: Pick<Board, "firmware">): boolean {
    const found = statSync(cached(board), { throwIfNoEntry: false })
    return found !== undefined && Date.now() - found.mtimeMs < FRESH
}

/**
 * Before what takes long: a program is compiled first, and its image needs the firmware.
 * @throws UserError when it is neither there nor to be had
 */
export async function expectFirmware(board: Pick<Board, "firmware">) {
    if (hasFirmware(board)) return
    const refused = await refusal(board.firmware)
    if (refused) throw new UserError(cannotFetch(board.firmware, refused))
}

/** @returns why it cannot be fetched, or undefined */
async function refusal(url: string): Promise<string | undefined> {
    const signal = AbortSignal.timeout(ANSWER)
    try {
        const { ok, status } = await fetch(url, { method: "HEAD", signal })
        return ok ? undefined : `status ${status}`
    } catch (error) {
        const { cause, message } = error as Error
        return cause instanceof Error ? cause.message : message
    }
}

/** What to do when the firmware cannot be fetched. */
export function cannotFetch(firmware: string, why?: string): string {
    return [
        `The firmware cannot be fetched (${why}), and without it there is no image.`,
        `Connect this computer to the Internet and try again; or fetch`,
        `  ${firmware}`,
        `elsewhere, put it here as`,
        `  ${CACHE}/${basename(firmware)}`,
        `and try again within a day: an older file is not used (\`touch\` makes it new).`,
    ].join("\n")
}

/**
 * The chip's boot ROM.
 * @throws UserError with how to get it
 */
export function readBootrom(file?: string): Buffer {
    const hint =
        "The releases of https://github.com/raspberrypi/pico-bootrom-rp2040 have it (an ELF file becomes an image by objcopy -O binary); a debugger reads it from a board's address 0. Name it with --bootrom."
    if (!file || !existsSync(file))
        throw new UserError(
            `expected the boot ROM of an RP2040${file ? ` in ${file}, found none` : ""}.\n${hint}`
        )
    const bytes = readFileSync(file)
    const magic = bytes.subarray(0x10, 0x13).toString("latin1")
    if (bytes.length !== BOOTROM_SIZE || magic !== BOOTROM_MAGIC)
        throw new UserError(
            `expected the boot ROM of an RP2040, ${BOOTROM_SIZE} bytes with 4d 75 01 at 0x10, found ${bytes.length} bytes in ${file}.\n${hint}`
        )
    return bytes
}
