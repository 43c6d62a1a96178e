# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The localised texts of the Hyper-V providers; the ja-JP ones as a Japanese Hyper-V host sends them over the wire."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from ..world.failures import AT_SOURCE, LIMIT, UNFINISHED, WRAPPER, Failure


@dataclasses.dataclass(frozen=True)
class Texts:
    """Captions and status texts in one language. A VM's Description stays English in every language."""

    vm_caption: str
    host_caption: str
    host_description: str
    operating_normally: str
    fine: str
    migrating: str
    busy: str
    service: str
    moving: str
    job_new: str
    job_running: str
    job_completed: str
    job_succeeded: str
    job_warned: str
    job_failed: str
    job_cancelled: str
    unknown_reason: str = ""
    errors: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def of_failure(self, failure: Failure, *, reason: bool = True) -> str:
        """Return the sentence of an error by its message id; without its ``reason`` the code is not told either."""
        if not self.errors:
            return failure.message if reason else failure.outer
        outer = self.errors.get(failure.message_id, self.errors[UNFINISHED]).format(*failure.arguments)
        if not reason or not failure.reason:
            return outer
        reason_told = self.unknown_reason if failure.reason.isascii() else failure.reason.rpartition(" (0x")[0]
        return (
            outer
            + (reason_told or failure.reason)
            + (f" (0x{failure.hresult:08X})" if failure.hresult is not None else "")
        )


LANGUAGES = {
    "en-US": Texts(
        vm_caption="Virtual Machine",
        host_caption="Hosting Computer System",
        host_description="Microsoft Hosting Computer System",
        operating_normally="Operating normally",
        fine="OK",
        migrating="Migrating virtual machine",
        busy="In service",
        service="Hyper-V Migration Service",
        moving="Moving Virtual Machine",
        job_new="Job is new",
        job_running="Job is running",
        job_completed="Job has completed",
        job_succeeded="The job has completed successfully",
        job_warned="The job has completed with warnings",
        job_failed="Job failed with error",
        job_cancelled="Job was canceled",
    ),
    "ja-JP": Texts(
        vm_caption="仮想マシン",
        host_caption="ホスト コンピューター システム",
        host_description="Microsoft ホスト コンピューター システム",
        operating_normally="正常稼働中",
        fine="OK",
        migrating="仮想マシンを移行しています",
        busy="サービス中",
        service="Hyper-V 移行サービス",
        moving="仮想マシンの移動",
        job_new="新しいジョブ",
        job_running="ジョブは実行中です",
        job_completed="ジョブは完了しました",
        job_succeeded="ジョブは正常に完了しました",
        job_warned="ジョブは完了しましたが、警告があります",
        job_failed="ジョブはエラーで失敗しました",
        job_cancelled="ジョブは取り消されました",
        unknown_reason="エラーが発生しました。",
        errors={
            WRAPPER: "'Virtual Machine {0}' のライブ マイグレーションに失敗しました。",
            AT_SOURCE: "仮想マシン '{0}' の移行操作は移行元 '{1}' で失敗しました。",
            LIMIT: "移行の上限 '{1}' に達したため、'Virtual Machine {0}' のライブ マイグレーションに失敗しました。",
            UNFINISHED: "'{0}' の '{1}' への移行を完了できませんでした。",
        },
    ),
}
