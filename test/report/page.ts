/** A report as one page that needs nothing else. */
import { escapeHtml } from "../../lib/html.ts"

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --good: #1a7f37; --bad: #cf222e; --warn: #bf8700; --soft: #8881 }
body { font: 14px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 84rem; padding: 0 1rem }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1.5rem }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem; text-align: left; vertical-align: top }
thead th { position: sticky; top: 0; background: Canvas }
td.n, th.n { text-align: right; white-space: nowrap }
.good { color: var(--good) } .bad { color: var(--bad); font-weight: 600 }
small { opacity: .75 }
summary { cursor: pointer; font-size: 1.15rem; font-weight: 600; padding: .4rem 0 }
`

/**
 * @param style more CSS
 * @param body HTML
 */
export function page(title: string, style: string, body: string): string {
    return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}${style}</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
${body}
</body>
</html>
`
}
