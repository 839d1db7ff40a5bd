"""Makes tests/vectors/msgpack.json: what the two relatives' msgpack reads in the values at which libraries differ.

    target/venv/bin/python tests/support/msgpack_vectors.py > tests/vectors/msgpack.json
"""

import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

VECTORS = """
c0 c2 c3 c1
00 7f cc00 cc80 ccff cd0000 cd0100 cdffff ce00000000 ce7fffffff ce80000000 ceffffffff
cf0000000000000000 cf0020000000000000 cf0020000000000001 cf7fffffffffffffff cf8000000000000000 cfffffffffffffffff
ff e0 d0df d080 d07f d18000 d17fff d280000000 d27fffffff d38000000000000000 d3ffdfffffffffffff d30000000000000001
ca00000000 ca80000000 ca3fc00000 ca7f800000 ca7fc00000 ca7fa00000 ca7f7fffff ca00000001
cb0000000000000000 cb8000000000000000 cb3ff0000000000000 cb3ff8000000000000 cb7ff0000000000000 cb7ff8000000000001
cbfff0000000000000 cb7fefffffffffffff cb0000000000000001 cb4340000000000000
a0 a161 d90161 da000161 db0000000161 a2c3a4 a4f09f8e89 a3efbfbf a100
a1ff a2c328 a2c080 a3eda080 a4f4908080 a3e2828a
c400 c40161 c5000161 c600000001ff
90 9101 dc000101 dd0000000101 9191919191c0 91919191919191919191919191919191c0 9191919191919191919191919191919191c0
80 81a16101 de0001a16101 df00000001a16101 8201020103 82a161c0a161c3 82010203c0 820102cb3ff000000000000003 8201a161c303
81c001 81c201 818001 8191018002 81930102c0c0 81918001c0 81cb3ff800000000000001 81cb7ff8000000000000c0 81c40161c0
82a13101a16102 82a1620100a0 81d47f01c0 82d47f0101d47f0102
d40001 d47f01 d48001 d50041ff d60041ffffff d70041ffffffffffff d80041ffffffffffffffffffffffffffffff c70041 c70341010203
c8000341010203 c900000003ff010203 d6ff00000000 d7ffffffffffffffffff d5ff0000 c70cff3b9aca000000000000000000
92 9201 81 8101 a2 a261 c402 c40261 cc cd00 ce000000 cf00000000000000 d0 ca0000 cb00000000000000 d4 d401 c7 c701 c70101
dc dc0001 dd7fffffff df7fffffff db7fffffff c67fffffff c97fffffff41 dcffff deffff
0102 c0c1
""".split()


def answers(command):
    lines = "".join(packed + "\n" for packed in VECTORS)
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True, cwd=ROOT)
    return [json.loads(line) for line in done.stdout.splitlines()]


def main():
    support = ROOT / "tests/support"
    python = answers([sys.executable, str(support / "msgpack_told.py")])
    modules = ROOT / "target/js2p/node_modules"
    javascript = answers(["env", f"NODE_PATH={modules}", "node", str(support / "msgpack_told.js")])
    rows = zip(VECTORS, python, javascript, strict=True)
    rows = [json.dumps({"packed": p, "python": one, "javascript": other}) for p, one, other in rows]
    source = "u-msgpack-python 2.8.0, msgpack-lite 0.1.27; made by tests/support/msgpack_vectors.py"
    print('{"source": %s, "rows": [\n%s\n]}' % (json.dumps(source), ",\n".join(rows)))


if __name__ == "__main__":
    main()
