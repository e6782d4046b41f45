#!/usr/bin/env bash
# Installs VS Code for the browser (code-server) and what drives it, from npm's registry and Debian's packages: 45 s, 320 MB.
# Its own install script would fetch prebuilt binaries; what is needed of it is done here.
set -euo pipefail
cd "$(dirname "$0")"

# node-gyp builds against Node's own headers, where they are installed, instead of fetching them
[ -e /usr/include/node/node.h ] && export npm_config_nodedir=/usr

npm ci --ignore-scripts
(cd node_modules/argon2 && npm rebuild)
cd node_modules/code-server/lib/vscode
npm install --omit=dev --ignore-scripts
mkdir -p node_modules/@vscode/ripgrep/bin
ln -sf "$(command -v rg)" node_modules/@vscode/ripgrep/bin/rg
npm rebuild
(cd extensions && npm install --omit=dev --ignore-scripts)
ln -sfn node_modules node_modules.asar
