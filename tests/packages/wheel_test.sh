#!/bin/sh
# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#
# wheel_test.sh CMAKE BUILD_FOLDER COMPILER
# Makes the source distribution of the Python package, a wheel from that alone, and uses the wheel.
# Exit code 77: it cannot be tried here. PROCESSION_WHEEL_PYTHON names a Python with pip and
# scikit-build-core; with auditwheel and patchelf, the tag of the repaired wheel is looked at, too.
set -eu
build=$2
compiler=$3
sources=$(cd "$(dirname "$0")/../.." && pwd)
work=$build/wheel
python=${PROCESSION_WHEEL_PYTHON:-python3}

skip() {
    echo "skipped: $*"
    exit 77
}
wrong() {
    echo "wrong: $*"
    exit 1
}

[ "${PROCESSION_SOAK:-}" = 1 ] || skip 'it compiles for minutes; PROCESSION_SOAK=1 asks for it'
"$python" -c 'import pip, scikit_build_core' 2>/dev/null ||
    skip "$python has no pip or no scikit-build-core"

rm -rf "$work"
mkdir -p "$work"
(cd "$sources" && "$python" -c "import scikit_build_core.build as b; b.build_sdist('$work')")
tar tzf "$work"/procession-*.tar.gz >"$work/contents"
for unwanted in fuzz bench build packaging docs/plots; do
    if grep "^procession-[0-9.]*/$unwanted/" "$work/contents"; then
        wrong "the source distribution has $unwanted"
    fi
done
grep -q '/docs/python\.md$' "$work/contents" || wrong 'the source distribution has no docs'

mkdir "$work/sources"
tar xzf "$work"/procession-*.tar.gz -C "$work/sources" --strip-components=1
CXX=$compiler CMAKE_BUILD_PARALLEL_LEVEL=1 "$python" -m pip wheel --quiet --no-deps \
    --no-build-isolation --wheel-dir "$work" "$work/sources"
wheel=$(echo "$work"/procession-*-cp311-abi3-linux_*.whl)
[ -f "$wheel" ] || wrong "there is no wheel for all versions of Python: $(ls "$work")"

"$python" -m pip install --quiet --no-deps --no-index --target "$work/installed" "$wheel"
metadata=$(echo "$work"/installed/procession-*.dist-info/METADATA)
grep -qx 'License-Expression: Apache-2.0' "$metadata" || wrong 'the licence in the metadata'
if grep -nE '\]\([^)h]' "$metadata"; then wrong 'a link of the description is relative'; fi
[ ! -e "$work/installed/include" ] || wrong 'the wheel has headers'

cat >"$work/use.py" <<'EOF'
import multiprocessing
import procession


def work(jobs, sums):
    for job in jobs:
        sums.put(sum(job))
        jobs.task_done()


if __name__ == "__main__":
    jobs, sums = procession.JoinableQueue(), procession.Queue()
    worker = multiprocessing.get_context("spawn").Process(target=work, args=(jobs, sums))
    worker.start()
    jobs.put([1, 2, 3])
    jobs.join()
    jobs.shutdown()
    assert sums.get() == 6
    worker.join()
    assert worker.exitcode == 0
EOF
PYTHONPATH="$work/installed" "$python" -B "$work/use.py"

if "$python" -m auditwheel --version >/dev/null 2>&1; then
    # patchelf may stand beside the Python that has it.
    PATH="$(dirname "$("$python" -c 'import sys; print(sys.executable)')"):$PATH" \
        "$python" -m auditwheel repair --wheel-dir "$work/repaired" "$wheel"
    ls "$work/repaired"
    case $(ls "$work/repaired")$(ldd --version) in
        *manylinux_2_34_*) ;;
        *'GLIBC 2.36'*) wrong 'built on Debian 12 the wheel is no manylinux_2_34' ;;
    esac
    if "$python" -m zipfile -l "$work/repaired"/*.whl | grep 'procession\.libs'; then
        wrong 'the repaired wheel carries a library'
    fi
fi
ls -l "$work"/*.tar.gz "$wheel"
