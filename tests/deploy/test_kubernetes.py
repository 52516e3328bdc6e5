"""The Kubernetes resources, checked without a cluster: what the schema demands, and what we hold ourselves to."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.deploy.places import (
    KUBERNETES,
    OVERLAYS,
    REPOSITORY,
    SCRATCH,
    Resource,
    documents,
    name_of,
    parsed,
    resources,
)
from tests.deploy.setting_names import unknown_settings

from casebus_local.manifests import SIZES
from casebus_local.manifests.users import USERS

BASE = list(resources(KUBERNETES / "base"))
WORKLOADS = [each for each in BASE if each["kind"] in ("Deployment", "StatefulSet")]
KUBECTL = shutil.which("kubectl")

API_VERSIONS = {
    "ConfigMap": "v1",
    "Service": "v1",
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "PodDisruptionBudget": "policy/v1",
    "NetworkPolicy": "networking.k8s.io/v1",
    "ServiceMonitor": "monitoring.coreos.com/v1",
    "PrometheusRule": "monitoring.coreos.com/v1",
}
SPEC_DEMANDS = {
    "Service": {"selector", "ports"},
    "Deployment": {"selector", "template"},
    "StatefulSet": {"selector", "template", "serviceName"},
    "PodDisruptionBudget": {"selector", "maxUnavailable"},
    "NetworkPolicy": {"podSelector", "policyTypes"},
    "ServiceMonitor": {"selector", "endpoints"},
    "PrometheusRule": {"groups"},
}

each_workload = pytest.mark.parametrize("workload", WORKLOADS, ids=name_of)
each_overlay = pytest.mark.parametrize("overlay", OVERLAYS, ids=lambda path: path.name)


def pod_of(workload: Resource) -> Resource:
    pod: Resource = workload["spec"]["template"]["spec"]
    return pod


def container_of(workload: Resource) -> Resource:
    [container] = pod_of(workload)["containers"]
    found: Resource = container
    return found


def named(kind: str, name: str) -> Resource:
    [found] = [each for each in BASE if each["kind"] == kind and each["metadata"]["name"] == name]
    return found


def environment_of(workload: Resource) -> dict[str, Any]:
    maps = [named("ConfigMap", each["configMapRef"]["name"])["data"] for each in container_of(workload)["envFrom"]]
    own = {each["name"]: each.get("value", "from the pod") for each in container_of(workload)["env"]}
    return {name: value for environment in (*maps, own) for name, value in environment.items()}


def secrets_of(workload: Resource) -> set[str]:
    return {volume["secret"]["secretName"] for volume in pod_of(workload)["volumes"] if "secret" in volume}


@pytest.mark.parametrize("each", [*BASE, *resources(KUBERNETES / "monitoring")], ids=name_of)
def test_resource_has_what_the_schema_demands(each: Resource) -> None:
    assert each["apiVersion"] == API_VERSIONS[each["kind"]]
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", each["metadata"]["name"])
    assert SPEC_DEMANDS.get(each["kind"], set()) <= each.get("spec", {}).keys()
    for value in each.get("data", {}).values():
        assert isinstance(value, str), "a ConfigMap holds texts only"


def test_names_are_unique() -> None:
    names = [name_of(each) for each in BASE]
    assert len(names) == len(set(names))


@each_workload
def test_selectors_meet_their_pods(workload: Resource) -> None:
    name = workload["metadata"]["name"]
    labels = workload["spec"]["template"]["metadata"]["labels"]
    assert workload["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert named("Service", name)["spec"]["selector"].items() <= labels.items()
    assert named("PodDisruptionBudget", name)["spec"]["selector"]["matchLabels"].items() <= labels.items()


@each_workload
def test_nothing_runs_as_root_or_writes_outside_tmp(workload: Resource) -> None:
    pod, own = pod_of(workload)["securityContext"], container_of(workload)["securityContext"]
    assert pod["runAsNonRoot"] is True
    assert pod["runAsUser"] == 10001
    assert pod["seccompProfile"] == {"type": "RuntimeDefault"}
    assert own == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod_of(workload)["automountServiceAccountToken"] is False
    writable = {each["mountPath"] for each in container_of(workload)["volumeMounts"] if not each.get("readOnly")}
    assert writable == {SCRATCH}


@each_workload
def test_probes_ask_a_port_that_is_there(workload: Resource) -> None:
    container = container_of(workload)
    ports = {each["name"] for each in container["ports"]}
    probes = {kind: container[kind]["httpGet"] for kind in ("startupProbe", "readinessProbe", "livenessProbe")}
    assert {probe["port"] for probe in probes.values()} <= ports
    assert probes["readinessProbe"]["path"] == "/readyz"
    assert probes["livenessProbe"]["path"] == "/livez", "a restart cures no database: liveness is not readiness"


@each_workload
def test_memory_is_bounded_and_the_stop_has_time(workload: Resource) -> None:
    wanted = container_of(workload)["resources"]
    assert {"cpu", "memory"} <= wanted["requests"].keys()
    assert "memory" in wanted["limits"]
    assert pod_of(workload)["terminationGracePeriodSeconds"] >= 60


@each_workload
def test_every_mount_has_its_volume_and_every_volume_a_mount(workload: Resource) -> None:
    mounts = {each["name"] for each in container_of(workload)["volumeMounts"]}
    assert mounts == {each["name"] for each in pod_of(workload)["volumes"]}


@each_workload
def test_files_that_settings_name_are_mounted(workload: Resource) -> None:
    mounts = {each["mountPath"] for each in container_of(workload)["volumeMounts"]}
    paths = [v for v in environment_of(workload).values() if str(v).startswith("/run/")]
    assert paths
    assert {str(Path(path).parent) for path in paths} <= mounts


@each_workload
def test_settings_are_settings(workload: Resource) -> None:
    assert unknown_settings(environment_of(workload)) == []


def test_a_misspelt_setting_is_found() -> None:
    assert unknown_settings({"CASEBUS_STREAMS__PARTITION": "12", "HOME": "/"}) == ["CASEBUS_STREAMS__PARTITION"]


@each_workload
def test_it_logs_in_as_the_user_that_is_made_for_it(workload: Resource) -> None:
    name = workload["metadata"]["name"]
    assert name in {user.name for user in USERS}
    assert environment_of(workload)["CASEBUS_KAFKA__EXTRA__SASL_USERNAME"] == name
    assert name in secrets_of(workload)


def test_only_intake_and_profile_hold_the_pepper() -> None:
    holders = {each["metadata"]["name"] for each in WORKLOADS if "casebus-pepper" in secrets_of(each)}
    assert holders == {"intake", "profile"}


def test_stream_workers_have_an_id_that_outlives_a_restart() -> None:
    for name in ("intake", "overviews"):
        container = container_of(named("StatefulSet", name))
        [worker_id] = [each for each in container["env"] if each["name"] == "CASEBUS_STREAMS__WORKER_ID"]
        assert worker_id["valueFrom"]["fieldRef"]["fieldPath"] == "metadata.name"
        assert container["args"] == ["run", "streams", "--stages", name]


def test_secrets_made_by_hand_stand_in_the_page() -> None:
    page = (REPOSITORY / "docs" / "operations" / "deploy.md").read_text()
    made_by_strimzi = {"casebus-cluster-ca-cert", *(user.name for user in USERS)}
    by_hand = {secret for each in WORKLOADS for secret in secrets_of(each)} - made_by_strimzi
    assert by_hand
    assert [secret for secret in sorted(by_hand) if f"`{secret}`" not in page] == []


@each_overlay
def test_workers_and_partitions_fit(overlay: Path) -> None:
    [size] = [each for each in SIZES if each.name == overlay.name]
    patches = {name_of(each): each for each in documents(overlay / "workloads.yaml")}
    assert patches["ConfigMap/casebus-streams"]["data"]["CASEBUS_STREAMS__PARTITIONS"] == str(size.partitions)
    sized = {name_of(each) for each in WORKLOADS} - {"Deployment/sources"}  # one works, however large the bus is
    assert patches.keys() == {"ConfigMap/casebus-streams", *sized}
    for name in ("StatefulSet/overviews", "Deployment/profile"):
        assert 2 <= patches[name]["spec"]["replicas"] <= size.partitions


@pytest.mark.skipif(KUBECTL is None, reason="kubectl is not installed; it renders overlays without a cluster")
@each_overlay
def test_overlay_renders(overlay: Path) -> None:
    made = rendered(overlay)
    by_name = {name_of(each): each for each in made}
    assert {each["metadata"]["namespace"] for each in made} == {"casebus"}
    for workload in (by_name[name_of(each)] for each in WORKLOADS):
        labels = workload["spec"]["template"]["metadata"]["labels"]
        assert labels["app.kubernetes.io/part-of"] == "casebus", "the network policies find pods by it"
        assert container_of(workload)["image"] == "casebus:0.1.0"
        assert container_of(workload)["securityContext"]["readOnlyRootFilesystem"] is True, "the patch replaced it"


def rendered(overlay: Path) -> list[Resource]:
    done = subprocess.run([str(KUBECTL), "kustomize", str(overlay)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return parsed(done.stdout)
