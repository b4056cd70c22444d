# Three repositories; a user who uploads, and can do nothing else; a rule for the proxy, so that no
# public "oracledb" is ever taken for yours. First the plan, then the change:
releasekit provision || true
releasekit provision --apply

# Build, check, upload, and install back. No ~/.pypirc, no twine, no setup.py upload:
export TWINE_USERNAME=oracle-dba-publisher TWINE_PASSWORD="$RELEASEKIT_PUBLISHER_PASSWORD"
git tag v0.1.2
nox -s doctor      # is everything ready, from the CA to the name? It says what to fix, and changes nothing
nox -s release

# pip.conf and uv.toml for the group, with the CA, in the active environment. No edited certifi:
releasekit pip-config --apply

# pip search, which no longer works:
releasekit search oracledb

# A certain version:
pip install 'oracledb==0.1.2'
