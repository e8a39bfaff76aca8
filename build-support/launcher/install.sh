#!/usr/bin/env bash
# Installs the pinned Pants into a folder: install.sh <pants-home>. Safe to run twice, and side by side.
#
# Pants 2.17.1 is the newest on PyPI and wants Python 3.7 to 3.9; what we ship runs on 3.11.
# Its pex tool normally comes from a release page: we build the same file from the PyPI package.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
pants_home="$1"
started="${SECONDS}"

say() { printf '[pants setup %3ss] %s\n' "$((SECONDS - started))" "$*" >&2; }
fail() {
  printf 'pants setup: %s\n' "$*" >&2
  exit 1
}

# Prints the path of a working interpreter of version $1: from PATH, pyenv, or uv. Of several the fastest:
# one that was built without profile-guided optimisation takes half as long again for everything.
find_python() {
  local candidates=() candidate found
  mapfile -t candidates < <(type -ap "python$1")
  candidates+=("${PYENV_ROOT:-${HOME}/.pyenv}"/versions/"$1".*/bin/python)
  found="$(
    for candidate in "${candidates[@]}"; do
      "${candidate}" "${here}/interpreter_speed.py" "$1" 2>/dev/null || true
    done | sort -n | head -n 1 | cut -d ' ' -f 2-
  )"
  if [[ -n "${found}" ]]; then
    printf '%s\n' "${found}"
  else
    python_from_uv "$1"
  fi
}

python_from_uv() {
  say "no Python $1 found; asking uv for one" >&2
  local tools="${SEAWALL_CACHE}/uv"
  python3 -m venv "${tools}" && "${tools}/bin/pip" install --quiet -r "${here}/uv.txt" &&
    "${tools}/bin/uv" python install --quiet "$1" && "${tools}/bin/uv" python find "$1" ||
    fail "Python $1 is needed and could not be fetched. Install it (pyenv install $1, or your system's python$1 with its venv module) and run ./pants again."
}

mkdir -p "$(dirname "${pants_home}")"
exec 9>"${pants_home}.lock"
if ! flock --nonblock 9; then
  say "another setup is running; waiting for it"
  flock 9
fi
[[ -r "${pants_home}/ready.sh" ]] && exit 0
rm -rf "${pants_home}"

say "first use: setting up Pants under ${pants_home} (about a minute, once per machine)"
say "looking for Python 3.9 and 3.11, the fastest of several"
python39="$(find_python 3.9)"
python311="$(find_python 3.11)"
say "Pants runs on ${python39}; what we build runs on ${python311}"
"${python39}" -m venv "${pants_home}/venv"
pip=("${pants_home}/venv/bin/python" -m pip --disable-pip-version-check)
say "downloading and installing Pants 2.17.1 and pex"
"${pip[@]}" install --quiet --no-deps --require-hashes -r "${here}/requirements.txt" ||
  fail "the install from the package index failed (the lines above say why). Nothing was kept; run ./pants again."

say "building the pex tool"
# As its release does, the tool keeps PEX_ROOT: else it seeds environments in ~/.pex, and Pants looks for them elsewhere.
pex_version="$(sed -n 's/^pex==\([^ ]*\).*/\1/p' "${here}/requirements.txt")"
wheels="${pants_home}/wheels"
sed -n '/^pex==/,/[^\\]$/p' "${here}/requirements.txt" >"${pants_home}/pex.txt"
"${pip[@]}" download --quiet --no-deps --require-hashes -r "${pants_home}/pex.txt" -d "${wheels}" ||
  fail "the pex package could not be downloaded."
PEX_ROOT="${pants_home}/pex-root" "${pants_home}/venv/bin/pex" "pex==${pex_version}" -c pex --no-strip-pex-env --no-index -f "${wheels}" -o "${pants_home}/pex" ||
  fail "pex could not be built from its package."
rm -rf "${wheels}" "${pants_home}/pex-root"
sha="$(sha256sum "${pants_home}/pex" | cut -d ' ' -f 1)"
size="$(wc -c <"${pants_home}/pex" | tr -d ' ')"
host="$("${pants_home}/venv/bin/python" -c 'from pip._internal.models.index import PyPI; print(PyPI.file_storage_domain)')"

known=()
for platform in linux_x86_64 linux_arm64 macos_x86_64 macos_arm64; do
  known+=("'v${pex_version}|${platform}|${sha}|${size}'")
done
list="$(
  IFS=,
  printf '%s' "${known[*]}"
)"
cat >"${pants_home}/ready.sh.new" <<READY
export PANTS_PEX_CLI_VERSION='v${pex_version}'
export PANTS_PEX_CLI_URL_TEMPLATE='file://${pants_home}/pex'
export PANTS_PEX_CLI_KNOWN_VERSIONS="[${list}]"
export PYPI_FILES="\${PYPI_FILES:-//${host}}"
export SEAWALL_PYTHON="\${SEAWALL_PYTHON:-${python311}}"
READY
mv "${pants_home}/ready.sh.new" "${pants_home}/ready.sh"
say "ready"
