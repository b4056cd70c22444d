set -eu
kit=$(mktemp -d) && trap 'rm -rf "$kit"' EXIT # new in each job: what another one wrote is not used
python3 -I -m venv "$kit"
"$kit/bin/python" -I -m pip install -q --no-compile --only-binary :all: releasekit==0.1.0
"$kit/bin/python" -I -m releasekit verify
