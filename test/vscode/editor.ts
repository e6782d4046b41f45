/** VS Code in a browser: code-server in headless Chromium, on a copy of the project as it would be cloned. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process"
import {
    cpSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    realpathSync,
    rmSync,
    symlinkSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { launchChromium } from "../chromium/browser.ts"
import { once } from "../wire/wait.ts"

type Browser = Awaited<ReturnType<typeof launchChromium>>
type Page = Awaited<ReturnType<Browser["newPage"]>>

const HERE = dirname(fileURLToPath(import.meta.url))
const PROJECT = join(HERE, "../..")
const CODE_SERVER = join(HERE, "node_modules/code-server/out/node/entry.js")
const TOOLCHAIN = "@devicescript"
/** Where screenshots go. */
const PICTURES = join(PROJECT, "artifacts/vscode")

/** How long the editor may take for a thing, in milliseconds. */
const PATIENCE = 120_000

export class Editor {
    private pictures = 0

    /** Copies the project, and opens the copy. */
    static async open(): Promise<Editor> {
        expectInstalled()
        mkdirSync(PICTURES, { recursive: true })
        const home = realpathSync(mkdtempSync(join(tmpdir(), "vscode-")))
        const folder = join(home, "project")
        copyProject(folder)
        const { server, url } = await startCodeServer(home, folder)
        const browser = await launchChromium()
        const page = await browser.newPage({
            viewport: { width: 1400, height: 900 },
        })
        page.setDefaultTimeout(PATIENCE)
        await page.goto(url)
        await page.waitForSelector(".monaco-workbench")
        return new Editor(folder, home, server, browser, page)
    }

    private constructor(
        readonly folder: string,
        private readonly home: string,
        private readonly server: ChildProcess,
        private readonly browser: Browser,
        private readonly page: Page
    ) {}

    async close() {
        await this.browser.close()
        process.kill(-this.server.pid!)
        await once(this.server, "close")
        rmSync(this.home, { recursive: true })
    }

    /** Keeps a screenshot. */
    async picture(name: string) {
        const number = String(++this.pictures).padStart(2, "0")
        const path = join(PICTURES, `${number}-${name}.png`)
        await this.page.screenshot({ path })
    }

    async click(button: RegExp) {
        await this.page.getByRole("button", { name: button }).first().click()
    }

    async press(key: string) {
        await this.page.keyboard.press(key)
    }

    /** Runs a command by the name that it has in the palette. */
    async run(command: string) {
        await this.pick(`>${command}`, command)
    }

    /** Opens a file of that name. @param place `src/app/app.ts:12` */
    async goTo(place: string) {
        await this.pick(place, basename(place.split(":")[0]))
    }

    /** @param found what the entry to pick is called */
    private async pick(text: string, found: string) {
        await this.press("F1")
        const input = this.page.locator(".quick-input-widget input").first()
        await input.fill(text)
        await this.shows(".quick-input-list .monaco-list-row.focused", found)
        await input.press("Enter")
        await input.waitFor({ state: "hidden" })
    }

    /** Waits until a part of the window shows a text. @param timeout milliseconds */
    async shows(selector: string, text: string | RegExp, timeout = PATIENCE) {
        const found = this.page.locator(selector).filter({ hasText: text })
        await found.first().waitFor({ timeout })
    }

    async vanishes(selector: string) {
        await this.page.locator(selector).first().waitFor({ state: "hidden" })
    }

    async hover(word: string) {
        const line = this.page.locator(
            ".view-line:has(.debug-top-stack-frame-column), .view-line"
        )
        await line.getByText(word, { exact: true }).first().hover()
    }

    text(selector: string): Promise<string[]> {
        return this.page.locator(selector).allTextContents()
    }
}

function expectInstalled() {
    if (existsSync(CODE_SERVER)) return
    console.error(
        "code-server is not installed in test/vscode; to install it: apt-get install -y build-essential python3 pkg-config libkrb5-dev libsecret-1-dev libx11-dev libxkbfile-dev ripgrep chromium && test/vscode/install.sh"
    )
    process.exit(1)
}

/** What git would hand out, changes that are not committed included. */
function copyProject(folder: string) {
    const listed = execFileSync(
        "git",
        ["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        { cwd: PROJECT, encoding: "utf8" }
    )
    for (const file of new Set(listed.split("\0")))
        if (file && existsSync(join(PROJECT, file)))
            cpSync(join(PROJECT, file), join(folder, file))
    const modules = join(folder, "node_modules")
    mkdirSync(modules)
    for (const name of readdirSync(join(PROJECT, "node_modules")))
        if (name !== TOOLCHAIN)
            symlinkSync(
                join(PROJECT, "node_modules", name),
                join(modules, name)
            )
    // the build writes into it, and the editor's TypeScript wants it where it seems to be
    cpSync(join(PROJECT, "node_modules", TOOLCHAIN), join(modules, TOOLCHAIN), {
        recursive: true,
    })
}

async function startCodeServer(home: string, folder: string) {
    const server = spawn(
        process.execPath,
        [
            ...[CODE_SERVER, "--auth", "none", "--bind-addr", "127.0.0.1:0"],
            ...["--disable-telemetry", "--disable-update-check"],
            ...["--user-data-dir", join(home, "data")],
            ...["--extensions-dir", join(home, "extensions")],
            ...["--config", join(home, "config.yaml"), folder],
        ],
        // a group of its own, for it has children of its own
        { detached: true, stdio: ["ignore", "pipe", "inherit"] }
    )
    for await (const line of createInterface(server.stdout)) {
        const address = /listening on (http:\S+)/i.exec(line)?.[1]
        if (!address) continue
        server.stdout.resume()
        return { server, url: `${address}?folder=${folder}` }
    }
    throw new Error("expected code-server to listen, it has ended")
}
