/** What is missing on this computer, before something fails for it. */
import { accessSync, constants, readFileSync } from "node:fs"
import { isIP } from "node:net"
import { join } from "node:path"
import { ownAddresses, reachableAddresses } from "../../lib/addresses.ts"
import { UserError } from "../../lib/errors.ts"
import { isFree } from "../../lib/ports.ts"
import { boards } from "../project/boards.ts"
import type { Config } from "../project/config.ts"
import { configure, entryOf } from "../project/configure.ts"
import { PACKAGE, PROJECT } from "../project/folder.ts"
import { readSettings, withSettings } from "../project/settings.ts"
import { boardPorts } from "../serial/ports.ts"
import { checkForBoard } from "./bundle.ts"
import { PORTS } from "./dev-server.ts"
import { ESPTOOL_MISSING, pythonWithEsptool } from "./esptool.ts"
import { expectFirmware, hasFirmware } from "./firmware.ts"

/** One thing that was looked at. */
export interface Finding {
    /** `bad` stops something from working, `note` is to be known. */
    kind: "good" | "note" | "bad"
    text: string
}

const good = (text: string): Finding => ({ kind: "good", text })
const note = (text: string): Finding => ({ kind: "note", text })
const bad = (text: string): Finding => ({ kind: "bad", text })

/** A check that is over with the first UserError, which says what to do. */
async function tried(check: () => Promise<Finding[]> | Finding[]) {
    try {
        return await check()
    } catch (error) {
        if (!(error instanceof UserError)) throw error
        return error.message.split("\n").map(bad)
    }
}

/** @param online asks whether the firmware is to be had, too */
export async function examine(online: boolean): Promise<Finding[]> {
    const findings = [node(), ...(await simulatorPorts())]
    let config: Config | undefined
    const project = await tried(() => {
        config = withSettings(configure(), readSettings(PROJECT))
        return [good(`${entryOf(config)} for ${config.board}`)]
    })
    findings.push(...project)
    if (!config) return findings
    const { board, url } = config
    return [
        ...findings,
        ...(await tried(() => forBoard(config!))),
        ...(await tried(() => [server(url)])),
        ...(await tried(() => firmware(board, online))),
        ...(await esptool(board)),
        ...(await tried(serialPorts)),
    ]
}

function node(): Finding {
    const path = join(PACKAGE, "package.json")
    const { engines } = JSON.parse(readFileSync(path, "utf8"))
    const [major, minor] = engines.node.match(/\d+/g).map(Number)
    const [isMajor, isMinor] = process.versions.node.split(".").map(Number)
    const fits = isMajor > major || (isMajor === major && isMinor >= minor)
    return fits
        ? good(`Node ${process.version}`)
        : bad(`Node ${process.version}: expected ${major}.${minor} or later`)
}

async function simulatorPorts(): Promise<Finding[]> {
    const taken: number[] = []
    for (const port of Object.values(PORTS))
        if (!(await isFree(port))) taken.push(port)
    return taken.length
        ? [
              bad(
                  `port ${taken.join(", ")} taken: sim, bundle and debuggers need them. Another simulation, debug session or \`devs devtools\` has them`
              ),
          ]
        : [good(`ports ${Object.values(PORTS).join(", ")} free`)]
}

function forBoard(config: Config): Finding[] {
    return checkForBoard(config, readSettings(PROJECT)).map(note)
}

function server(url?: string): Finding {
    if (url === undefined)
        return note("no URL in .env.local: only the program knows its server")
    const host = new URL(url).hostname
    if (isIP(host) && !ownAddresses().includes(host))
        return note(
            `the server ${url} is another computer's; this one has ${reachableAddresses().join(", ") || "no address in a network"}`
        )
    return good(`server ${url}`)
}

async function firmware(id: string, online: boolean): Promise<Finding[]> {
    const board = boards().get(id)!
    if (hasFirmware(board)) return [good(`firmware of ${board.name} is here`)]
    if (!online)
        return [
            note(
                "the firmware is fetched from the Internet by the next bundle or flash; --online looks whether it is to be had"
            ),
        ]
    await expectFirmware(board)
    return [good(`firmware at ${board.firmware}`)]
}

async function esptool(id: string): Promise<Finding[]> {
    if (!boards().get(id)!.arch.startsWith("esp32")) return []
    const python = await pythonWithEsptool()
    return [python ? good(`esptool, of ${python}`) : bad(ESPTOOL_MISSING)]
}

async function serialPorts(): Promise<Finding[]> {
    const ports = await boardPorts()
    if (!ports.length)
        return [note("no board on USB (flash and monitor need one)")]
    return ports.map(({ path }) => {
        try {
            accessSync(path, constants.R_OK | constants.W_OK)
            return good(`board on ${path}`)
        } catch {
            return bad(
                `${path} may not be opened by you; on Debian: sudo usermod -a -G dialout $USER, then log in again`
            )
        }
    })
}
