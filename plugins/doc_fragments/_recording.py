# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The option of all modules that records what a task sends."""

from __future__ import annotations


class ModuleDocFragment:
    """Recordings of single tasks."""

    DOCUMENTATION = r"""
options:
  record:
    description:
      - Write the requests that this task sends, and their answers, to a new file for
        M(hyperv.migration.hyperv_cluster_recording). The file contains names, and no passwords. A task that sends
        nothing to a cluster writes none.
      - The folder is that of the variable C(hyperv_migration_recording), else of the environment variable
        E(HYPERV_MIGRATION_RECORDING), else C(hyperv-recordings) in the directory where Ansible was started.
      - If it is left out, the task records where the variable or the environment variable names a folder. With V(false)
        it does not record.
    type: bool
"""
