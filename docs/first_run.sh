#!/bin/sh
# Copyright (c) 2026, the hyperv.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
#
# first_run.sh INVENTORY NODE [VM DESTINATION]: collect read-only data about undocumented behaviour of a cluster.
#
# It does not change anything on the cluster and does not move any VM. With a VM and a destination, it also asks Hyper-V
# whether that VM can be moved there. It writes the answers to the directory first-run-NODE, one file for each question.
# They contain names of nodes, VMs and accounts, and no passwords: check them before you send them to anybody.
set -u

if [ $# -ne 2 ] && [ $# -ne 4 ]; then
    echo "Usage: $0 INVENTORY NODE [VM DESTINATION]" >&2
    exit 2
fi
inventory=$1
node=$2
answers=first-run-$node
mkdir -p "$answers" || exit 1
failed=0

# ask FILE HOSTS MODULE ARGUMENTS [OPTION...]
ask() {
    file=$answers/$1.txt
    hosts=$2
    module=hyperv.migration.$3
    arguments=$4
    shift 4
    {
        echo "# ansible $hosts -m $module -a '$arguments' $*"
        ansible -i "$inventory" "$hosts" -m "$module" -a "$arguments" "$@" 2>&1
    } >"$file" </dev/null
    status=$?
    [ $status -eq 0 ] || failed=$((failed + 1))
    printf '%-28s %s\n' "${file##*/}" "$([ $status -eq 0 ] && echo answered || echo "not answered, see the file")"
}

systems='class_name=Msvm_ComputerSystem properties=Name,ElementName,Caption,Description,EnabledState,InstallDate'
summary='class_name=Msvm_SummaryInformation properties=Name,ElementName,HostComputerSystemName,EnabledState'
summary="$summary,OperationalStatus,MemoryUsage"

ask 01-capabilities "$node" hyperv_migration_capabilities_info ''
ask 02-systems-by-node hyperv_nodes hyperv_cim_info "$systems"
ask 03-migration-service "$node" hyperv_cim_info 'class_name=Msvm_VirtualSystemMigrationService'
ask 04-summaries "$node" hyperv_cim_info "$summary"
ask 05-migration-jobs "$node" hyperv_cim_info 'class_name=Msvm_MigrationJob'
ask 06-concrete-jobs "$node" hyperv_cim_info 'class_name=Msvm_ConcreteJob'
ask 07-affected-by-jobs "$node" hyperv_cim_info 'class_name=Msvm_AffectedJobElement'
ask 08-cluster "$node" hyperv_cim_info 'namespace=root/MSCluster class_name=MSCluster_Cluster'
ask 09-nodes "$node" hyperv_cim_info 'namespace=root/MSCluster class_name=MSCluster_Node'
ask 10-groups "$node" hyperv_cim_info 'namespace=root/MSCluster class_name=MSCluster_ResourceGroup'
ask 11-resources "$node" hyperv_cim_info 'namespace=root/MSCluster class_name=MSCluster_Resource'
ask 12-setting-templates "$node" hyperv_cim_info \
    'namespace=root/virtualization/v2 class_name=Msvm_VirtualSystemMigrationSettingData'
ask 13-vms "$node" hyperv_vm_info ''
ask 14-jobs "$node" hyperv_migration_job_info ''
if [ $# -eq 4 ]; then
    ask 15-could-it-move "$node" hyperv_vm_migrate "name='$3' destination_host='$4'" --check --diff
fi

echo
echo "The answers are in $answers. If a question was not answered, its file contains the reason."
[ $failed -eq 0 ]
