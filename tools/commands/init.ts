/** `npx devicescript-websocket init`: a new project in this folder, with a program for a board and a network. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { InvalidArgumentError, Option } from "commander"
import { reachableAddresses } from "../../lib/addresses.ts"
import { newCommand, runCommand } from "../../lib/command.ts"
import { UserError } from "../../lib/errors.ts"
import { nearest } from "../../lib/nearest.ts"
import { boards, type Board } from "../project/boards.ts"
import { boardsFor, lackOf, type Network } from "../project/config.ts"
import { exampleFor } from "../project/example.ts"
import { PACKAGE, packaged, PROJECT } from "../project/folder.ts"
import { Questions } from "../project/questions.ts"
import { checkSetting } from "../project/settings.ts"
import { json, vscodeFiles } from "../project/vscode.ts"

interface Options {
    board?: string
    network?: Network
    program: string
    url?: string
    yes?: boolean
}

/** What a project is made of. */
interface Choice {
    board: Board
    network: Network
    program: string
    url: string
}

const BOARDS: Record<Network, string> = {
    wifi: "esp32c3_devkitm",
    ethernet: "w5500_evb_pico",
    cellular: "pico_sc16is750",
}

const NETWORKS: [Network, string][] = [
    ["wifi", "its own Wi-Fi: any ESP32"],
    ["ethernet", "a W5500 on its SPI pins"],
    ["cellular", "a modem behind an SC16IS750"],
]

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

async function init(options: Options) {
    refuse(["devs.json"])
    const choice = await choose(options)
    const files = filesOf(choice)
    refuse(Object.keys(files))
    const manifest = withScripts()
    for (const [file, text] of Object.entries(files)) write(file, text)
    write("package.json", manifest)
    const { board, network, program } = choice
    console.log(`${program} for ${board.name}, over ${network}. Next:

    npm run sim       runs it in the simulator, and again at each save
    npm run flash     puts it onto the board, once .env.local is right`)
}

/** @throws UserError when one of the files is there already */
function refuse(files: string[]) {
    const there = files.filter(file => existsSync(join(PROJECT, file)))
    if (there.length)
        throw new UserError(
            `${there.join(", ")} ${there.length > 1 ? "are" : "is"} there already, and nothing was written`
        )
}

/** What the options leave open is asked on a terminal, and taken by default elsewhere. */
async function choose(options: Options): Promise<Choice> {
    const { program } = options
    const [address = "192.168.1.20"] = reachableAddresses()
    const here = `ws://${address}:8000/ws`
    if (options.yes || !process.stdin.isTTY) {
        const { network = "wifi", url = here } = options
        const board = boardOf(options.board ?? BOARDS[network], network)
        return { board, network, program, url }
    }
    const questions = new Questions(process.stdin, process.stdout)
    try {
        const network =
            options.network ??
            (await questions.choose("How does the board connect?", NETWORKS))
        const id =
            options.board ??
            (await questions.choose("Which board?", choicesFor(network)))
        const board = boardOf(id, network)
        const url = options.url ?? (await questions.text("Which server?", here))
        return { board, network, program, url }
    } finally {
        questions.close()
    }
}

/** The boards that come with this package, the usual one first. */
function choicesFor(network: Network): [string, string][] {
    const usual = BOARDS[network]
    const known = boards(PACKAGE)
    return boardsFor(network, PACKAGE)
        .filter(id => isPackaged(definitionOf(id)))
        .sort((a, b) => Number(b === usual) - Number(a === usual))
        .map(id => [id, known.get(id)!.name])
}

/** Where a board that does not come with the tool chain is described: in this package, and in a project. */
function definitionOf(id: string) {
    return `boards/${id}.board.json`
}

function isPackaged(file: string): boolean {
    return existsSync(join(PACKAGE, file))
}

function checkedUrl(url: string): string {
    const problem = checkSetting("URL", url)
    if (problem) throw new InvalidArgumentError(problem)
    return url
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
    throw new UserError(
        `${id} (${board.name}) has no ${lack}; for ${network} there are ${boardsFor(network, PACKAGE).join(", ")}`
    )
}

/** What is written, by path. */
function filesOf(choice: Choice): Record<string, string> {
    const { board, network, program, url } = choice
    const wifi = network === "wifi" ? "SSID=\nPASSWORD=\n" : ""
    const definitions = [definitionOf(board.id)].filter(isPackaged)
    return {
        "devs.json": json({
            $schema: "./node_modules/devicescript-websocket/devs.schema.json",
            program,
            network,
            board: board.id,
        }),
        "devsconfig.json": "{}\n",
        ".env.local": `URL="${url}"\n${wifi}`,
        ".gitignore":
            "node_modules/\n.devicescript/\nbuilt/\n.env.local\n*.tgz\n",
        [program]: exampleFor(board, network),
        ...packaged("src/tsconfig.json", ...definitions),
        ...vscodeFiles(),
    }
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

function write(file: string, text: string) {
    const path = join(PROJECT, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
}

await newCommand("init")
    .description(
        "begins a project in this folder, and overwrites nothing; asks on a terminal for what no option says"
    )
    .addOption(
        new Option(
            "--network <name>",
            "how the board reaches the network (default: wifi)"
        ).choices(Object.keys(BOARDS))
    )
    .option("--board <id>", "default: one with that network")
    .option(
        "--url <url>",
        "the server (default: npm run serve on this computer)",
        checkedUrl
    )
    .option("--program <path>", "where the example goes", "src/main.ts")
    .option("-y, --yes", "asks nothing")
    .action(options => runCommand(() => init(options)))
    .parseAsync()
