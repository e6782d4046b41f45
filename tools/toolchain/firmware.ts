/** What an emulated RP2040 needs and this project does not have: the firmware and the boot ROM. */
import { existsSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import { UserError } from "../../lib/errors.ts"
import type { Board } from "../project/boards.ts"
import { PROJECT } from "../project/folder.ts"

/** Where `devs` keeps firmware that it has downloaded. */
const CACHE = ".devicescript/cache"
const BOOTROM_SIZE = 16384
/** At 0x10 of every RP2040's boot ROM (datasheet 2.8.3). */
const BOOTROM_MAGIC = "Mu\x01"

/**
 * DeviceScript's firmware, a UF2 file.
 * @param file default: as the tool chain has downloaded it
 * @throws UserError with how to get it
 */
export function readFirmware(board: Board, file?: string): Buffer {
    const path = file ?? join(PROJECT, CACHE, basename(board.firmware))
    if (existsSync(path)) return readFileSync(path)
    throw new UserError(
        [
            `expected the DeviceScript firmware for the RP2040 in ${path}, found none.`,
            `Fetch ${board.firmware} and name it with --firmware; npm run bundle fetches it, too.`,
        ].join("\n")
    )
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
