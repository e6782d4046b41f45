import { page, type Page, type Pages } from "../http/page.ts"
import type { Mode } from "./mode.ts"

/** Where a server has the plot beside its own path: the page, and the page's WebSocket. */
export const PLOT_PATH = "/plot"

/** What all pages share. */
const SHARED = ["style.css", "socket.js", "log.js", "icon.svg"]

/** The modules and styles of the plot's page, in `server/web/plotter/`. */
const PLOTTER = [
    "plotter.css",
    "chart.js",
    "csv.js",
    "devices.js",
    "element.js",
    "gestures.js",
    "legend.css",
    "legend.js",
    "link.js",
    "main.js",
    "marks.js",
    "number.js",
    "panel.js",
    "path.js",
    "points.js",
    "range.js",
    "statistics.js",
    "store.js",
    "strip.js",
    "time.js",
]

/** The pages of a mode. @param path where its WebSocket is */
export function pagesOf(
    name: string,
    mode: Mode,
    path: string,
    prefix: string
): Pages {
    const { page: own = "talk" } = mode
    const title = name[0].toUpperCase() + name.slice(1)
    if (mode.about === undefined) return plotPages("/", "")
    const about = mode.about.replace("{prefix}", () => prefix)
    const form = mode.message ? "" : "hidden"
    return new Map([
        ["/", page(`${own}.html`, { title, about, path, form })],
        ["/talk.css", page("talk.css")],
        [`/${own}.css`, page(`${own}.css`)],
        [`/${own}.js`, page(`${own}.js`)],
        ...plotPages(PLOT_PATH, path),
    ])
}

/** What belongs to the plot's page; read once, however many servers a process starts. */
let parts: [string, Page][] | undefined

/**
 * The page that shows the plot, at `path`, and what belongs to it.
 * @param echo path at which devices find the server; empty when it has none for them
 */
function plotPages(path: string, echo: string): Pages {
    const values = echo
        ? { title: "Echo server", echo, data: "hidden", home: "" }
        : { title: "Real-Time Plotter", echo, data: "", home: "hidden" }
    parts ??= [
        ...SHARED.map((file): [string, Page] => [`/${file}`, page(file)]),
        ...PLOTTER.map((file): [string, Page] => [
            `/plotter/${file}`,
            page(`plotter/${file}`),
        ]),
        ["/uplot.js", page(uplot("uPlot.esm.js"))],
        ["/uplot.css", page(uplot("uPlot.min.css"))],
    ]
    return new Map([[path, page("plotter/index.html", values)], ...parts])
}

function uplot(file: string): URL {
    return new URL(import.meta.resolve(`uplot/dist/${file}`))
}
