# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Stands in for the script by which ansible-test installs pip, and which it downloads from a host of Ansible's own.

``sanity.py`` puts it into ansible-test's cache beside the wheel of the same version of pip, which comes from the
package index. ansible-test names the script in ``GET_PIP``.
"""

from __future__ import annotations

import os
import pathlib
import runpy
import sys

if __name__ == "__main__":
    script = pathlib.Path(os.environ["GET_PIP"])
    version = script.stem.removeprefix("get_pip_").replace("_", ".")
    sys.path.insert(0, str(next(script.parent.glob(f"pip-{version}-*.whl"))))
    # These two are options of the script, not of pip.
    options = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
    sys.argv = ["pip", "install", *options]
    runpy.run_module("pip", run_name="__main__", alter_sys=True)
