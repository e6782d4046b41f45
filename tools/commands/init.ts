/** `npx devicescript-websocket init`: a new project in this folder, with a program for a board and a network. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { Command, Option } from "commander"
import { reachableAddresses } from "../../lib/addresses.ts"
import { runCommand } from "../../lib/command.ts"
import { UserError } from "../../lib/errors.ts"
import { nearest } from "../../lib/nearest.ts"
import { boards, type Board } from "../project/boards.ts"
import { lackOf, type Network } from "../project/config.ts"
import { exampleFor } from "../project/example.ts"
import { PACKAGE, PROJECT } from "../project/folder.ts"

interface Options {
    board?: string
    network: Network
    program: string
}

const BOARDS: Record<Network, string> = {
    wifi: "esp32c3_devkitm",
    ethernet: "w5500_evb_pico",
    cellular: "pico_sc16is750",
}

/** The npm scripts of a project, each a command of this package. */
const SCRIPTS = [
    "sim",
    "serve",
    "build",
    "bundle",
    "flash",
    "monitor",
    "doctor",
]

async function init({ network, program, board: id }: Options) {
    const board = boardOf(id ?? BOARDS[network], network)
    const files = filesOf(board, network, program)
    const there = Object.keys(files).filter(file =>
        existsSync(join(PROJECT, file))
    )
    if (there.length)
        throw new UserError(
            `${there.join(", ")} ${there.length > 1 ? "are" : "is"} there already, and nothing was written`
        )
    const manifest = withScripts()
    for (const [file, text] of Object.entries(files)) write(file, text)
    write("package.json", manifest)
    console.log(`${program} for ${board.name}, over ${network}. Next:

    npm run sim       runs it in the simulator, and again at each save
    npm run flash     puts it onto the board, once .env.local is right`)
}

function boardOf(id: string, network: Network): Board {
    const known = boards(PACKAGE)
    const board = known.get(id)
    if (!board) {
        const guess = nearest(id, [...known.keys()])
        throw new UserError(
            `no board is called ${id}; ${guess ? `did you mean ${guess}?` : `expected one of ${[...known.keys()].join(", ")}`}`
        )
    }
    const lack = lackOf(board, network, network)
    if (lack === undefined) return board
    const able = [...known.values()]
        .filter(other => lackOf(other, network, network) === undefined)
        .map(other => other.id)
    throw new UserError(
        `${id} (${board.name}) has no ${lack}; for ${network} there are ${able.join(", ")}`
    )
}

/** What is written, by path. */
function filesOf(
    board: Board,
    network: Network,
    program: string
): Record<string, string> {
    const definition = `boards/${board.id}.board.json`
    return {
        "devs.json": json({
            $schema: "./node_modules/devicescript-websocket/devs.schema.json",
            program,
            network,
            board: board.id,
        }),
        "devsconfig.json": "{}\n",
        ".env.local": settings(network),
        ".gitignore":
            "node_modules/\n.devicescript/\nbuilt/\n.env.local\n*.tgz\n",
        "src/tsconfig.json": packaged("src/tsconfig.json"),
        [program]: exampleFor(board, network),
        ...(existsSync(join(PACKAGE, definition))
            ? { [definition]: packaged(definition) }
            : {}),
    }
}

function settings(network: Network): string {
    const [address = "192.168.1.20"] = reachableAddresses()
    const url = `URL="ws://${address}:8000/ws"\n`
    return network === "wifi" ? `${url}SSID=\nPASSWORD=\n` : url
}

/** package.json, with the scripts that it does not have yet. */
function withScripts(): string {
    const path = join(PROJECT, "package.json")
    const manifest = existsSync(path)
        ? JSON.parse(readFileSync(path, "utf8"))
        : { private: true }
    const ours = SCRIPTS.map(name => [name, `devicescript-websocket ${name}`])
    return json({
        ...manifest,
        scripts: { ...Object.fromEntries(ours), ...manifest.scripts },
    })
}

function packaged(file: string): string {
    return readFileSync(join(PACKAGE, file), "utf8")
}

function json(value: object): string {
    return `${JSON.stringify(value, null, 4)}\n`
}

function write(file: string, text: string) {
    const path = join(PROJECT, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
}

await new Command("npx devicescript-websocket init")
    .description("begins a project in this folder, and overwrites nothing")
    .addOption(
        new Option("--network <name>", "how the board reaches the network")
            .choices(Object.keys(BOARDS))
            .default("wifi")
    )
    .option("--board <id>", "default: one with that network")
    .option("--program <path>", "where the example goes", "src/main.ts")
    .action(options => runCommand(() => init(options)))
    .parseAsync()
