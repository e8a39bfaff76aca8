#!/usr/bin/env bash
# Runs a tool of this repository beside Pants: tool.sh <module> [argument ...]
#
# Pants runs one command at a time in a checkout. A stack that is up would keep everybody waiting, so Pants makes
# the environment (once per lock file, and without its daemon: nothing stays behind), and the tool runs from the
# sources without it.
set -euo pipefail

module="$1"
shift
lock=3rdparty/python/services.lock
environments=dist/export/python/virtualenvs/services
stamp=dist/export/services.cksum
wanted="$(cksum <"${lock}") ${SEAWALL_PYTHON:-}"

python_of_the_lock() {
  local candidates=("${environments}"/*/bin/python)
  [[ -x "${candidates[0]}" && "${wanted}" == "$(cat "${stamp}" 2>/dev/null)" ]] && printf '%s' "${candidates[0]}"
}

make_environment() {
  rm -rf "${environments}" "${stamp}"
  echo "making the environment of ${lock}, once (a few minutes on a machine that is new)" >&2
  "${PANTS}" --no-pantsd export --py-resolve-format=symlinked_immutable_virtualenv --resolve=services >&2
  # As pip would: else each process compiles all that it imports, which is most of a service's start.
  "$(echo "${environments}"/*/bin/python)" -m compileall -q -j 0 "${environments}"/*/lib >/dev/null || true
  printf '%s\n' "${wanted}" >"${stamp}"
}

if ! python="$(python_of_the_lock)"; then
  mkdir -p "${environments%/*}"
  # Of two that come first at once, one makes it.
  exec 9>"${stamp}.lock"
  flock 9
  [[ -n "$(python_of_the_lock)" ]] || make_environment
  exec 9>&-
  python="$(python_of_the_lock)"
fi
export PYTHONPATH="${PWD}/src/python:${PWD}/src/python/libs:${PWD}/protos"
exec "${python}" -m "${module}" "$@"
