/** Puts an image onto a board. */
import { copyFileSync, existsSync, readFileSync, readdirSync } from "node:fs"
import { basename, join, resolve } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { UserError } from "../../lib/errors.ts"
import { boards } from "../project/boards.ts"
import { readConfig } from "../project/config.ts"
import { PROJECT } from "../project/folder.ts"
import { findPort } from "../serial/ports.ts"
import { bundle, imageOf, type Image } from "./bundle.ts"
import { run } from "./devs.ts"
import { findEsptool } from "./esptool.ts"

export interface FlashOptions {
    /** Instead of the one of devs.json. */
    program?: string
    /** An image made before. */
    image?: string
    /** RP2040: the drive that the board is. */
    drive?: string
    /** ESP32: the serial port. */
    port?: string
    /** RP2040: seconds to find the drive. */
    wait: number
}

/**
 * Makes the image for the board of devs.json, and puts it there.
 * @throws UserError
 */
export async function flash(options: FlashOptions) {
    const made = options.image ? given(options.image) : undefined
    const { file } = made ?? imageOf(readConfig(PROJECT).board)
    const write = await writerFor(file, options)

    console.log("1. The image")
    const image = made ?? (await bundle(options.program))

    console.log("\n2. The board")
    await write(image)

    console.log("\n3. The program")
    console.log(
        "The board restarts by itself. Start the server for it if none runs yet (npm run serve -- --host 0.0.0.0): it shows each message."
    )
    console.log(logHint(image.board.id))
}

/**
 * What is missing for it is to be said before the program is compiled.
 * @returns writes an image
 * @throws UserError
 */
async function writerFor(file: string, options: FlashOptions) {
    if (file.endsWith(".uf2")) return (image: Image) => copyUf2(image, options)
    const python = await findEsptool()
    const port = options.port ?? (await findPort(0))
    return (image: Image) => flashEsp32(image, python, port)
}

/** @param file `….uf2`, or `…-0x1000.bin` with the place in the flash memory */
function given(file: string): Image {
    const path = resolve(file)
    if (!existsSync(path))
        throw new UserError(`expected an image at ${path}, found none`)
    const offset = /-(0x[0-9a-f]+)\.bin$/.exec(file)?.[1]
    if (!offset && !file.endsWith(".uf2"))
        throw new UserError(
            `expected an image called ….uf2 or …-0x0.bin (0x0: its place in the flash memory), found ${file}`
        )
    const board = boards().get(readConfig(PROJECT).board)!
    return { file: path, board, offset }
}

/** RP2040 datasheet 2.8.4: in BOOTSEL mode the board is a USB drive that takes a UF2 file. */
async function copyUf2({ file }: Image, { drive, wait }: FlashOptions) {
    console.log(
        "Hold the BOOTSEL button down while you plug the USB cable in, then let go: the board shows up as drive RPI-RP2."
    )
    const found = drive ?? (await findDrive(wait * 1000))
    if (!existsSync(join(found, "INFO_UF2.TXT")))
        throw new UserError(
            `expected the drive of a board in BOOTSEL mode, with a file INFO_UF2.TXT, at ${found}`
        )
    console.log(`copying ${file} to ${found}`)
    copyFileSync(resolve(PROJECT, file), join(found, basename(file)))
}

async function findDrive(timeout: number): Promise<string> {
    const end = Date.now() + timeout
    for (;;) {
        const found = drives()
        if (found.length === 1) return found[0]
        if (found.length > 1)
            throw new UserError(
                `more than one board is in BOOTSEL mode; choose with --drive: ${found.join(", ")}`
            )
        if (Date.now() > end)
            throw new UserError(
                "no board in BOOTSEL mode found. If the drive is there but not mounted, mount it and name it: npm run flash -- --drive PATH"
            )
        await sleep(500)
    }
}

function drives(): string[] {
    const places =
        process.platform === "win32"
            ? [..."DEFGHIJKLMNOPQRSTUVWXYZ"].map(letter => `${letter}:\\`)
            : [
                  ...["/Volumes", "/media", "/run/media"],
                  ...["/media", "/run/media"].flatMap(below),
              ].flatMap(below)
    return places.filter(place => {
        const info = join(place, "INFO_UF2.TXT")
        return (
            existsSync(info) && readFileSync(info, "utf8").includes("RPI-RP2")
        )
    })
}

function below(folder: string): string[] {
    try {
        return readdirSync(folder).map(name => join(folder, name))
    } catch {
        return [] // not there, or another user's
    }
}

async function flashEsp32(image: Image, python: string, port: string) {
    console.log(`writing ${image.file} by ${port}`)
    const { code } = await run(python, [
        ...["-m", "esptool", "--chip", image.board.arch],
        ...["--port", port],
        ...["write_flash", image.offset!, resolve(PROJECT, image.file)],
    ])
    if (code !== 0)
        throw new UserError(
            `esptool could not write to the board (exit code ${code}, see above). Is a data cable plugged in, and no serial monitor open? ` +
                "Hold BOOT down, press RESET, let BOOT go, and try again; with several boards choose with --port."
        )
}

function logHint(id: string): string {
    const file = join(PROJECT, "boards", `${id}.board.json`)
    const known = existsSync(file) && JSON.parse(readFileSync(file, "utf8"))
    return known
        ? `Its log: ${known.$description}`
        : `Its log is on the pin log.pinTX of the board's definition, at 115200 baud.`
}
