// @ts-check
/** Brings this package's debug adapter, tools/commands/debug.ts, into VS Code; whatever can be said over its protocol is done there. */
const { execFile } = require("node:child_process")
const { existsSync } = require("node:fs")
const { join } = require("node:path")
const { promisify } = require("node:util")
const vscode = require("vscode")

const TYPE = "devicescript"
/** In a project that has the package installed, and in its own repository. */
const COMMANDS = [
    "node_modules/devicescript-websocket/tools/main.mjs",
    "tools/main.mjs",
]
/** What Node has to be, as in package.json. */
const NODE = [20, 19]

/**
 * A place in a file of the project that something is wrong with; lines and columns begin at 1.
 * @typedef {{
 *     file: string
 *     line: number
 *     column: number
 *     endLine: number
 *     endColumn: number
 *     severity: "error" | "warning"
 *     text: string
 * }} Problem
 */

/** @param {vscode.ExtensionContext} context */
function activate(context) {
    const problems = vscode.languages.createDiagnosticCollection(TYPE)
    context.subscriptions.push(
        problems,
        vscode.debug.registerDebugConfigurationProvider(TYPE, {
            resolveDebugConfiguration: (_folder, configuration) => ({
                // F5 without a launch.json
                ...{ type: TYPE, request: "launch", name: "Simulator" },
                ...configuration,
            }),
        }),
        vscode.debug.registerDebugAdapterDescriptorFactory(TYPE, {
            createDebugAdapterDescriptor: session => adapterOf(session),
        }),
        vscode.debug.onDidReceiveDebugSessionCustomEvent(
            ({ session, event, body }) => {
                if (event === "devicescript.problems")
                    showProblems(problems, folderOf(session), body.problems)
                if (event === "devicescript.page") openPage(session, body.url)
            }
        )
    )
}

/** @param {vscode.DebugSession} session */
function folderOf(session) {
    const folder =
        session.workspaceFolder ??
        vscode.workspace.workspaceFolders?.find(({ uri }) =>
            commandsOf(uri.fsPath)
        )
    if (!folder)
        throw new Error(
            `expected an open folder with ${COMMANDS.join(" or ")}, found none: are its dependencies installed?`
        )
    return folder.uri
}

/** @param {string} folder */
function commandsOf(folder) {
    return COMMANDS.find(path => existsSync(join(folder, path)))
}

/**
 * @param {vscode.DebugSession} session
 * @throws Error that says what is missing
 */
async function adapterOf(session) {
    const cwd = folderOf(session).fsPath
    const commands = commandsOf(cwd)
    if (!commands || !existsSync(join(cwd, "node_modules/tsx")))
        throw new Error(
            `The project's dependencies are not installed: run npm ci in ${cwd}.`
        )
    const node = vscode.workspace.getConfiguration(TYPE).get("node", "node")
    // by its path: what is called "node" VS Code would run by its own
    const path = await pathOf(node)
    return new vscode.DebugAdapterExecutable(path, [commands, "debug"], { cwd })
}

/**
 * @param {string} node the command
 * @throws Error when it cannot be run, or is too old
 */
async function pathOf(node) {
    const print = "JSON.stringify([process.execPath, process.versions.node])"
    const { stdout } = await promisify(execFile)(node, ["-p", print]).catch(
        error => {
            throw new Error(
                `Node could not be run as "${node}" (${error.code ?? error.message}). Install Node ${NODE.join(".")} or later, or name it in the setting devicescript.node.`
            )
        }
    )
    const [path, version] = JSON.parse(stdout)
    const [major, minor] = version.split(".").map(Number)
    if (major < NODE[0] || (major === NODE[0] && minor < NODE[1]))
        throw new Error(
            `Expected Node ${NODE.join(".")} or later, "${node}" is ${version}. Name a newer one in the setting devicescript.node.`
        )
    return path
}

/**
 * @param {vscode.DiagnosticCollection} collection
 * @param {vscode.Uri} folder
 * @param {Problem[]} problems
 */
function showProblems(collection, folder, problems) {
    collection.clear()
    for (const { file, text, severity, ...at } of problems) {
        const uri = vscode.Uri.joinPath(folder, file)
        const diagnostic = new vscode.Diagnostic(
            new vscode.Range(
                ...[at.line - 1, at.column - 1],
                ...[at.endLine - 1, at.endColumn - 1]
            ),
            text,
            severity === "warning"
                ? vscode.DiagnosticSeverity.Warning
                : vscode.DiagnosticSeverity.Error
        )
        diagnostic.source = "DeviceScript"
        collection.set(uri, [...(collection.get(uri) ?? []), diagnostic])
    }
    if (problems.length)
        vscode.commands.executeCommand("workbench.actions.view.problems")
}

/**
 * @param {vscode.DebugSession} session
 * @param {string} url
 */
async function openPage({ configuration }, url) {
    if (configuration.page === false) return
    const { origin, pathname } = new URL(url)
    // an editor in a browser knows another address for the port, and forgets the path
    const port = await vscode.env.asExternalUri(vscode.Uri.parse(origin))
    const page = vscode.Uri.joinPath(port, pathname)
    try {
        await vscode.commands.executeCommand("simpleBrowser.api.open", page, {
            viewColumn: vscode.ViewColumn.Beside,
            preserveFocus: true,
        })
    } catch {
        // the editor has no Simple Browser
        await vscode.env.openExternal(page)
    }
}

module.exports = { activate }
