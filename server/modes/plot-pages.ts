import { page, type Page } from "../http/page.ts"

/** Where a server has the plot beside its own path: the page, and the page's WebSocket. */
export const PLOT_PATH = "/plot"

/** The page's own modules, in `server/web/plotter/`. */
const MODULES = [
    "chart",
    "csv",
    "devices",
    "element",
    "gestures",
    "legend",
    "link",
    "main",
    "number",
    "panel",
    "path",
    "points",
    "range",
    "store",
]

/** What belongs to the page; read once, however many servers a process starts. */
let parts: [string, Page][] | undefined

/**
 * The page that shows the plot, at `path`, and what belongs to it.
 * @param echo path at which devices find the echo server; empty when there is none
 */
export function plotPages(path: string, echo: string): [string, Page][] {
    const values = echo
        ? { title: "Echo server", echo, data: "hidden", home: "" }
        : { title: "Real-Time Plotter", echo, data: "", home: "hidden" }
    parts ??= [
        ["/plotter/plotter.css", page("plotter/plotter.css")],
        ...MODULES.map((name): [string, Page] => [
            `/plotter/${name}.js`,
            page(`plotter/${name}.js`),
        ]),
        ["/uplot.js", page(uplot("uPlot.esm.js"))],
        ["/uplot.css", page(uplot("uPlot.min.css"))],
    ]
    return [[path, page("plotter/index.html", values)], ...parts]
}

function uplot(file: string): URL {
    return new URL(import.meta.resolve(`uplot/dist/${file}`))
}
